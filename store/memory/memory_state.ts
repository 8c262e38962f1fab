/**
 * What the parts of one memory store share.
 *
 * @module
 */
import type { Device, StoreLimits, StoreListener, User, Versioned } from "../store.ts";
import { type Position, StoreUnavailableError } from "../store.ts";
import { MemoryCids } from "./memory_cids.ts";
import type { MemoryMailbox } from "./memory_mailbox.ts";

/** What a memory store is opened with. */
export interface MemoryStoreOptions {
  /** What may wait; past it calls are refused. */
  readonly limits: StoreLimits;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** What to call the content. @default {"memory"} */
  readonly epoch?: string;
}

/** Everything that goes when a user is removed. */
export interface MemoryAccount {
  user: Versioned<User>;
  readonly devices: Map<string, Device>;
  readonly mailbox: MemoryMailbox;
}

/** The data of one store, and whether it is still open. */
export class MemoryState {
  readonly limits: StoreLimits;
  readonly now: () => number;
  /** By user id; a user exists where there is an account. */
  readonly accounts = new Map<string, MemoryAccount>();
  readonly cids = new MemoryCids();
  listener: StoreListener | undefined;
  /** By user id: tokens issued up to when are refused; it outlives the user. */
  readonly #refused = new Map<string, number>();
  #last: Position = 0;
  #versions = 0;
  #closed = false;

  constructor(options: MemoryStoreOptions) {
    this.limits = options.limits;
    this.now = options.now;
  }

  /** Whether the store was disposed of. */
  get closed(): boolean {
    return this.#closed;
  }

  /**
   * Waits for the turn of a call: later than now, as with every real store, and in the order of
   * the calls.
   *
   * @throws {StoreUnavailableError} the store is closed.
   */
  async turn(): Promise<void> {
    await Promise.resolve();
    if (this.#closed) throw new StoreUnavailableError("Cannot use the store: it is closed");
  }

  /** Closes the store behind the calls that were made before. */
  async close(): Promise<void> {
    await Promise.resolve();
    this.#closed = true;
  }

  /** Refuses the tokens of a user that were issued up to a time. */
  refuse(user: string, before: number): void {
    if (before > this.refusedBefore(user)) this.#refused.set(user, before);
  }

  /** Up to when the tokens of a user are refused. */
  refusedBefore(user: string): number {
    return this.#refused.get(user) ?? 0;
  }

  /** The next place in the log; the log of all mailboxes is one. */
  nextPosition(): Position {
    return ++this.#last;
  }

  /** A version that no value had before. */
  nextVersion(): string {
    return String(++this.#versions);
  }
}
