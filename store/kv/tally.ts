/**
 * What waits for one device, counted as it comes: counting all of it anew for every push would read
 * the whole backlog each time.
 *
 * @module
 */
import { isOwed } from "../outbox.ts";
import type { Entry, Position } from "../store.ts";

/** A count of what waits for one device. It does no input or output. */
export class Tally {
  /** The device's cursor: everything after it waits. */
  readonly position: Position;
  /** Everything up to here was counted. */
  upTo: Position;
  /** Messages. */
  messages = 0;
  /** The position of the newest message; 0 where there is none. */
  newest: Position = 0;
  /** The position of the newest urgent one; 0 where there is none. */
  urgent: Position = 0;
  /** When the last message expires, in milliseconds since 1970. */
  expires = 0;
  /** When the first one does: from then on the count is wrong. */
  until = Infinity;

  constructor(position: Position) {
    this.position = position;
    this.upTo = position;
  }

  /** Counts an entry, unless it was counted before or is not worth a push. */
  add(entry: Entry, user: string, now: number): void {
    if (entry.position <= this.upTo) return;
    this.upTo = entry.position;
    if (!isOwed(entry, user) || entry.expires <= now) return;
    this.messages++;
    this.newest = entry.position;
    if (entry.urgent) this.urgent = entry.position;
    this.expires = Math.max(this.expires, entry.expires);
    this.until = Math.min(this.until, entry.expires);
  }

  /** Everything up to a position was counted. */
  passed(upTo: Position): void {
    this.upTo = Math.max(this.upTo, upTo);
  }
}
