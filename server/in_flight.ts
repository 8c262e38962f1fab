/**
 * What a connection was sent and has not contiguously acknowledged.
 *
 * @module
 */
import { OUTSTANDING_MAX, REFUSAL_BACKOFF_MS, REFUSALS_MAX, WINDOW_BYTES_MAX } from "../limits.ts";
import { acknowledgedBy, recvFrame, type Reply } from "../rpc/mod.ts";
import type { Entry, Position } from "../store/mod.ts";

/** How often a device was sent an entry, and refused it. Kept between two connections. */
export interface Attempt {
  deliveries: number;
  refusals: number;
}

/** The attempts of one device, by position. */
export type Attempts = Map<Position, Attempt>;

/** An entry that was sent. */
export interface Sent extends Attempt {
  readonly entry: Entry;
  /** Deliveries before the newest one. */
  redelivered: number;
  state: "flying" | "refused" | "done";
  /** When a refused one is to be sent again, by the monotonic clock; Infinity: never. */
  due: number;
}

/** A `msg.recv` that was not answered. */
interface Flight {
  readonly sent: readonly Sent[];
  readonly at: number;
}

/** What an answer of the client says. */
export interface Landing {
  readonly acknowledged: readonly Sent[];
  readonly refused: readonly Sent[];
}

/** Stands for an entry that is acknowledged before one in front of it. */
const ACKNOWLEDGED = { state: "acknowledged" } as const;

/** The entries in flight to one connection, and those refused or acknowledged out of order. */
export class InFlight {
  /** In order of position, since entries are first sent in that order. */
  readonly #sent = new Map<Position, Sent | typeof ACKNOWLEDGED>();
  readonly #flights = new Map<string, Flight>();
  #requests = 0;
  #messages = 0;
  #bytes = 0;
  #refused = 0;

  /** Frames that were sent and not answered. */
  get frames(): number {
    return this.#flights.size;
  }

  /** Whether everything that was sent is contiguously acknowledged. */
  get isEmpty(): boolean {
    return this.#sent.size === 0;
  }

  /** When the oldest unanswered `msg.recv` was sent, by the monotonic clock; null where none is. */
  get waitingSince(): number | null {
    for (const { at } of this.#flights.values()) return at;
    return null;
  }

  /** Messages and bytes that may go now, in a window of so many messages. */
  room(window: number): { messages: number; bytes: number } {
    const messages = Math.min(window - this.#messages, OUTSTANDING_MAX - this.#sent.size);
    return { messages: Math.max(0, messages), bytes: this.#roomBytes };
  }

  /** Whether new entries may go now; one always goes alone, however large it is. */
  fits(entries: readonly Entry[], window: number): boolean {
    const room = this.room(window);
    if (entries.length > room.messages) return false;
    if (this.#messages === 0 && entries.length <= 1) return true;
    return entries.reduce((sum, { bytes }) => sum + bytes, 0) <= room.bytes;
  }

  /** Whether an entry that was refused may go again; it is outstanding already. */
  fitsAgain({ entry }: Sent, window: number): boolean {
    if (this.#messages === 0) return true;
    return this.#messages < window && entry.bytes <= this.#roomBytes;
  }

  get #roomBytes(): number {
    return Math.max(0, WINDOW_BYTES_MAX - this.#bytes);
  }

  /** Takes in an entry that is about to be sent, with the attempts at it that were made before. */
  add(entry: Entry, attempt: Attempt): Sent {
    const sent: Sent = { entry, ...attempt, redelivered: 0, state: "flying", due: 0 };
    this.#sent.set(entry.position, sent);
    return sent;
  }

  /** The frame that sends some entries, which are in flight from now on. */
  send(sent: readonly Sent[], now: number): string {
    for (const one of sent) {
      if (one.state === "refused") this.#refused--;
      one.state = "flying";
      one.redelivered = one.deliveries++;
      this.#messages++;
      this.#bytes += one.entry.bytes;
    }
    const id = "r" + ++this.#requests;
    this.#flights.set(id, { sent, at: now });
    return recvFrame(id, sent);
  }

  /**
   * Takes in an answer.
   *
   * @param clock tells the time where something was refused
   * @returns null where the id is of no `msg.recv` in flight
   */
  land(id: string, reply: Reply, clock: { monotonic(): number }): Landing | null {
    const flight = this.#flights.get(id);
    if (flight === undefined) return null;
    this.#flights.delete(id);
    const named = "result" in reply ? acknowledgedBy(reply.result) : undefined;
    const ids = typeof named === "object" ? new Set(named) : null;
    const acknowledged: Sent[] = [];
    const refused: Sent[] = [];
    for (const one of flight.sent) {
      this.#messages--;
      this.#bytes -= one.entry.bytes;
      const isAcknowledged = ids === null ? named === "all" : ids.has(one.entry.id);
      if (isAcknowledged) this.acknowledge(one);
      else this.#refuse(one, clock.monotonic());
      (isAcknowledged ? acknowledged : refused).push(one);
    }
    return { acknowledged, refused };
  }

  /** An entry is acknowledged, or as good as that. */
  acknowledge(one: Sent): void {
    if (one.state === "refused") this.#refused--;
    one.state = "done";
    // Only its place is needed any more, and not its text.
    this.#sent.set(one.entry.position, ACKNOWLEDGED);
  }

  /** Refused entries that are to be sent again by now. */
  due(now: number): readonly Sent[] {
    if (this.#refused === 0) return [];
    const due: Sent[] = [];
    for (const one of this.#sent.values()) {
      if (one.state === "refused" && one.due <= now) due.push(one);
    }
    return due;
  }

  /**
   * Forgets what is contiguously acknowledged.
   *
   * @param position up to where entries were looked at
   * @returns up to where everything is acknowledged
   */
  settle(position: Position): Position {
    for (const [sent, { state }] of this.#sent) {
      if (state !== "acknowledged") return sent - 1;
      this.#sent.delete(sent);
    }
    return position;
  }

  /** The attempts at what is not acknowledged. */
  attempts(): Attempts {
    const attempts: Attempts = new Map();
    for (const [position, one] of this.#sent) {
      if (one.state === "acknowledged") continue;
      const { deliveries, refusals } = one;
      attempts.set(position, { deliveries, refusals });
    }
    return attempts;
  }

  #refuse(one: Sent, now: number): void {
    one.refusals++;
    one.state = "refused";
    this.#refused++;
    const isLast = one.refusals >= REFUSALS_MAX;
    one.due = isLast ? Infinity : now + REFUSAL_BACKOFF_MS * 2 ** (one.refusals - 1);
  }
}
