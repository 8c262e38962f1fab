/**
 * Compacting: rows that every device has passed, or that have expired, go. So that live commits do
 * not wait long, one commit deletes little.
 *
 * @module
 */
import type { Position, StoreClock } from "../store.ts";
import { type Chunk, chunkDeletes, chunkWrites, readChunks } from "./chunks.ts";
import { type Key, type Write, WRITES_MAX } from "./database.ts";
import type { Journal } from "./journal.ts";
import { expiriesRange, expiryUser } from "./keys.ts";
import type { StoredEntry } from "./lines.ts";
import type { Mailbox } from "./mailbox.ts";
import type { MailboxTable } from "./mailbox_table.ts";
import type { OwnedDatabase } from "./owned_database.ts";
import { isUntold, withoutBody } from "./page_builder.ts";
import { rowWrite } from "./settler.ts";

/** What {@linkcode Compactor} works on. */
export interface CompactorParts {
  readonly database: OwnedDatabase;
  readonly journal: Journal;
  readonly table: MailboxTable;
  readonly clock: StoreClock;
  /** Whether there is no time left. */
  readonly isOver: () => boolean;
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
      if (this.#parts.isOver()) return;
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
      if (mailbox.isLoaded) await this.#expireMailbox(mailbox, settled, now);
    }
    // By now those of mailboxes are gone, and here go those that nobody stands behind any more.
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

  /** Drops what has expired up to a position, and has the rest looked at in time. */
  async #expireMailbox(mailbox: Mailbox, settled: Position, now: number): Promise<void> {
    let next = Infinity;
    let last: Chunk | null = null;
    for await (const chunk of this.#chunks(mailbox, settled)) {
      for (const { expires } of chunk.entries) if (expires > now) next = Math.min(next, expires);
      if (chunk.entries.every(({ expires }) => expires > now)) continue;
      if (last !== null) await this.#expireChunk(mailbox, last, now);
      last = chunk;
    }
    // What became rows meanwhile was not looked at: the mailbox stays due.
    const expires = mailbox.settled === settled ? next : mailbox.expiry.time;
    // A time is left only after what it stands for is gone: with the last of it.
    if (last !== null) await this.#expireChunk(mailbox, last, now, expires);
    else if (expires !== mailbox.expiry.time) await this.#drop(mailbox, [], [], expires);
  }

  async #expireChunk(
    mailbox: Mailbox,
    chunk: Chunk,
    now: number,
    expires?: number,
  ): Promise<void> {
    const gone = chunk.entries.filter((entry) => entry.expires <= now);
    const kept = chunk.entries.filter((entry) => entry.expires > now);
    const writes: Write[] = chunkDeletes(mailbox.user, chunk);
    if (kept.length > 0) writes.push(...chunkWrites(mailbox.user, chunk.last, kept));
    await this.#drop(mailbox, gone, writes, expires);
  }

  /**
   * Makes the writes by which some entries are no longer rows.
   *
   * @param expires when the first of those that stay expires; left out: as before
   */
  async #drop(
    mailbox: Mailbox,
    entries: readonly StoredEntry[],
    writes: readonly Write[],
    expires: number = mailbox.expiry.time,
  ): Promise<void> {
    const { expiry, user } = mailbox;
    const row = rowWrite(mailbox, { rows: mailbox.rowsWithout(entries), expires });
    const index = expiry.writes(user, expires);
    expiry.begin(expires);
    await this.#parts.journal.writeRows([...writes, row, ...index]);
    expiry.done(expires);
    mailbox.drop(entries);
  }
}
