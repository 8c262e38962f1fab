/**
 * A page of a mailbox for one device: what it gets, and what it passes because it came too late.
 *
 * @module
 */
import type { Stretches } from "../stretches.ts";
import type { Entry, Page, Position, ReadLimit } from "../store.ts";
import type { StoredEntry } from "./lines.ts";

/** Messages that expired unread whose senders are still to be told; past it they are not told. */
const MISSED_MAX = 10_000;

/** What of a mailbox a page depends on. */
export interface PagedMailbox {
  readonly user: string;
  /** The position of the newest committed entry. */
  readonly last: Position;
  /** What some device has acknowledged. */
  readonly acknowledged: Pick<Stretches, "has">;
}

/** Collects entries until a limit is reached. */
export class PageBuilder {
  readonly #mailbox: PagedMailbox;
  readonly #device: string;
  readonly #limit: ReadLimit;
  readonly #now: number;
  readonly #missed: Map<string, StoredEntry>;
  readonly #entries: Entry[] = [];
  #bytes = 0;
  /** Everything up to here was looked at. */
  upTo: Position;

  /** @param missed where expired messages go whose senders are to be told, by their ids */
  constructor(
    mailbox: PagedMailbox,
    device: string,
    after: Position,
    limit: ReadLimit,
    now: number,
    missed: Map<string, StoredEntry>,
  ) {
    this.#missed = missed;
    this.#mailbox = mailbox;
    this.#device = device;
    this.#limit = limit;
    this.#now = now;
    this.upTo = after;
  }

  /** Adds entries. @returns false where the page was full before the last of them */
  addAll(entries: readonly StoredEntry[]): boolean {
    for (const entry of entries) if (!this.add(entry)) return false;
    return true;
  }

  /** Adds one entry, if it is to be delivered. @returns false where the page is full */
  add(entry: StoredEntry): boolean {
    if (entry.position <= this.upTo) return true;
    if (entry.expires <= this.#now) {
      if (isUntold(entry, this.#mailbox) && this.#missed.size < MISSED_MAX) {
        this.#missed.set(entry.id, withoutBody(entry));
      }
    } else if (!isOwn(entry, this.#mailbox.user, this.#device)) {
      const { messages, bytes } = this.#limit;
      const full = this.#entries.length >= messages || this.#bytes + entry.bytes > bytes;
      if (full && this.#entries.length > 0) return false;
      this.#entries.push(entry);
      this.#bytes += entry.bytes;
    }
    this.upTo = entry.position;
    return true;
  }

  /** Says that everything up to a position was looked at. */
  passed(position: Position): void {
    this.upTo = Math.max(this.upTo, position);
  }

  /** The page. */
  done(): Page {
    return { entries: this.#entries, upTo: this.upTo, end: this.upTo >= this.#mailbox.last };
  }
}

/** What is kept of an entry only to tell its sender of it: texts would take too much memory. */
export function withoutBody(entry: StoredEntry): StoredEntry {
  return { ...entry, body: "" };
}

/** Whether the sender of an expired entry wants to hear that nobody got it. */
export function isUntold(entry: Entry, mailbox: PagedMailbox): boolean {
  return entry.kind === "message" && entry.receipt && entry.to === mailbox.user &&
    !mailbox.acknowledged.has(entry.position);
}

/** Whether the device itself sent the entry to somebody else. */
export function isOwn(entry: Entry, user: string, device: string): boolean {
  return entry.to !== user && entry.device === device;
}
