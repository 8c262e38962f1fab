/**
 * Reading mailboxes of a shared database: rows, of one entry each.
 *
 * @module
 */
import type { Page, Position, ReadLimit, StoreClock } from "../../store.ts";
import { type Amount, count, NOTHING } from "../amount.ts";
import { readChunks } from "../chunks.ts";
import type { ListsRows } from "../database.ts";
import type { StoredEntry } from "../lines.ts";
import { isOwn, PageBuilder } from "../page_builder.ts";
import type { Head } from "./head.ts";

/** Mailboxes whose count is remembered. */
const COUNTS_MAX = 1000;

/** What is in the rows of a mailbox and waits for nobody. */
interface Spare {
  /** The head that was counted. */
  readonly version: string | null;
  readonly floor: Position;
  /** When it is wrong: the next entry expires then. */
  readonly until: number;
  readonly amount: Readonly<Amount>;
}

/** Reads entries, and counts what waits. */
export class SharedReader {
  readonly #database: ListsRows;
  readonly #clock: Pick<StoreClock, "now">;
  readonly #spare = new Map<string, Spare>();
  /** By id: what a device passed because it had expired, and whose senders are to be told. */
  readonly missed = new Map<string, StoredEntry>();

  /** Reads a database. */
  constructor(database: ListsRows, clock: Pick<StoreClock, "now">) {
    this.#database = database;
    this.#clock = clock;
  }

  /** See {@linkcode Mailboxes.read}. */
  async read(head: Head, device: string, after: Position, limit: ReadLimit): Promise<Page> {
    const now = this.#clock.now();
    const page = new PageBuilder(head, device, after, limit, now, this.missed);
    for await (const entry of this.from(head, after)) if (!page.add(entry)) return page.done();
    page.passed(head.last);
    return page.done();
  }

  /** All entries past a position that the head knows of. */
  async *from(head: Head, after: Position): AsyncGenerator<StoredEntry> {
    let position = after;
    for (let more = position < head.last; more;) {
      const read = await readChunks(this.#database, head.user, position);
      for (const { entries, last } of read.chunks) {
        if (last > head.last) return;
        yield* entries;
        position = last;
      }
      more = read.more;
    }
  }

  /** Messages past a position that wait for a device. */
  async pending(head: Head, device: string, after: Position): Promise<number> {
    const now = this.#clock.now();
    let pending = 0;
    for await (const entry of this.from(head, after)) {
      const waits = entry.kind === "message" && entry.expires > now;
      if (waits && !isOwn(entry, head.user, device)) pending++;
    }
    return pending;
  }

  /** What waits in a mailbox for somebody. */
  async waiting(head: Head): Promise<Readonly<Amount>> {
    return (await this.#count(head)).amount;
  }

  /** What of a mailbox's rows waits for nobody; counted anew only where something has changed. */
  async spare(head: Head): Promise<Readonly<Amount>> {
    const { user, version, floor, heldRead: { messages, bytes, receipts } } = head;
    const known = this.#spare.get(user);
    const isKnown = known?.version === version && known.floor === floor;
    if (isKnown && this.#clock.now() < known.until) return known.amount;
    const { amount: waits, until } = await this.#count(head);
    const amount = {
      messages: messages - waits.messages,
      bytes: bytes - waits.bytes,
      receipts: receipts - waits.receipts,
    };
    this.#spare.delete(user);
    this.#spare.set(user, { version, floor, until, amount });
    const [oldest] = this.#spare.keys();
    if (this.#spare.size > COUNTS_MAX && oldest !== undefined) this.#spare.delete(oldest);
    return amount;
  }

  async #count(head: Head): Promise<{ amount: Amount; until: number }> {
    const now = this.#clock.now();
    const amount: Amount = { ...NOTHING };
    let until = Infinity;
    for await (const entry of this.from(head, head.floor)) {
      if (entry.expires <= now) continue;
      count(amount, entry, 1);
      until = Math.min(until, entry.expires);
    }
    return { amount, until };
  }
}
