/**
 * Reading a mailbox: its rows, then its unsettled entries in memory.
 *
 * @module
 */
import type { Entry, Page, Position, ReadLimit, StoreClock } from "../store.ts";
import { type Amount, amountWith, type Exact, NOTHING } from "./amount.ts";
import { type Chunks, readChunks } from "./chunks.ts";
import type { StoredEntry } from "./lines.ts";
import type { Mailbox } from "./mailbox.ts";
import type { OwnedDatabase } from "./owned_database.ts";
import { isOwn, PageBuilder } from "./page_builder.ts";

/** Pieces of mailboxes kept decoded for devices that catch up; each is 1 MiB at most. */
const PIECES_MAX = 32;

/** What of a mailbox was read ahead. */
interface Piece extends Chunks {
  readonly after: Position;
  readonly upTo: Position;
}

/** Reads entries, and counts what waits. */
export class Reader {
  readonly #database: OwnedDatabase;
  readonly #clock: StoreClock;
  readonly #pieces = new Map<Mailbox, Piece>();
  /** By id: what a device passes because it has expired, and no sweep would find any more. */
  readonly #missed = new Map<string, StoredEntry>();

  constructor(database: OwnedDatabase, clock: StoreClock) {
    this.#database = database;
    this.#clock = clock;
  }

  /** See {@linkcode Mailboxes.read}. */
  async read(
    mailbox: Mailbox,
    device: string,
    after: Position,
    limit: ReadLimit,
  ): Promise<Page> {
    const page = new PageBuilder(mailbox, device, after, limit, this.#clock.now(), this.#missed);
    const { settled } = mailbox;
    if (after < settled && hasRows(mailbox)) {
      const { chunks, more, upTo } = await this.#piece(mailbox, after);
      for (const { entries } of chunks) if (!page.addAll(entries)) return page.done();
      page.passed(more ? upTo : settled);
      // While the disk was read, entries may have moved from memory to rows: read on from there.
      if (more || settled !== mailbox.settled) return page.done();
    }
    let index = mailbox.indexAfter(page.upTo);
    for (let entry = mailbox.at(index); entry !== undefined; entry = mailbox.at(++index)) {
      if (!page.add(entry)) return page.done();
    }
    page.passed(mailbox.last);
    return page.done();
  }

  /** Messages past a position that wait for a device. */
  async pending(mailbox: Mailbox, device: string, after: Position): Promise<number> {
    const now = this.#clock.now();
    let pending = 0;
    for await (const entry of this.from(mailbox, after)) {
      const waits = entry.kind === "message" && entry.expires > now;
      if (waits && !isOwn(entry, mailbox.user, device)) pending++;
    }
    return pending;
  }

  /** Counts the rows of a mailbox whose tail was settled just now, and that nobody settles now. */
  async count(mailbox: Mailbox): Promise<{ rows: Readonly<Amount>; exact: Exact }> {
    const now = this.#clock.now();
    let rows: Readonly<Amount> = NOTHING;
    let spare = rows;
    let until = Infinity;
    let after = mailbox.lowestCursor();
    for (let more = hasRows(mailbox); more;) {
      const read = await readChunks(this.#database, mailbox.user, after);
      const lowest = after;
      for (const { entries, last } of read.chunks) {
        const kept = entries.filter(({ position }) => position > lowest);
        const idle = kept.filter((entry) => entry.expires <= now || !waits(entry, mailbox));
        rows = amountWith(rows, kept);
        spare = amountWith(spare, idle);
        for (const { expires } of kept) if (expires > now) until = Math.min(until, expires);
        after = last;
      }
      more = read.more;
    }
    return { rows, exact: { until, spare } };
  }

  /** Messages that wanted a receipt and that devices passed because they had expired. */
  get missed(): ReadonlyMap<string, StoredEntry> {
    return this.#missed;
  }

  /** The senders of these were told. */
  told(ids: Iterable<string>): void {
    for (const id of ids) this.#missed.delete(id);
  }

  /** Forgets what was read ahead of a mailbox. */
  forget(mailbox: Mailbox): void {
    this.#pieces.delete(mailbox);
  }

  /** All entries past a position, as they are now. */
  async *from(mailbox: Mailbox, after: Position): AsyncGenerator<StoredEntry> {
    const { settled } = mailbox;
    const tail: StoredEntry[] = [];
    let index = mailbox.indexAfter(after);
    for (let entry = mailbox.at(index); entry !== undefined; entry = mailbox.at(++index)) {
      tail.push(entry);
    }
    for (let more = after < settled && hasRows(mailbox); more;) {
      const read = await readChunks(this.#database, mailbox.user, after);
      for (const { entries, last } of read.chunks) {
        for (const entry of entries) {
          if (entry.position > after && entry.position <= settled) yield entry;
        }
        after = last;
      }
      more = read.more;
    }
    yield* tail;
  }

  async #piece(mailbox: Mailbox, after: Position): Promise<Piece> {
    const kept = this.#pieces.get(mailbox);
    this.#pieces.delete(mailbox);
    const usable = kept !== undefined && kept.more && kept.after <= after && after < kept.upTo;
    const piece = usable ? kept : await this.#readPiece(mailbox, after);
    // The last one of a mailbox is not kept: what follows it may be settled any time.
    if (!piece.more) return piece;
    this.#pieces.set(mailbox, piece);
    const [oldest] = this.#pieces.keys();
    if (this.#pieces.size > PIECES_MAX && oldest !== undefined) this.#pieces.delete(oldest);
    return piece;
  }

  async #readPiece(mailbox: Mailbox, after: Position): Promise<Piece> {
    const read = await readChunks(this.#database, mailbox.user, after);
    return { ...read, after, upTo: read.chunks.at(-1)?.last ?? after };
  }
}

function hasRows(mailbox: Mailbox): boolean {
  return mailbox.rows.messages + mailbox.rows.receipts > 0;
}

/** Whether some device has not acknowledged an entry that is meant for it. */
function waits(entry: Entry, mailbox: Mailbox): boolean {
  if (mailbox.cursors.size === 0) return true;
  for (const cursor of mailbox.cursors.values()) {
    if (cursor.position < entry.position && !isOwn(entry, mailbox.user, cursor.device)) return true;
  }
  return false;
}
