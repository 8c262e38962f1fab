/**
 * Cursors that moved and are not on disk yet. They wait a little, so that many moves of a cursor
 * are one line: losing the wait to a crash costs a redelivery, never a message.
 *
 * @module
 */
import type { StoreClock } from "../store.ts";
import type { Cursor } from "./cursor.ts";
import { cursorLine } from "./lines.ts";
import type { Mailbox } from "./mailbox.ts";

/** How long a cursor waits, in milliseconds. */
const DELAY_MS = 25;

/** How long cursors wait after a commit that failed, in milliseconds. */
const RETRY_DELAY_MS = 1000;

/** Cursors, each with its mailbox. */
export type Cursors = ReadonlyMap<Cursor, Mailbox>;

/** Cursors that a commit takes along, and the lines that say where they are. */
export interface TakenCursors {
  readonly cursors: Cursors;
  readonly lines: string;
}

const NOTHING_TAKEN: TakenCursors = { cursors: new Map(), lines: "" };

/** The cursors that wait for a commit. */
export class CursorNotes {
  readonly #clock: StoreClock;
  readonly #due: () => void;
  readonly #waiting = new Map<Cursor, Mailbox>();
  #isTime = false;
  #cancel: (() => void) | null = null;
  #closed = false;

  /**
   * Starts with nothing.
   *
   * @param clock for the wait
   * @param due called when cursors have waited long enough
   */
  constructor(clock: StoreClock, due: () => void) {
    this.#clock = clock;
    this.#due = due;
  }

  /** Whether something waits and has waited long enough. */
  get isDue(): boolean {
    return this.#isTime && this.#waiting.size > 0;
  }

  /** A cursor moved. */
  note(cursor: Cursor, mailbox: Mailbox): void {
    this.#waiting.set(cursor, mailbox);
    if (this.#cancel === null) this.#wait(DELAY_MS);
  }

  /** The next commit is to take all that waits. */
  hurry(): void {
    this.#isTime = true;
  }

  /**
   * What a commit takes along, nothing where nothing is due.
   *
   * @param bytes how long the lines may be; the rest is taken by the next commit
   */
  take(bytes: number): TakenCursors {
    if (!this.isDue) return NOTHING_TAKEN;
    const cursors = new Map<Cursor, Mailbox>();
    let lines = "";
    let room = bytes;
    for (const [cursor, mailbox] of this.#waiting) {
      const line = lineOf(cursor, mailbox);
      room -= 3 * line.length;
      if (room < 0) break;
      cursors.set(cursor, mailbox);
      this.#waiting.delete(cursor);
      lines += line;
    }
    this.#isTime = this.#waiting.size > 0;
    return { cursors, lines };
  }

  /** The commit that took them failed: they wait again, and longer. */
  putBack(cursors: Cursors): void {
    if (cursors.size === 0) return;
    for (const [cursor, mailbox] of cursors) this.#waiting.set(cursor, mailbox);
    this.#isTime = false;
    this.#wait(RETRY_DELAY_MS);
  }

  /** Ends all waiting: no timer runs any more. */
  close(): void {
    this.#closed = true;
    this.#cancel?.();
    this.#cancel = null;
  }

  #wait(ms: number): void {
    this.#cancel?.();
    if (this.#closed) return;
    this.#cancel = this.#clock.after(ms, () => {
      this.#cancel = null;
      this.#isTime = this.#waiting.size > 0;
      this.#due();
    });
  }
}

/** A forgotten device has no cursor any more, nor has a removed user: a line would bring it back. */
function lineOf(cursor: Cursor, mailbox: Mailbox): string {
  if (!mailbox.isLoaded || mailbox.cursors.get(cursor.device) !== cursor) return "";
  return cursorLine(mailbox.user, cursor.device, cursor, `${mailbox.acknowledged}`);
}
