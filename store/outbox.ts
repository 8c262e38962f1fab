/**
 * The port of what is owed to devices that sleep. A message is its own intent to push: it is owed as
 * long as the device has not acknowledged it and no push has spoken for it, and both of these are
 * positions in the mailbox. So intent and message are one row of one commit and cannot disagree, an
 * acknowledgement ends the intent by itself, and one push speaks for everything that waits.
 *
 * @module
 */
import type { Entry, Position, PushAddress } from "./store.ts";

/** A device that a push can reach. */
export interface Sleeper {
  /** Whose it is. */
  readonly user: string;
  /** Which of the user's devices. */
  readonly device: string;
  /** Whose service reaches it. */
  readonly provider: PushAddress["provider"];
}

/** A push that a service took. */
export interface Spoken {
  /** It spoke for everything up to here; 0 where there was none yet. */
  readonly upTo: Position;
  /** When that was, in milliseconds since 1970; 0 where there was none yet. */
  readonly at: number;
}

/** What waits for a device that a push can reach. */
export interface Waiting {
  /** Messages to its user that the device has not acknowledged, expired ones left out. */
  readonly messages: number;
  /** The newest of them. */
  readonly newest: Entry;
  /** Whether no push has spoken for some of them. */
  readonly isNew: boolean;
  /** Whether one that no push has spoken for is urgent. */
  readonly urgent: boolean;
  /** When the last of them expires, in milliseconds since 1970. */
  readonly expires: number;
  /** The device has everything up to here, or was never meant to get it. */
  readonly after: Position;
  /** A push of now speaks for everything behind that, up to here. */
  readonly upTo: Position;
  /** The last push. */
  readonly spoken: Spoken;
}

/** A stretch of all devices that may be owed a push. */
export interface OutboxPage {
  /** Those of a few users. */
  readonly sleepers: readonly Sleeper[];
  /** Where to go on: the id of the last user; null where there are no more. */
  readonly next: string | null;
}

/**
 * What is owed to devices that a push can reach: those that have a push address
 * ({@linkcode PushAddress}). {@linkcode StoreListener} hears of new debts at once; what it could not
 * attend to, and what a crash left, is found with {@linkcode Outbox.list}.
 *
 * Messages that the user sent from another device are not owed, and receipts are not.
 */
export interface Outbox {
  /** What waits for a device; null where nothing does, or where no push can reach it. */
  look(user: string, device: string): Promise<Waiting | null>;
  /**
   * Notes that a push spoke for everything up to a position; a lower one leaves the position as it
   * is. Durable soon, not now: losing it costs a second push, never a message.
   */
  spoke(user: string, device: string, spoken: Spoken): Promise<void>;
  /**
   * Devices that may be owed a push, in order of user (by code point). It may leave out what was
   * committed in the last 5 s, and what a disk that refuses keeps from being settled: a later call
   * names it.
   *
   * @param after the user where the page before ended; "" for the start
   * @param limit how many users are looked at, 1 to 1,000
   */
  list(after: string, limit: number): Promise<OutboxPage>;
}

/** Whether an entry of a user's mailbox is worth a push: a message, and not one to somebody else. */
export function isOwed(entry: Entry, user: string): boolean {
  return entry.kind === "message" && entry.to === user;
}

/** Why a device may be owed a push. */
export type OwedCause =
  /** A message came while it was away. */
  | "message"
  /** It has an address that it did not have before, while something waits. */
  | "address"
  /** It went while something waited. */
  | "left";
