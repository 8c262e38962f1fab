/**
 * Compacting: rows that every device has passed, or that have expired, go. So that live commits do
 * not wait long, one commit deletes little.
 *
 * @module
 */
import type { Entry, ExpiredHandler, Position, StoreClock } from "../store.ts";
import { type Chunk, chunkDeletes, chunkWrites, readChunks } from "./chunks.ts";
import { type Write, WRITES_MAX } from "./database.ts";
import { expiriesRange, expiryUser, mailboxKey } from "./keys.ts";
import type { StoredEntry } from "./lines.ts";
import type { Mailbox } from "./mailbox.ts";
import type { MailboxTable } from "./mailbox_table.ts";
import type { OwnedDatabase } from "./owned_database.ts";
import { expiryWrite } from "./settler.ts";
import { jsonValue } from "./values.ts";

/** What {@linkcode Compactor} works on. */
export interface CompactorParts {
  readonly database: OwnedDatabase;
  readonly table: MailboxTable;
  readonly clock: StoreClock;
}

/** Deletes rows that nobody needs. */
export class Compactor {
  readonly #parts: CompactorParts;
  readonly #due = new Set<Mailbox>();

  constructor(parts: CompactorParts) {
    this.#parts = parts;
  }

  /** Says that the lowest cursor of a mailbox moved. */
  note(mailbox: Mailbox): void {
    if (mailbox.rows.messages + mailbox.rows.receipts > 0) this.#due.add(mailbox);
  }

  /** Deletes the rows that every device has passed, in the mailboxes that were noted. */
  async compact(): Promise<void> {
    for (const mailbox of this.#due) {
      this.#due.delete(mailbox);
      if (mailbox.isLoaded) await this.#compactMailbox(mailbox);
    }
  }

  async #compactMailbox(mailbox: Mailbox): Promise<void> {
    const { database } = this.#parts;
    for (;;) {
      const lowest = mailbox.lowestCursor();
      const { chunks, more } = await readChunks(database, mailbox.user, 0);
      const passed = chunks.filter(({ last }) => last <= lowest);
      if (passed.length === 0) return;
      const deletes = passed.flatMap((chunk) => chunkDeletes(mailbox.user, chunk));
      await this.#drop(mailbox, passed.flatMap(({ entries }) => entries), deletes);
      if (!more || passed.length < chunks.length) return;
    }
  }

  /** Drops what has expired. @returns whether there may be more */
  async expire(expired: ExpiredHandler): Promise<boolean> {
    const { database, table, clock } = this.#parts;
    const now = clock.now();
    const rows = await database.list(expiriesRange(now), WRITES_MAX);
    for (const user of new Set(rows.map(({ key }) => expiryUser(key)))) {
      const mailbox = await table.load(user);
      if (mailbox !== null) await this.#expireMailbox(mailbox, now, expired);
    }
    // A time is forgotten only after what it stands for is gone.
    if (rows.length > 0) await database.write(rows.map(({ key }) => ({ key, value: null })));
    return rows.length === WRITES_MAX;
  }

  async #expireMailbox(mailbox: Mailbox, now: number, expired: ExpiredHandler): Promise<void> {
    let after: Position = 0;
    for (;;) {
      const { chunks, more } = await readChunks(this.#parts.database, mailbox.user, after);
      for (const chunk of chunks) {
        await this.#expireChunk(mailbox, chunk, now, expired);
        after = chunk.last;
      }
      if (!more) return;
    }
  }

  async #expireChunk(
    mailbox: Mailbox,
    chunk: Chunk,
    now: number,
    expired: ExpiredHandler,
  ): Promise<void> {
    const gone = chunk.entries.filter((entry) => entry.expires <= now);
    const kept = chunk.entries.filter((entry) => entry.expires > now);
    if (gone.length === 0) return;
    const untold = gone.filter((entry) => isUntold(entry, mailbox));
    if (untold.length > 0) await expired(untold);
    const writes: Write[] = chunkDeletes(mailbox.user, chunk);
    if (kept.length > 0) {
      writes.push(...chunkWrites(mailbox.user, chunk.last, kept), expiryWrite(mailbox.user, kept));
    }
    await this.#drop(mailbox, gone, writes);
  }

  /** Makes the writes by which some entries are no longer rows. */
  async #drop(mailbox: Mailbox, entries: readonly StoredEntry[], writes: readonly Write[]) {
    const row = { ...mailbox.toRow(), rows: mailbox.rowsWithout(entries) };
    await this.#parts.database.write([
      ...writes,
      { key: mailboxKey(mailbox.user), value: jsonValue(row) },
    ]);
    mailbox.drop(entries);
  }
}

/** Whether the sender of an expired entry wants to hear that nobody got it. */
function isUntold(entry: Entry, mailbox: Mailbox): boolean {
  return entry.kind === "message" && entry.receipt && entry.to === mailbox.user &&
    entry.position > mailbox.furthestCursor();
}
