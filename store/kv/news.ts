/**
 * What one commit brought to the mailboxes.
 *
 * @module
 */
import type { Position } from "../store.ts";
import type { StoredEntry } from "./lines.ts";
import type { Mailbox } from "./mailbox.ts";
import type { MailboxTable } from "./mailbox_table.ts";

/** What one mailbox got. */
export interface Piece {
  /** The position of its newest entry before. */
  readonly after: Position;
  readonly entries: StoredEntry[];
}

/** Puts the entries of one commit into the mailboxes in memory, and remembers who got what. */
export class News {
  readonly #table: MailboxTable;
  /** What each mailbox got, in order of position. */
  readonly pieces = new Map<Mailbox, Piece>();

  constructor(table: MailboxTable) {
    this.#table = table;
  }

  /** Adds an entry to the mailbox of a user, if it is in memory. */
  add(user: string, entry: StoredEntry): void {
    // A removal that is under way may still fail, and then nothing may be missing.
    const mailbox = this.#table.inMemory(user);
    if (mailbox === undefined) return;
    const piece = this.pieces.get(mailbox);
    if (piece === undefined) this.pieces.set(mailbox, { after: mailbox.last, entries: [entry] });
    else piece.entries.push(entry);
    mailbox.add(entry);
    this.#table.touch(mailbox);
  }
}
