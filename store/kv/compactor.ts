/**
 * Compacting: rows that every device has passed, or that have expired, go. So that live commits do
 * not wait long, one commit deletes little.
 *
 * @module
 */
import type { Position, StoreClock } from "../store.ts";
import { type Chunk, chunkDeletes, chunkWrites, readChunks } from "./chunks.ts";
import { type Key, type Write, WRITES_MAX } from "./database.ts";
import { expiriesRange, expiryUser, mailboxKey } from "./keys.ts";
import type { StoredEntry } from "./lines.ts";
import type { Mailbox } from "./mailbox.ts";
import type { MailboxTable } from "./mailbox_table.ts";
import type { OwnedDatabase } from "./owned_database.ts";
import { isUntold, withoutBody } from "./reader.ts";
import { expiryWrite } from "./settler.ts";
import { jsonValue } from "./values.ts";

/** What {@linkcode Compactor} works on. */
export interface CompactorParts {
  readonly database: OwnedDatabase;
  readonly table: MailboxTable;
  readonly clock: StoreClock;
}

/** What has expired, and was not dropped yet. */
export interface Expired {
  /** Until when it looked. */
  readonly now: number;
  readonly keys: readonly Key[];
  /** Up to where each was looked at. */
  readonly mailboxes: ReadonlyMap<Mailbox, Position>;
  /** Messages whose senders want to know that nobody got them. */
  readonly untold: readonly StoredEntry[];
  readonly more: boolean;
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
      try {
        if (mailbox.isLoaded) await this.#compactMailbox(mailbox);
      } catch (error) {
        this.#due.add(mailbox);
        throw error;
      }
    }
  }

  async #compactMailbox(mailbox: Mailbox): Promise<void> {
    const { database } = this.#parts;
    for (;;) {
      const lowest = mailbox.lowestCursor();
      const { chunks, more } = await readChunks(database, mailbox.user, 0);
      // What lies past the settled position may be of a commit that threw: nobody counted it.
      const upTo = Math.min(lowest, mailbox.settled);
      const passed = chunks.filter(({ last }) => last <= upTo);
      if (passed.length === 0) return;
      const deletes = passed.flatMap((chunk) => chunkDeletes(mailbox.user, chunk));
      await this.#drop(mailbox, passed.flatMap(({ entries }) => entries), deletes);
      if (!more || passed.length < chunks.length) return;
    }
  }

  /** Finds some of what has expired by now, and who should hear of it. */
  async findExpired(): Promise<Expired> {
    const { database, table, clock } = this.#parts;
    const now = clock.now();
    const rows = await database.list(expiriesRange(now), WRITES_MAX);
    const untold: StoredEntry[] = [];
    const mailboxes = new Map<Mailbox, Position>();
    for (const user of new Set(rows.map(({ key }) => expiryUser(key)))) {
      const mailbox = await table.load(user);
      if (mailbox === null) continue;
      mailboxes.set(mailbox, mailbox.settled);
      for await (const { entries } of this.#chunks(mailbox, mailbox.settled)) {
        for (const entry of entries) {
          if (entry.expires <= now && isUntold(entry, mailbox)) untold.push(withoutBody(entry));
        }
      }
    }
    const keys = rows.map(({ key }) => key);
    return { now, keys, mailboxes, untold, more: rows.length === WRITES_MAX };
  }

  /** Drops what {@linkcode findExpired} found. */
  async dropExpired({ now, keys, mailboxes }: Expired): Promise<void> {
    const changed = new Set<string>();
    for (const [mailbox, settled] of mailboxes) {
      if (!mailbox.isLoaded || mailbox.settled !== settled) changed.add(mailbox.user);
      if (!mailbox.isLoaded) continue;
      for await (const chunk of this.#chunks(mailbox, settled)) {
        await this.#expireChunk(mailbox, chunk, now);
      }
    }
    // A time is forgotten only after what it stands for is gone; newer rows may share it.
    const gone = keys.filter((key) => !changed.has(expiryUser(key)));
    const writes = gone.map((key): Write => ({ key, value: null }));
    if (writes.length > 0) await this.#parts.database.write(writes);
  }

  /** The chunks of a mailbox up to a position. */
  async *#chunks(mailbox: Mailbox, upTo: Position): AsyncGenerator<Chunk> {
    let after: Position = 0;
    for (let more = true; more;) {
      const read = await readChunks(this.#parts.database, mailbox.user, after);
      for (const chunk of read.chunks) {
        if (chunk.last > upTo) return;
        yield chunk;
        after = chunk.last;
      }
      more = read.more;
    }
  }

  async #expireChunk(mailbox: Mailbox, chunk: Chunk, now: number): Promise<void> {
    const gone = chunk.entries.filter((entry) => entry.expires <= now);
    const kept = chunk.entries.filter((entry) => entry.expires > now);
    if (gone.length === 0) return;
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
