/**
 * What the server answers, above all to those who send (I1, I5, I6).
 *
 * @module
 */
import type { StoredEntry } from "../../store/kv/lines.ts";
import { type Asked, type LinkState, nameOf, type Records, type Sent } from "./records.ts";

/** The answer to a `msg.send` by name. */
interface SendReport {
  readonly accepted: readonly {
    readonly index: number;
    readonly id: string;
    readonly time: string;
  }[];
  readonly rejected: readonly { readonly index: number; readonly code: number }[];
}

/** Checks every answer. */
export class Answers {
  readonly #records: Records;
  /** Words of messages without a `cid` whose sender was told that they were not stored. */
  readonly #refused = new Set<string>();
  readonly #sent = new Map<string, Sent>();

  constructor(records: Records) {
    this.#records = records;
  }

  /** A request arrives at the server. */
  arrives(link: LinkState, asked: Asked): void {
    if (asked.kind === "sign-in" && !link.isSignedIn) link.waited = this.#records.ledger.last;
    if (asked.kind !== "send") return;
    for (const sent of asked.messages) {
      this.#sent.set(sent.word, sent);
      sent.arrivals++;
      link.arrived.push(sent);
    }
  }

  /** The server answers a request. */
  answers(link: LinkState, frame: { id: string; result?: unknown; error?: { code: number } }) {
    const asked = link.asked.get(frame.id);
    if (asked === undefined) {
      if (frame.id !== null) this.#records.violated(`Answer to "${frame.id}", which nobody asked`);
      return;
    }
    const { error } = frame;
    if (error?.code === -32603) {
      this.#records.violated("A request was answered with an internal error");
    }
    if (asked.kind === "sign-in" && error === undefined) link.isSignedIn = true;
    if (asked.kind === "other" && asked.expect !== "any") {
      const is = error === undefined ? "result" : "error";
      if (is !== asked.expect) {
        this.#records.violated(`A request was answered with ${is}: ${error?.code}`);
      }
    }
    if (asked.kind !== "send") return;
    if (asked.form === "name" && error === undefined) {
      this.#reports(link, asked.messages, frame.result as SendReport);
    } else {
      for (const sent of asked.messages) {
        if (error === undefined) this.#accepts(sent, null);
        else this.#refuses(link, sent);
      }
    }
  }

  /** What can be said only when all is over. */
  checkEnd(): void {
    const { ledger, links } = this.#records;
    for (const word of this.#refused) {
      if (ledger.byWord.has(word)) this.#records.violated(`I1: ${word} was refused and is stored`);
    }
    for (const [word, sent] of this.#sent) {
      const stored = ledger.byWord.get(word)?.length ?? 0;
      const most = sent.cid === undefined ? sent.attempts : 1;
      if (stored > most) this.#records.violated(`I5: ${word} is stored ${stored} times`);
    }
    for (const state of links.values()) this.#checkOrder(state);
  }

  #reports(link: LinkState, messages: readonly Sent[], { accepted, rejected }: SendReport): void {
    for (const [index, sent] of messages.entries()) {
      const yes = accepted.filter((it) => it.index === index);
      const no = rejected.filter((it) => it.index === index);
      if (yes.length + no.length !== 1) {
        this.#records.violated(`${sent.word} is answered for twice or never`);
      }
      if (no.length > 0) this.#refuses(link, sent);
      for (const { id, time } of yes) {
        this.#accepts(sent, id);
        const entry = this.#records.ledger.byId.get(id);
        if (entry !== undefined && Date.parse(time) !== entry.time) {
          this.#records.violated(`I5: the time of ${sent.word} is another one than it was`);
        }
      }
    }
  }

  /** I1: at this moment the message is on the disk. */
  #accepts(sent: Sent, id: string | null): void {
    this.#records.count("accepted");
    const entries = this.#records.ledger.byWord.get(sent.word);
    if (entries === undefined) {
      return this.#records.violated(`I1: ${sent.word} is acknowledged and not on the disk`);
    }
    if (id === null) return;
    if (!entries.some((entry) => entry.id === id)) {
      this.#records.violated(
        `I1: ${sent.word} is acknowledged under an id that is not on the disk`,
      );
    }
    if (sent.id !== null && sent.cid !== undefined && sent.id !== id) {
      this.#records.violated(`I5: ${sent.word} is acknowledged as ${id} after ${sent.id}`);
    }
    sent.id ??= id;
  }

  #refuses(link: LinkState, sent: Sent): void {
    this.#records.count("refused");
    if (sent.cid !== undefined || link.incarnation.isEnding) return;
    this.#refused.add(sent.word);
    if (this.#records.ledger.byWord.has(sent.word)) {
      this.#records.violated(`I1: ${sent.word} is refused and on the disk`);
    }
  }

  /** I6: what a client sent on one connection, once each, is stored in that order. */
  #checkOrder(link: LinkState): void {
    const newest = new Map<string, StoredEntry>();
    for (const { word, to, arrivals } of link.arrived) {
      const [entry, ...more] = this.#records.ledger.byWord.get(word) ?? [];
      if (entry === undefined || more.length > 0 || arrivals > 1) continue;
      const before = newest.get(to);
      if (before !== undefined && entry.position < before.position) {
        this.#records.violated(`I6: ${nameOf(entry)} was sent after ${nameOf(before)}`);
      } else newest.set(to, entry);
    }
  }
}
