/**
 * What one device sends, over all its connections: new messages, and again what was not answered.
 *
 * @module
 */
import { AnsweredError, type TestClient } from "../harness/client.ts";
import type { ActorParts } from "./actor.ts";
import {
  type Answer,
  type Attempt,
  type DeviceRecord,
  isConflict,
  isNobody,
  type SentRecord,
} from "./history.ts";
import { HASTE } from "./patience.ts";

/** How often to look whether there is anything to send, in milliseconds. */
const LOOK_MS = 200;

/** Stands for an answer that did not come on a connection that lives: no run expects that. */
const UNANSWERED = { code: 0, data: {} as Readonly<Record<string, unknown>> };

/** Characters of a text now and then, so that commits need several values. */
const LONG_CHARS_MAX = 12_000;

/** Characters of a receiver that a cid has: the end tells them apart. */
const CID_USER_CHARS = 24;

type SendingParts = Pick<ActorParts, "habits" | "stage" | "chance" | "intern" | "patience">;

/** Sends for one device. */
export class Sending {
  readonly #record: DeviceRecord;
  readonly #parts: SendingParts;
  readonly #counts = new Map<string, number>();
  /** Without an answer or refused, and to be sent again; in order. */
  #unanswered: SentRecord[] = [];

  constructor(record: DeviceRecord, parts: SendingParts) {
    this.#record = record;
    this.#parts = parts;
  }

  /** Whether everything that it sent was answered, or cannot be sent again. */
  get isDone(): boolean {
    return this.#unanswered.length === 0;
  }

  /** Sends over one connection until it is over. */
  async run(client: TestClient, connection: number): Promise<void> {
    const { habits, stage, chance } = this.#parts;
    const calls = new Set<Promise<void>>();
    while (client.isOpen && stage.phase !== "over") {
      const again = this.#unanswered.filter(({ attempts }) => isDue(attempts, connection));
      const isLive = stage.phase === "live" && habits.targets.length > 0;
      const next = again.length > 0 ? again.slice(0, habits.batch) : isLive ? this.#write() : [];
      if (next.length === 0) {
        await Promise.race([client.closed, stage.pause(isLive ? habits.pauseMs : LOOK_MS)]);
        continue;
      }
      const call = this.#call(client, connection, next).finally(() => calls.delete(call));
      calls.add(call);
      while (calls.size >= habits.pipeline) await Promise.race(calls);
      const paused = again.length === 0 && habits.pauseMs > 0;
      if (paused) await stage.pause(chance.whole(0, habits.pauseMs));
    }
    await Promise.all(calls);
  }

  #write(): SentRecord[] {
    const { habits, chance } = this.#parts;
    const count = chance.whole(1, habits.batch);
    const written = Array.from({ length: count }, () => this.#writeOne());
    this.#record.sent.push(...written);
    this.#unanswered.push(...written);
    return written;
  }

  #writeOne(): SentRecord {
    const { habits, chance, intern } = this.#parts;
    const to = chance.pick(habits.targets);
    const seq = (this.#counts.get(to) ?? 0) + 1;
    this.#counts.set(to, seq);
    const { user, device } = this.#record;
    const head = `${user}/${device} to ${to} number ${seq} ${chance.nonce()}`;
    const length = chance.chance(0.02) ? chance.whole(1000, LONG_CHARS_MAX) : habits.textChars;
    return {
      to,
      seq,
      text: intern(head.padEnd(length, ` ${seq}`)),
      // A cid is short, and a user id need not be.
      cid: habits.cids ? `${device}-${to.slice(-CID_USER_CHARS)}-${seq}` : undefined,
      receipt: habits.receipts,
      attempts: [],
    };
  }

  async #call(
    client: TestClient,
    connection: number,
    messages: readonly SentRecord[],
  ): Promise<void> {
    const { stage, habits, patience = HASTE } = this.#parts;
    let refusedMs = 0;
    const attempts = messages.map(({ attempts }) => {
      const attempt: Attempt = { connection, at: stage.now(), answer: undefined };
      attempts.push(attempt);
      return attempt;
    });
    const items = messages.map(({ to, text, cid }) => ({ to, message: text, cid }));
    try {
      if (habits.form === "positional") {
        const answer = await client.request("msg.send", items);
        if (answer !== "ACK") throw new Error(`Cannot understand the answer: ${answer}`);
        for (const attempt of attempts) attempt.answer = ack(stage.now());
      } else {
        const report = await client.sendMessages(items);
        const at = stage.now();
        for (const { index, id, time, duplicate = false } of report.accepted) {
          set(attempts[index], { kind: "accepted", at, id, time, duplicate });
        }
        for (const { index, code, retryAfter } of report.rejected) {
          set(attempts[index], { kind: "refused", at, code });
          refusedMs = Math.max(refusedMs, patience.afterRefusal(retryAfter));
        }
      }
    } catch (error) {
      // Where the connection is over, nobody knows.
      if (error instanceof AnsweredError || client.isOpen) {
        const { code, data } = error instanceof AnsweredError ? error : UNANSWERED;
        for (const attempt of attempts) attempt.answer = { kind: "refused", at: stage.now(), code };
        refusedMs = patience.afterRefusal(Number(data["retryAfter"] ?? 0));
      }
    }
    this.#forget(messages);
    if (refusedMs > 0) await Promise.race([client.closed, stage.pause(refusedMs)]);
  }

  /** What was accepted is done; what can never be, or has no cid and no answer, is given up. */
  #forget(messages: readonly SentRecord[]): void {
    this.#unanswered = this.#unanswered.filter((sent) => {
      if (!messages.includes(sent)) return true;
      const answer = sent.attempts.at(-1)?.answer;
      if (answer === undefined) return sent.cid !== undefined;
      return answer.kind === "refused" && !isNobody(answer) && !isConflict(answer);
    });
  }
}

/** Whether a message has to go again: it never went on this connection, or was refused there. */
function isDue(attempts: readonly Attempt[], connection: number): boolean {
  const last = attempts.at(-1);
  if (last === undefined || last.connection !== connection) return true;
  return last.answer?.kind === "refused";
}

function ack(at: number): Answer {
  return { kind: "accepted", at, id: undefined, time: undefined, duplicate: false };
}

function set(attempt: Attempt | undefined, answer: Answer): void {
  if (attempt === undefined) throw new Error("Server answered for a message that was not sent");
  attempt.answer = answer;
}
