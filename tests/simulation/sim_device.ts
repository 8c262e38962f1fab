/**
 * One client on one device, with its habits: what it asks, how it acknowledges, when it is rude.
 *
 * @module
 */
import type { ListenerHandler } from "../../server/listener.ts";
import type { Oracle } from "./oracle.ts";
import type { Asked, Sent } from "./records.ts";
import { SimLink } from "./sim_link.ts";
import type { SimServer } from "./sim_server.ts";
import { SimWriter, type WriterParts } from "./sim_writer.ts";

/** What a {@linkcode SimDevice} knows of the world. */
export interface DeviceParts extends WriterParts {
  readonly device: string;
  readonly token: string;
  readonly oracle: Oracle;
}

/** A connection as the client sees it. */
interface Session {
  readonly link: SimLink;
  readonly isMute: boolean;
  readonly receipts: boolean;
  readonly isRich: boolean;
  readonly asked: Map<string, Asked>;
  /** Requests that were not answered. */
  readonly open: Map<string, Asked>;
  readonly deliveries: { readonly id: string; readonly ids: readonly string[] }[];
  isSignedIn: boolean;
}

/** Windows that clients choose. */
const WINDOWS = [1, 2, 4, 16, 64, 256];

/** After these errors the same may be tried again. */
const RETRYABLE: ReadonlySet<number> = new Set([-32003, -32005, -32006, -32007]);
const CONFLICT = -32009;

/** Messages that are sent again at once: they fit in a commit, however large they are. */
const AGAIN_MAX = 8;

/** One client. */
export class SimDevice {
  readonly user: string;
  readonly device: string;
  readonly #parts: DeviceParts;
  readonly #writer: SimWriter;
  readonly #sessions = new Set<Session>();
  /** What was sent under a `cid` and not answered. */
  #again: Sent[] = [];
  /** Some of what was acknowledged. */
  readonly #acknowledged: Sent[] = [];
  /** Whether it behaves from now on, so that everything comes to an end. */
  isGood = false;
  #requests = 0;

  constructor(parts: DeviceParts) {
    this.#parts = parts;
    this.#writer = new SimWriter(parts);
    this.user = parts.user;
    this.device = parts.device;
  }

  /** Whether it has a connection, as far as it knows. */
  get isOnline(): boolean {
    return this.#sessions.size > 0;
  }

  /** Whether nothing is left to be sent or answered. */
  get isDone(): boolean {
    const [session] = this.#sessions;
    return this.#again.length === 0 && this.#sessions.size === 1 && session !== undefined &&
      session.isSignedIn && session.open.size === 0 && session.deliveries.length === 0;
  }

  /** The connections, as far as it knows. */
  get links(): SimLink[] {
    return [...this.#sessions].map(({ link }) => link);
  }

  /** Opens a connection and signs in. */
  async connect(server: SimServer, door: ListenerHandler): Promise<void> {
    const { random, habits } = this.#parts;
    const how = this.isGood || !random.chance(habits.plain)
      ? "rich"
      : random.pick(["plain", "upgrade", "first"] as const);
    const session = this.#open(server, how);
    const headers = how === "upgrade" ? { authorization: `Bearer ${this.#parts.token}` } : {};
    const url = new URL(`http://simulation/?device=${this.device}`);
    const request = { address: session.link.address, url, headers: new Headers(headers) };
    const decision = await door.upgrade(request);
    if ("refuse" in decision || server.state !== "running") {
      if ("accept" in decision) decision.released();
      this.#sessions.delete(session);
      return;
    }
    session.link.accept(decision.accept(session.link), () => decision.released());
    server.links.push(session.link);
    session.isSignedIn = how === "upgrade";
    if (how === "rich" || how === "plain") this.#signIn(session);
    const { token } = this.#parts;
    if (how === "first") this.#ask(session, "echo", { token }, { kind: "sign-in" });
    // The bold do not wait for the answer.
    if (!this.isGood && random.chance(0.2)) this.#send(session);
  }

  /** Does something that a client may do. */
  act(): void {
    const { random } = this.#parts;
    const session = random.pick([...this.#sessions]);
    if (!session.isSignedIn && random.chance(0.8)) return;
    if (session.deliveries.length > 0 && random.chance(0.5)) return this.#answer(session);
    if (this.#again.length > 0 && session.isSignedIn && random.chance(0.3)) {
      const messages = this.#again.splice(0, AGAIN_MAX);
      return this.#ask(...this.#sending(session, messages, "name"));
    }
    if (this.isGood) return;
    random.weighted<() => void>([
      [10, () => this.#send(session)],
      [0.3, () => this.#ask(session, "echo", { a: 1 }, { kind: "other", expect: "any" })],
      [0.2, () => this.#ask(session, "no.such", [], { kind: "other", expect: "error" })],
      [0.5, () => this.#signIn(session)],
      [0.5, () => this.#conflict(session)],
      [0.4, () => this.#repeat(session)],
      [0.4, () => this.#hangUp(session)],
      [0.6, () => session.link.isPaused = !session.link.isPaused],
    ])();
  }

  /** From now on it acknowledges everything, and sends nothing new. */
  becomeGood(): void {
    this.isGood = true;
    for (const session of [...this.#sessions]) this.#hangUp(session);
  }

  #open(server: SimServer, how: "rich" | "plain" | "upgrade" | "first"): Session {
    const { random, habits, oracle, user, device } = this.#parts;
    const isRich = how === "rich";
    const session: Session = {
      link: new SimLink({
        address: "127.0.0.1",
        clock: server.clock,
        client: {
          frame: (text) => this.#hears(session, JSON.parse(text)),
          closed: () => this.#lost(session),
        },
        observer: oracle,
      }),
      isMute: !this.isGood && random.chance(habits.mute),
      receipts: isRich && (this.isGood || random.chance(habits.receipts)),
      isRich,
      asked: new Map(),
      open: new Map(),
      deliveries: [],
      isSignedIn: false,
    };
    this.#sessions.add(session);
    oracle.opened(session.link, {
      user,
      device,
      isRich,
      receipts: session.receipts,
      window: isRich ? 1 : 64,
      asked: session.asked,
      incarnation: server,
    });
    return session;
  }

  /** Signs in, for the first time or once more with another window. */
  #signIn(session: Session): void {
    const { random, token, device, oracle } = this.#parts;
    if (!session.isRich) return this.#ask(session, "auth.jwt", { token }, { kind: "sign-in" });
    const window = this.isGood ? 64 : random.pick(WINDOWS);
    oracle.widened(session.link, window);
    const start = random.pick(["oldest", "newest"]);
    const params = { token, device, window, receipts: session.receipts, start };
    this.#ask(session, "auth.jwt", params, { kind: "sign-in" });
  }

  #ask(session: Session, method: string, params: unknown, asked: Asked): void {
    const id = `c${++this.#requests}`;
    session.asked.set(id, asked);
    session.open.set(id, asked);
    session.link.say(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
  }

  #send(session: Session): void {
    const form = this.#parts.random.chance(0.3) ? "position" : "name";
    for (const some of this.#writer.writeSome()) this.#ask(...this.#sending(session, some, form));
  }

  #sending(
    session: Session,
    messages: readonly Sent[],
    form: "name" | "position",
  ): [Session, string, unknown, Asked] {
    const items = messages.map(({ to, text, cid, ttl }) => ({ to, message: text, cid, ttl }));
    for (const message of messages) message.attempts++;
    const params = form === "name" ? { messages: items } : items;
    return [session, "msg.send", params, { kind: "send", form, messages }];
  }

  /** The same id with another text must not be taken for the message it stands for. */
  #conflict(session: Session): void {
    const sent = this.#acknowledged.at(-1);
    if (sent === undefined) return;
    const params = [{ to: sent.to, message: `conflict with ${sent.word}`, cid: sent.cid }];
    this.#ask(session, "msg.send", params, { kind: "other", expect: "error" });
  }

  /** A client that forgot that it was answered. */
  #repeat(session: Session): void {
    const { random } = this.#parts;
    if (this.#acknowledged.length === 0) return;
    const sent = random.pick(this.#acknowledged);
    this.#ask(...this.#sending(session, [sent], random.chance(0.5) ? "name" : "position"));
  }

  #answer(session: Session): void {
    const { random, habits } = this.#parts;
    if (session.isMute) return;
    const late = !this.isGood && random.chance(habits.disorderly);
    const delivery = late ? session.deliveries.pop() : session.deliveries.shift();
    if (delivery === undefined) return;
    const { id, ids } = delivery;
    const reply = (part: Record<string, unknown>) =>
      session.link.say(JSON.stringify({ jsonrpc: "2.0", id, ...part }));
    if (!this.isGood && random.chance(habits.refuse)) {
      return reply({ error: { code: 1, message: "No" } });
    }
    if (!this.isGood && random.chance(habits.partly)) {
      return reply({ result: { ack: ids.filter(() => random.chance(0.6)) } });
    }
    reply({ result: random.chance(0.5) ? "ACK" : { ack: ids } });
  }

  // deno-lint-ignore no-explicit-any
  #hears(session: Session, frame: any): void {
    if (frame.method === "msg.recv") {
      const ids = frame.params.map(({ id }: { id: string }) => id);
      session.deliveries.push({ id: frame.id, ids });
    } else if (frame.method === "ping") {
      const silent = !this.isGood && this.#parts.random.chance(0.3);
      if (!silent) session.link.say(JSON.stringify({ id: frame.id, result: "pong" }));
    } else if (frame.method === undefined) {
      const asked = session.open.get(frame.id);
      session.open.delete(frame.id);
      if (asked?.kind === "sign-in") session.isSignedIn = frame.error === undefined;
      if (asked?.kind === "sign-in" && !session.isSignedIn) {
        this.#hangUp(session);
      }
      if (asked?.kind === "send") this.#hearsOfSend(asked, frame);
    }
  }

  #hearsOfSend(
    { form, messages }: Asked & { readonly kind: "send" },
    // deno-lint-ignore no-explicit-any
    { result, error }: any,
  ): void {
    for (const [index, sent] of messages.entries()) {
      const rejected = form === "name" && error === undefined
        // deno-lint-ignore no-explicit-any
        ? result.rejected.find((it: any) => it.index === index)
        : error;
      if (rejected === undefined) this.#stored(sent);
      else this.#refused(sent, rejected.code);
    }
  }

  #stored(sent: Sent): void {
    if (sent.cid === undefined) return;
    this.#acknowledged.push(sent);
    if (this.#acknowledged.length > 20) this.#acknowledged.shift();
  }

  #refused(sent: Sent, code: number): void {
    if (sent.cid === undefined) return;
    const { oracle } = this.#parts;
    if (code === CONFLICT) oracle.violated(`I5: ${sent.word} is a conflict with itself`);
    if (RETRYABLE.has(code)) this.#again.push(sent);
  }

  #hangUp(session: Session): void {
    session.link.hangUp();
    this.#lost(session);
  }

  #lost(session: Session): void {
    if (!this.#sessions.delete(session)) return;
    for (const asked of session.open.values()) {
      if (asked.kind !== "send") continue;
      this.#again.push(...asked.messages.filter(({ cid }) => cid !== undefined));
    }
  }
}
