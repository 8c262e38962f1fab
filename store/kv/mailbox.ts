/**
 * One mailbox in memory: its unsettled entries, its cursors and what is known of its rows.
 *
 * @module
 */
import { Stretches } from "../stretches.ts";
import type { Draft, Position, StoreLimits } from "../store.ts";
import { type Amount, count, type Exact, fits, NOTHING } from "./amount.ts";
import { type Cursor, cursorState, storedCursor } from "./cursor.ts";
import { Debts } from "./debts.ts";
import { Expiry } from "./expiry.ts";
import type { StoredEntry } from "./lines.ts";
import type { MailboxRow } from "./mailbox_row.ts";

/** One mailbox. It does no input or output. */
export class Mailbox {
  readonly user: string;
  readonly cursors = new Map<string, Cursor>();
  /** False while only the journal's part is here, and once it was put out. */
  isLoaded = false;
  settled: Position = 0;
  born: Position = 0;
  /** The position of the newest committed entry. */
  last: Position = 0;
  /** What the rows hold past `counted`; an upper bound of what waits there. */
  readonly rows: Amount = { ...NOTHING };
  counted: Position = 0;
  /** When something in the rows expires. */
  readonly expiry = new Expiry();
  /** Whom its row in the outbox names. */
  readonly debts = new Debts();
  /** What some device has acknowledged, forgotten ones too. */
  readonly acknowledged = new Stretches();
  /** How often a cursor moved or went. */
  moves = 0;
  /** Devices that were forgotten while only the journal's part was loaded. */
  forgotten: Set<string> | null = null;
  /** What is admitted, committed or not, and neither settled nor acknowledged by all. */
  readonly #waiting: Amount = { ...NOTHING };
  /** Committed entries that are not rows yet, in order of position, from `#head` on. */
  #tail: StoredEntry[] = [];
  #head = 0;
  #exact: Exact | null = null;

  constructor(user: string) {
    this.user = user;
  }

  /** Whether another entry does not fit. A mailbox that is not exact may hold less than it says. */
  isFull(entry: Pick<Draft, "kind" | "bytes">, limits: StoreLimits): boolean {
    return !fits(this.held, entry, limits);
  }

  /** Whether what it says it holds was counted and still stands. */
  isExact(now: number): boolean {
    return this.#exact !== null && now < this.#exact.until;
  }

  /** Counts an entry that is on its way to the disk. */
  reserve(entry: StoredEntry, now: number): void {
    count(this.#waiting, entry, 1);
    // One that expired on its way here counts until it is on disk: no count could be exact with it.
    if (entry.expires > now) this.#limitExactness(entry);
  }

  /** Takes {@linkcode reserve} back: the entry was not committed. */
  release(entry: StoredEntry): void {
    count(this.#waiting, entry, -1);
  }

  /** Takes in an entry that is on disk. It was reserved before. */
  add(entry: StoredEntry): void {
    this.#tail.push(entry);
    this.last = entry.position;
    // A count may have been made since it was reserved.
    this.#limitExactness(entry);
  }

  /** Takes in an entry that the journal held; {@linkcode load} counts it. */
  replay(entry: StoredEntry): void {
    this.#tail.push(entry);
    this.last = entry.position;
  }

  /** Where every device stands. */
  positions(): ReadonlyMap<string, Position> {
    return new Map([...this.cursors].map(([device, { position }]) => [device, position]));
  }

  /** Everything up to here is acknowledged by every device; 0 where there is no device. */
  lowestCursor(): Position {
    if (this.cursors.size === 0) return this.born;
    let lowest = Infinity;
    for (const { position } of this.cursors.values()) lowest = Math.min(lowest, position);
    return lowest;
  }

  /** Forgets unsettled entries that every device has acknowledged. */
  trim(): void {
    const lowest = this.lowestCursor();
    let entry = this.#tail[this.#head];
    while (entry !== undefined && entry.position <= lowest) {
      count(this.#waiting, entry, -1);
      entry = this.#tail[++this.#head];
    }
    // Moving the rest is put off until it is the smaller part, so that trimming stays linear.
    if (this.#head * 2 > this.#tail.length) this.#drop(this.#head);
  }

  /** Entries up to a position that have to become rows. */
  toSettle(upTo: Position): readonly StoredEntry[] {
    this.trim();
    return this.#tail.slice(this.#head, this.indexAfter(upTo));
  }

  /** The given entries are rows now, and everything up to the position is settled. */
  settle(entries: readonly StoredEntry[], upTo: Position): void {
    for (const entry of entries) count(this.rows, entry, 1);
    this.settled = Math.max(this.settled, upTo);
    const end = this.indexAfter(upTo);
    for (let index = this.#head; index < end; index++) {
      const entry = this.#tail[index];
      if (entry !== undefined) count(this.#waiting, entry, -1);
    }
    this.#drop(end);
  }

  /** Where in the tail the entries past a position begin; for {@linkcode at}. */
  indexAfter(position: Position): number {
    let low = this.#head;
    let high = this.#tail.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#tail[middle]?.position ?? Infinity) > position) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** An unsettled entry, or undefined past the newest. */
  at(index: number): StoredEntry | undefined {
    return this.#tail[index];
  }

  /** Whether every committed entry is a row or gone. */
  get isSettled(): boolean {
    return this.#tail.length === this.#head;
  }

  /**
   * Takes over what its row says; entries and cursors of the journal, newer, are there already.
   *
   * @param row null for a mailbox that has none yet
   * @param last the newest position that anything can have had before
   */
  load(row: MailboxRow | null, last: Position): void {
    const start = (this.#tail[this.#head]?.position ?? last + 1) - 1;
    const { settled, born, counted, rows, cursors } = row ??
      { settled: start, born: start, counted: start, rows: {}, cursors: [] };
    this.last = Math.max(this.last, row?.last ?? 0);
    this.acknowledged.addAll(Stretches.parse(row?.acknowledged ?? ""));
    this.settled = settled;
    this.born = Math.max(this.born, born);
    this.counted = counted;
    this.expiry.load(row?.expires);
    this.debts.load(row?.owed);
    Object.assign(this.rows, rows);
    for (const [device, state] of cursors) {
      if (this.cursors.has(device) || this.forgotten?.has(device)) continue;
      this.cursors.set(device, storedCursor(device, state));
    }
    this.forgotten = null;
    this.#drop(this.indexAfter(settled));
    this.#recount();
    this.isLoaded = true;
  }

  /** After a restart: a device that was connected may have been sent everything there was. */
  interrupt(last: Position): void {
    for (const cursor of this.cursors.values()) {
      if (cursor.live) cursor.sent = Math.max(cursor.sent, last);
      cursor.live = false;
    }
  }

  /** What the rows hold without some of their entries. */
  rowsWithout(entries: Iterable<StoredEntry>): Amount {
    const rows = { ...this.rows };
    for (const entry of entries) {
      if (entry.position > this.counted) count(rows, entry, -1);
    }
    return rows;
  }

  /** The given entries are no longer rows. */
  drop(entries: Iterable<StoredEntry>): void {
    Object.assign(this.rows, this.rowsWithout(entries));
    this.#exact = null;
  }

  /** Takes over a count of the rows past a position. */
  recounted(rows: Readonly<Amount>, counted: Position, exact: Exact | null): void {
    this.counted = counted;
    Object.assign(this.rows, rows);
    this.#exact = exact;
    for (const entry of this.#tail.slice(this.#head)) this.#limitExactness(entry);
  }

  /** The cursor of a device that was not here before; it is not among {@linkcode cursors} yet. */
  newCursor(device: string, start: "oldest" | "newest"): Cursor {
    // Without any device the lowest cursor is where the mailbox begins.
    const first = this.cursors.size === 0 || start === "oldest";
    const position = first ? this.lowestCursor() : this.last;
    return { device, position, sent: position, live: true, reach: undefined, readers: 0 };
  }

  /** Moves a cursor forward. @returns whether it moved */
  advance(cursor: Cursor, upTo: Position): boolean {
    if (upTo <= cursor.position) return false;
    this.acknowledged.add(cursor.position, upTo);
    cursor.position = upTo;
    cursor.sent = Math.max(cursor.sent, upTo);
    this.moves++;
    this.#exact = null;
    this.trim();
    return true;
  }

  /** Takes a cursor out, as if it had never been; what waits for it stays. */
  withdraw(device: string): void {
    this.cursors.delete(device);
    this.moves++;
    this.#exact = null;
  }

  /** Drops a device's cursor, if there is one: once the last is gone, what all had passed stays gone. */
  forget(device: string): boolean {
    if (!this.cursors.has(device)) return false;
    if (this.cursors.size === 1) this.born = Math.max(this.born, this.lowestCursor());
    this.withdraw(device);
    this.trim();
    return true;
  }

  /** What waits for some device; an upper bound unless it was counted just now. */
  get held(): Amount {
    const spare = this.#exact?.spare ?? NOTHING;
    return {
      messages: this.rows.messages + this.#waiting.messages - spare.messages,
      bytes: this.rows.bytes + this.#waiting.bytes - spare.bytes,
      receipts: this.rows.receipts + this.#waiting.receipts - spare.receipts,
    };
  }

  /** Whether it can leave memory: nothing is in it that its row does not say. */
  get isIdle(): boolean {
    if (this.#waiting.messages + this.#waiting.receipts > 0 || !this.isSettled) return false;
    for (const { readers } of this.cursors.values()) if (readers > 0) return false;
    return true;
  }

  /** What its row has to say after settling up to a position. */
  toRow(settled: Position = this.settled): MailboxRow {
    const { born, counted, last } = this;
    return {
      settled,
      last,
      acknowledged: this.acknowledged.toString(),
      born,
      counted,
      rows: { ...this.rows },
      expires: this.expiry.time === Infinity ? null : this.expiry.time,
      owed: this.debts.told,
      cursors: [...this.cursors.values()].map((it) => [it.device, cursorState(it)] as const),
    };
  }

  /** A count is exact only until something that was counted expires. */
  #limitExactness({ expires }: StoredEntry): void {
    if (this.#exact !== null) this.#exact.until = Math.min(this.#exact.until, expires);
  }

  #drop(end: number): void {
    this.#tail = end >= this.#tail.length ? [] : this.#tail.slice(end);
    this.#head = 0;
  }

  #recount(): void {
    Object.assign(this.#waiting, NOTHING);
    for (const entry of this.#tail) count(this.#waiting, entry, 1);
  }
}
