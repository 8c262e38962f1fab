/**
 * One mailbox in memory: a log of entries and a cursor for each device. It does no waiting and
 * reads no clock, so every method is one step.
 *
 * @module
 */
import type {
  Attachment,
  Entry,
  MailboxState,
  Page,
  Position,
  ReadLimit,
  Sleeper,
  Spoken,
  Waiting,
} from "../store.ts";
import { Stretches } from "../stretches.ts";
import { type Held, minus, NOTHING, plus } from "./held.ts";
import { MemoryAsides } from "./memory_asides.ts";

/** Where a device stands. */
interface Cursor {
  cursor: Position;
  sent: Position;
  /** How many connections of the device read here. */
  readers: number;
  /** Whose push service reaches it, and the last push that did. */
  reach: Reach | undefined;
}

/** How a push reaches a device, and the last one that did. */
interface Reach extends Spoken {
  readonly provider: Sleeper["provider"];
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
  #waiting: Held = NOTHING;
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
  waiting(now: number): Held {
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
      state = { cursor, sent: cursor, readers: 0, reach: undefined };
      this.#devices.set(device, state);
    }
    state.readers++;
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
    if (state === undefined) return;
    state.sent = Math.max(state.sent, sent);
    state.readers = Math.max(0, state.readers - 1);
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

  /**
   * Says whose push service reaches a device, which becomes known; null: none does. At a new address
   * no push has spoken.
   */
  setReach(
    device: string,
    provider: Sleeper["provider"] | null,
    { now, isNew = false }: { readonly now: number; readonly isNew?: boolean },
  ): void {
    if (provider !== null && !this.#devices.has(device)) {
      this.attach(device, "oldest", now);
      this.detach(device, 0);
    }
    const state = this.#devices.get(device);
    if (state === undefined) return;
    const { upTo, at } = state.reach ?? { upTo: 0, at: 0 };
    state.reach = provider === null ? undefined : { provider, upTo: isNew ? 0 : upTo, at };
  }

  /**
   * Devices that a push reaches, that are away, and for which something waits.
   *
   * @param isNew leaves out those whom a push has told of it all
   */
  sleepers(isNew = false): readonly Sleeper[] {
    return [...this.#devices].flatMap(([device, { cursor, readers, reach }]): Sleeper[] => {
      if (reach === undefined || readers > 0 || this.#tail <= cursor) return [];
      if (isNew && this.#tail <= reach.upTo) return [];
      return [{ user: this.user, device, provider: reach.provider }];
    });
  }

  /** See `Outbox.look`. */
  look(device: string, now: number): Waiting | null {
    this.#expire(now);
    const state = this.#devices.get(device);
    if (state?.reach === undefined) return null;
    const { cursor, reach: { upTo, at } } = state;
    const waiting = this.#log.filter((entry) =>
      entry.position > cursor && entry.kind === "message" && entry.to === this.user
    );
    const newest = waiting.at(-1);
    if (newest === undefined) return null;
    return {
      messages: waiting.length,
      newest,
      isNew: newest.position > upTo,
      urgent: waiting.some(({ urgent, position }) => urgent && position > upTo),
      expires: Math.max(...waiting.map(({ expires }) => expires)),
      after: cursor,
      upTo: this.#tail,
      spoken: { upTo, at },
    };
  }

  /** See `Outbox.spoke`. */
  spoke(device: string, { upTo, at }: Spoken): void {
    const state = this.#devices.get(device);
    if (state?.reach === undefined) return;
    const { provider, upTo: before } = state.reach;
    state.reach = { provider, upTo: Math.max(upTo, before), at };
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
