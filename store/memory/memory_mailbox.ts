/**
 * One mailbox in memory: a log of entries and a cursor for each device. It does no waiting and
 * reads no clock, so every method is one step.
 *
 * @module
 */
import type { Attachment, Draft, Entry, MailboxState, Page, ReadLimit } from "../store.ts";
import { Stretches } from "../stretches.ts";
import type { Position, StoreLimits } from "../store.ts";
import { MemoryAsides } from "./memory_asides.ts";

/** Where a device stands. */
interface Cursor {
  cursor: Position;
  sent: Position;
}

/** How much waits in a mailbox. */
export interface Waiting {
  readonly messages: number;
  readonly bytes: number;
  /** Receipts are no messages; they are counted so that they are bounded. */
  readonly receipts: number;
}

/**
 * One mailbox. An entry leaves the log when every device has acknowledged it or when it expires,
 * so what is in the log is what waits. Every method that depends on time is told it and first lets
 * go of what has expired.
 */
export class MemoryMailbox {
  readonly user: string;
  /** In order of position. */
  #log: Entry[] = [];
  /** Expired before any device had acknowledged them; their senders are still to be told. */
  #missed: Entry[] = [];
  /** What devices refused. */
  readonly asides = new MemoryAsides();
  readonly #devices = new Map<string, Cursor>();
  #waiting: Waiting = NOTHING;
  #tail: Position = 0;
  /** What some device has acknowledged, forgotten ones too. */
  readonly #acknowledged = new Stretches();
  /** Nothing in the log expires before this. */
  #expiresNext = Infinity;

  constructor(user: string) {
    this.user = user;
  }

  /** The position of the newest entry, kept or not. */
  get tail(): Position {
    return this.#tail;
  }

  /** What waits here. */
  waiting(now: number): Waiting {
    this.#expire(now);
    return this.#waiting;
  }

  /** Whether the user has a device other than this one. */
  hasOtherDevice(device: string): boolean {
    return this.#devices.size > (this.#devices.has(device) ? 1 : 0);
  }

  /** Adds an entry, which must be newer than all before. */
  add(entry: Entry): void {
    this.#log.push(entry);
    this.#waiting = plus(this.#waiting, entry);
    this.#tail = entry.position;
    this.#expiresNext = Math.min(this.#expiresNext, entry.expires);
  }

  /** See `Mailboxes.attach`. */
  attach(device: string, start: "oldest" | "newest", now: number): Attachment {
    this.#expire(now);
    let state = this.#devices.get(device);
    if (state === undefined) {
      const late = this.#devices.size > 0 && start === "newest";
      const oldest = this.#log[0];
      const cursor = late || oldest === undefined ? this.#tail : oldest.position - 1;
      state = { cursor, sent: cursor };
      this.#devices.set(device, state);
    }
    const { cursor, sent } = state;
    const pending = this.#log.filter((entry) =>
      entry.position > cursor && entry.kind === "message" && !this.#isOwn(entry, device)
    );
    return {
      cursor,
      sent: Math.max(sent, cursor),
      tail: this.#tail,
      pending: pending.length,
    };
  }

  /** See `Mailboxes.detach`. */
  detach(device: string, sent: Position): void {
    const state = this.#devices.get(device);
    if (state !== undefined) state.sent = Math.max(state.sent, sent);
  }

  /** See `Mailboxes.read`. */
  read(device: string, after: Position, limit: ReadLimit, now: number): Page {
    this.#expire(now);
    const entries: Entry[] = [];
    let bytes = 0;
    let upTo = after;
    for (let index = this.#indexAfter(after); index < this.#log.length; index++) {
      const entry = this.#log[index];
      if (entry === undefined) break;
      if (!this.#isOwn(entry, device)) {
        bytes += entry.bytes;
        const past = entries.length >= limit.messages || bytes > limit.bytes;
        if (past && entries.length > 0) return { entries, upTo, end: false };
        entries.push(entry);
      }
      upTo = entry.position;
    }
    return { entries, upTo: Math.max(after, this.#tail), end: true };
  }

  /** See `Mailboxes.acknowledge`. */
  acknowledge(device: string, upTo: Position, now: number): Position {
    this.#expire(now);
    const state = this.#devices.get(device);
    if (state === undefined) return 0;
    const before = this.#acknowledged.endAfter(state.cursor);
    // Nobody can have read what is not there yet, and what comes must not be skipped (I3).
    const reached = Math.min(upTo, this.#tail);
    this.#acknowledged.add(state.cursor, reached);
    state.cursor = Math.max(state.cursor, reached);
    this.#dropAcknowledged();
    return before;
  }

  /** See `Mailboxes.inspect`. */
  inspect(now: number): MailboxState {
    const { messages, bytes } = this.waiting(now);
    const cursors = new Map([...this.#devices].map(([device, { cursor }]) => [device, cursor]));
    return { messages, bytes, cursors };
  }

  /** See `Mailboxes.forget`. */
  forget(device: string): void {
    if (this.#devices.delete(device)) this.#dropAcknowledged();
  }

  /** Takes out the expired messages whose senders are to be told. */
  takeMissed(now: number): readonly Entry[] {
    this.#expire(now);
    this.asides.sweep(now);
    const missed = this.#missed;
    this.#missed = [];
    return missed;
  }

  /** Puts back what {@linkcode takeMissed} took out and nobody was told. */
  putBackMissed(entries: readonly Entry[]): void {
    this.#missed = [...entries, ...this.#missed];
  }

  #expire(now: number): void {
    if (now < this.#expiresNext) return;
    const log = this.#log;
    this.#log = [];
    this.#expiresNext = Infinity;
    for (const entry of log) {
      if (entry.expires > now) {
        this.#log.push(entry);
        this.#expiresNext = Math.min(this.#expiresNext, entry.expires);
      } else {
        this.#waiting = minus(this.#waiting, entry);
        if (this.#isToBeTold(entry)) this.#missed.push({ ...entry, body: "" });
      }
    }
  }

  #isToBeTold(entry: Entry): boolean {
    const isCopy = entry.to !== this.user;
    return entry.kind === "message" && entry.receipt && !isCopy &&
      !this.#acknowledged.has(entry.position);
  }

  #dropAcknowledged(): void {
    // Without a device everything waits for the next first one.
    if (this.#devices.size === 0) return;
    const cursors = [...this.#devices.values()].map(({ cursor }) => cursor);
    const read = this.#indexAfter(Math.min(...cursors));
    for (const entry of this.#log.splice(0, read)) this.#waiting = minus(this.#waiting, entry);
  }

  /** What the device itself sent to somebody else. */
  #isOwn(entry: Entry, device: string): boolean {
    return entry.to !== this.user && entry.device === device;
  }

  /** The index of the first entry past a position. */
  #indexAfter(position: Position): number {
    let low = 0;
    let high = this.#log.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#log[middle]?.position ?? Infinity) > position) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

const NOTHING: Waiting = { messages: 0, bytes: 0, receipts: 0 };

/** What waits when one more does. */
export function plus(waiting: Waiting, draft: Draft): Waiting {
  return count(waiting, draft, 1);
}

function minus(waiting: Waiting, draft: Draft): Waiting {
  return count(waiting, draft, -1);
}

function count(waiting: Waiting, draft: Draft, sign: 1 | -1): Waiting {
  const { messages, bytes, receipts } = waiting;
  return draft.kind === "receipt"
    ? { messages, bytes, receipts: receipts + sign }
    : { messages: messages + sign, bytes: bytes + sign * draft.bytes, receipts };
}

/** Whether one more may wait. */
export function fits(waiting: Waiting, draft: Draft, limits: StoreLimits): boolean {
  if (draft.kind === "receipt") return waiting.receipts < 2 * limits.mailboxMessages;
  return waiting.messages < limits.mailboxMessages &&
    waiting.bytes + draft.bytes <= limits.mailboxBytes;
}
