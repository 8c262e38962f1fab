/**
 * The ports behind which Titan keeps what it must not lose. A backend implements all of them over
 * one place; `store_contract.ts` is the suite that every backend passes.
 *
 * A mailbox is a log and a device is a cursor in it: every user has one ordered log of entries,
 * every device the position up to which it has acknowledged. An entry is stored once, however many
 * devices read it.
 *
 * User ids arrive here normalised (lower case, Unicode NFC); the store compares them exactly. No id
 * of anything holds a control character.
 *
 * @module
 */

import type { Devices, Revocations, Users } from "./directory.ts";
import type { Outbox, OwedCause, Sleeper } from "./outbox.ts";
import type { Peers, StoreFigures, WrittenCommit } from "./store_parts.ts";

export type {
  Device,
  DeviceChange,
  DevicePage,
  Devices,
  DeviceSession,
  PushAddress,
  Refused,
  Revocations,
  User,
  Users,
  Versioned,
} from "./directory.ts";
export type { Outbox, OutboxPage, OwedCause, Sleeper, Spoken, Waiting } from "./outbox.ts";
export type { Peers, StoreClock, StoreFigures, StoreLimits, WrittenCommit } from "./store_parts.ts";
export type { Finding, StoreCounts, StoredRow, StoreFiles, StoreSnapshot } from "./store_files.ts";
export { StoreBusyError, StoreUnavailableError } from "./store_error.ts";

/**
 * A place in the log. Positions of one mailbox grow but have gaps; 0 is before the first entry.
 * They are handed out in commit order, so nothing ever appears below a position that was read (I2).
 */
export type Position = number;

/** What the sender of an entry wants kept. The store reads the envelope and never the body. */
export interface Draft {
  /** Unique for ever; the id under which every delivery happens (I4). */
  readonly id: string;
  /** `message` waits for an acknowledgement; `receipt` is news for a sender and waits for none. */
  readonly kind: "message" | "receipt";
  /** The user whose rate, `cid` and conversation this is. */
  readonly sender: string;
  /** Who it says it is from: the sender, or a bot that answers them. */
  readonly from: string;
  /** Whose mailbox it goes to. */
  readonly to: string;
  /** The sending device: what it sent is not delivered back to it, unless `to` is the sender. */
  readonly device: string;
  /** When it was accepted, in milliseconds since 1970. */
  readonly time: number;
  /** When it stops being deliverable, in milliseconds since 1970. */
  readonly expires: number;
  /** The client's own id, by which a repeat is known (I5). */
  readonly cid?: string | undefined;
  /** Stands for the content: an equal `cid` with another fingerprint is a conflict. */
  readonly fingerprint?: string | undefined;
  /** Whether the sender wants to hear what becomes of it. */
  readonly receipt: boolean;
  /** Whether it is worth waking a device for at once. */
  readonly urgent: boolean;
  /** What is delivered: opaque text without a line break or a tab. */
  readonly body: string;
  /** The size of `body` in UTF-8 bytes. */
  readonly bytes: number;
}

/** A draft that was committed. */
export interface Entry extends Draft {
  /** Its place in every mailbox that has it. */
  readonly position: Position;
}

/** What became of one draft of an `append`. */
export type Outcome =
  | { readonly kind: "accepted" }
  /** The same `cid` and content came before: the first answer, again. */
  | { readonly kind: "duplicate"; readonly id: string; readonly time: number }
  /** The same `cid` came before with other content. */
  | { readonly kind: "conflict" }
  /** Nobody is called `to`. */
  | { readonly kind: "unknown" }
  /** The mailbox of `to` holds as much as may wait there. */
  | { readonly kind: "full" }
  /** Not stored, as it or a repeat of it came in an atomic call with a draft that was refused. */
  | { readonly kind: "skipped" }
  /** Not stored: the disk refused after it had taken others of the call. It can be sent again. */
  | { readonly kind: "refused" };

/** Options for {@linkcode Mailboxes.append}. */
export interface AppendOptions {
  /** Store all drafts or none. @default {false} */
  readonly atomic?: boolean;
}

/** How a device stands in its mailbox when it attaches. */
export interface Attachment {
  /** Everything up to here is acknowledged by the device. */
  readonly cursor: Position;
  /** Entries up to here may have been delivered to the device before. */
  readonly sent: Position;
  /** The position of the newest committed entry; `queue.empty` is due once the cursor is here. */
  readonly tail: Position;
  /** Messages that wait for the device, expired ones left out. */
  readonly pending: number;
}

/** A stretch of a mailbox. */
export interface Page {
  /** In order of position; expired entries and the device's own are left out. */
  readonly entries: readonly Entry[];
  /** Everything up to here was looked at: where the next read goes on. */
  readonly upTo: Position;
  /** Whether nothing committed lies past `upTo`. */
  readonly end: boolean;
}

/** An entry that a device refused. */
export interface Aside {
  /** The device that did. */
  readonly device: string;
  /** What it refused. */
  readonly entry: Entry;
}

/** Where an {@linkcode Aside} is among those of its user. */
export interface AsidePlace {
  /** The device that refused it. */
  readonly device: string;
  /** The position of the entry. */
  readonly position: Position;
}

/** A stretch of what was set aside. */
export interface AsidePage {
  /** In order of device (by code point), those of one device in order of position. */
  readonly asides: readonly Aside[];
  /** Where to go on; null where there are no more. */
  readonly next: AsidePlace | null;
}

/** How much one read may answer; at least one entry is always answered, if there is one. */
export interface ReadLimit {
  /** Entries, receipts included. */
  readonly messages: number;
  /** The sum of their `bytes`. */
  readonly bytes: number;
}

/** Entries that a commit added to one mailbox, told in order of position. */
export interface Committed {
  /** Whose mailbox it is. */
  readonly user: string;
  /** The position of the mailbox's newest entry before these: a gap means a read is needed. */
  readonly after: Position;
  /** At least one. */
  readonly entries: readonly Entry[];
}

/** Hears what the store does. It is called synchronously, must not throw and must be short. */
export interface StoreListener {
  /** Entries became durable. Called before the `append` that brought them resolves. */
  committed(news: Committed): void;
  /** A device that is not attached may be owed a push. Told again and again while that lasts. */
  owed?(sleeper: Sleeper, cause: OwedCause): void;
  /** The disk took a commit; told before anybody hears what was in it. */
  wrote?(commit: WrittenCommit): void;
  /** The disk did not take a commit. */
  refused?(): void;
  /** A device that is attached here was attached at another server since. */
  replaced?(user: string, device: string): void;
  /** What another server said with {@linkcode Peers.tell}. */
  heard?(text: string): void;
}

/** What waits in a mailbox. */
export interface MailboxState {
  /** Messages that some device has not acknowledged, expired ones left out. */
  readonly messages: number;
  /** The sum of their `bytes`. */
  readonly bytes: number;
  /** The cursor of every device. */
  readonly cursors: ReadonlyMap<string, Position>;
}

/** The logs of all users and the cursors of all devices. */
export interface Mailboxes {
  /**
   * Commits drafts and resolves, in the order of the drafts, with what became of each, once every
   * accepted one is on disk (I1). Calls of one sender take effect in the order in which they were
   * made (I6). A sender with another device than `draft.device` has a copy in the own mailbox, at
   * the same position and under the same id: of a message from the sender to somebody else, and
   * where there is room for it.
   *
   * @throws {StoreBusyError} too much waits to be committed; nothing of this call was stored.
   * @throws {StoreUnavailableError} the disk refused; nothing of this call was stored, as far as the
   * disk says.
   */
  append(drafts: readonly Draft[], options?: AppendOptions): Promise<readonly Outcome[]>;

  /**
   * Makes the device known to its mailbox, durably, and says where it stands. The first device of
   * a user starts at the oldest kept entry, a further one where `start` says.
   *
   * @returns null where there is no such user.
   * @throws {StoreUnavailableError} the disk refused.
   */
  attach(user: string, device: string, start: "oldest" | "newest"): Promise<Attachment | null>;

  /** Notes up to where entries were sent to a device that is leaving. Durable soon, not now. */
  detach(user: string, device: string, sent: Position): void;

  /** Reads entries after a position, for a device that is attached. */
  read(user: string, device: string, after: Position, limit: ReadLimit): Promise<Page>;

  /**
   * Moves the cursor of an attached device forward; a lower position changes nothing (I3). Durable
   * soon, not now: losing it costs a repeated delivery, never a message.
   *
   * @returns the position up to which everything had been acknowledged by some device before: what
   * lies past it is delivered for the first time, or now and then once more.
   */
  acknowledge(user: string, device: string, upTo: Position): Position;

  /** Copies an entry that a device refuses aside, durably, so that its cursor may pass it. */
  setAside(user: string, device: string, entry: Entry): Promise<void>;

  /**
   * Reads what devices of a user refused. It is kept until the user is removed, or at least until
   * it expires.
   *
   * @param after where the page before ended; null for the start
   */
  readAside(user: string, after: AsidePlace | null, limit: ReadLimit): Promise<AsidePage>;

  /** The state of a mailbox, or null where there is no such user. */
  inspect(user: string): Promise<MailboxState | null>;

  /** Drops the cursor of one device, so that it no longer holds entries back. */
  forget(user: string, device: string): Promise<void>;
}

/** Told of messages whose time has passed and that no device had acknowledged, without bodies. */
export type ExpiredHandler = (entries: readonly Entry[]) => Promise<void>;

/** Background work that the server calls for periodically. */
export interface Sweeper {
  /**
   * Drops what has expired and is read by all, yielding to live work. The handler hears of an
   * expired message that wanted a receipt before it goes; after a crash it may hear twice. Where
   * it throws, so does the sweep, and the next one tells it again.
   */
  sweep(expired: ExpiredHandler): Promise<void>;
}

/**
 * One place that holds everything. Disposing of it writes what is still only in memory. Afterwards
 * `detach` and `acknowledge` do nothing and every other call rejects with
 * {@linkcode StoreUnavailableError}.
 */
export interface Store extends AsyncDisposable {
  /**
   * Names this life of the content. Another one says that what was acknowledged before may be gone
   * again: a backup was restored, or everything is new.
   */
  readonly epoch: string;
  /** Messages. */
  readonly mailboxes: Mailboxes;
  /** Those who send and receive them. */
  readonly users: Users;
  /** What they read them on. */
  readonly devices: Devices;
  /** What they may no longer sign in with. */
  readonly revocations: Revocations;
  /** Who has to be woken. */
  readonly outbox: Outbox;
  /** Work that the server has to call for. */
  readonly sweeper: Sweeper;
  /** Other servers on the same store; absent where there can be none. */
  readonly peers?: Peers;
  /** Sets who hears of commits; there is one listener. */
  listen(listener: StoreListener): void;
  /**
   * Goes the way of a message and stores nothing: resolves once the disk has taken a commit.
   *
   * @throws {StoreUnavailableError} it did not.
   */
  probe(): Promise<void>;
  /** How much it has to do now. */
  figures(): StoreFigures;
}
