/**
 * What a store is given, and what it tells of its work.
 *
 * @module
 */
import type { Entry } from "./store.ts";

/** One write to the disk. */
export interface WrittenCommit {
  /** How long it took, in milliseconds. */
  readonly ms: number;
  /** What was written. */
  readonly bytes: number;
  /** What of it are messages and receipts, in the order of their positions. */
  readonly entries: readonly Entry[];
}

/** How much a store has to do, and holds in memory. */
export interface StoreFigures {
  /** Bytes that wait for a commit or are in one. */
  readonly backlogBytes: number;
  /** Bytes of the journal that are not in mailboxes yet. */
  readonly unsettledBytes: number;
  /** Mailboxes in memory. */
  readonly mailboxes: number;
}

/** What a backend knows of time. */
export interface StoreClock {
  /** Milliseconds since 1970; may jump. */
  now(): number;
  /** Milliseconds since some moment; never goes back. */
  monotonic(): number;
  /** Calls back once after a time; the answer cancels it. */
  after(ms: number, callback: () => void): () => void;
}

/** Limits that a backend keeps. */
export interface StoreLimits {
  /** What may wait for one user. Receipts do not count: of them twice as many are kept. */
  readonly mailboxMessages: number;
  /** The same in bytes. */
  readonly mailboxBytes: number;
  /** Bytes of accepted drafts that may wait for their commit. */
  readonly backlogBytes: number;
}

/** Other servers on the same store. */
export interface Peers {
  /**
   * Says something to all of them; their `StoreListener.heard` hears it soon.
   *
   * @param text of at most 60,000 bytes of UTF-8
   * @throws {Error} the database refused.
   */
  tell(text: string): Promise<void>;
}
