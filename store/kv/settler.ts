/**
 * Settling: what is still unacknowledged after a few seconds moves from the journal into rows, with
 * the cursors; then the journal is cut. It may be interrupted anywhere and repeated: the rows of a
 * mailbox and the position up to which they are rows are written in one commit.
 *
 * @module
 */
import type { Position } from "../store.ts";
import { type Amount, amountWith } from "./amount.ts";
import { chunkWrites, cutChunks } from "./chunks.ts";
import { type Cids, CIDS_WRITE_MAX, cidWrites } from "./cids.ts";
import { COMMIT_BYTES_MAX, type Write, WRITES_MAX } from "./database.ts";
import type { Journal, Segment } from "./journal.ts";
import { owedBy } from "./debts.ts";
import { closedError } from "./guarded_database.ts";
import { chunksRange, countersKey, journalKey, mailboxKey } from "./keys.ts";
import type { StoredEntry } from "./lines.ts";
import type { Mailbox } from "./mailbox.ts";
import type { MailboxRow } from "./mailbox_row.ts";
import type { MailboxTable } from "./mailbox_table.ts";
import type { OwnedDatabase } from "./owned_database.ts";
import { jsonValue } from "./values.ts";

/** Steps planned before they are written: bounds what is encoded ahead. */
const STEPS_MAX = 200;

/** Where the counters stand: no number up to these is used again. */
export interface Counters {
  readonly segment: number;
  readonly position: Position;
}

/** What {@linkcode Settler} works on. */
export interface SettlerParts {
  readonly database: OwnedDatabase;
  readonly journal: Journal;
  readonly table: MailboxTable;
  readonly cids: Cids;
  /** Hears of a mailbox whose rows may all be acknowledged. */
  readonly passed: (mailbox: Mailbox) => void;
  /** Whether there is no time left: what is not settled by then stays in the journal. */
  readonly isOver: () => boolean;
}

/** A part of one mailbox that is settled in one commit. */
interface Step {
  readonly mailbox: Mailbox;
  readonly entries: readonly StoredEntry[];
  readonly upTo: Position;
  /** Where the mailbox is in the index of expiries after it. */
  readonly expires: number;
  /** What the outbox says of the mailbox after it. */
  readonly owed: string;
  readonly writes: readonly Write[];
}

/** Moves what is old from the journal into rows. */
export class Settler {
  readonly #parts: SettlerParts;
  /** Mailboxes whose commit threw: it may have been made, and left rows that nobody counted. */
  readonly #doubtful = new Set<Mailbox>();

  constructor(parts: SettlerParts) {
    this.#parts = parts;
  }

  /** Settles everything up to a committed position, and cuts the journal, if there is time. */
  async settle(upTo: Position): Promise<void> {
    this.#assertCertain();
    const { table, journal } = this.#parts;
    const segments = journal.segments.filter(({ last }) => last <= upTo);
    const touched = table.takeTouched();
    let isWhole = false;
    try {
      await this.#undoDoubtful();
      isWhole = await this.#settleMailboxes(touched, upTo);
    } finally {
      // What was not settled is still due; settling again what was is harmless.
      if (!isWhole) { for (const mailbox of touched) table.touch(mailbox); }
    }
    if (isWhole && await this.#settleCids(upTo)) await this.#cut(segments);
  }

  /** Settles one mailbox, whatever its age. */
  async settleMailbox(mailbox: Mailbox): Promise<void> {
    await this.#undoDoubtful();
    this.#assertCertain();
    await this.#write(plan(mailbox, mailbox.last));
  }

  /**
   * What came after a commit that may be on disk must not become rows: the next start would find the
   * `cid`s of that commit, and take its messages for settled.
   *
   * @throws {StoreUnavailableError} it was closed before the disk told.
   */
  #assertCertain(): void {
    if (this.#parts.journal.isDoubtful) throw closedError();
  }

  /** @returns whether there was time for all of them */
  async #settleMailboxes(touched: Iterable<Mailbox>, upTo: Position): Promise<boolean> {
    const { table, isOver } = this.#parts;
    const steps: Step[] = [];
    for (const { user } of touched) {
      if (isOver()) return false;
      const mailbox = await table.load(user);
      if (mailbox !== null) steps.push(...plan(mailbox, upTo));
      if (steps.length >= STEPS_MAX) await this.#write(steps.splice(0), isOver);
    }
    await this.#write(steps, isOver);
    return !isOver();
  }

  async #write(steps: readonly Step[], isOver = () => false): Promise<void> {
    let start = 0;
    while (start < steps.length && !isOver()) {
      const end = commitEnd(steps, start);
      const group = steps.slice(start, end);
      await this.#writeGroup(group);
      start = end;
    }
  }

  async #writeGroup(group: readonly Step[]): Promise<void> {
    const { journal, table } = this.#parts;
    for (const { mailbox, expires } of group) {
      this.#doubtful.add(mailbox);
      mailbox.expiry.begin(expires);
      mailbox.debts.begin();
    }
    await journal.writeRows(group.flatMap(({ writes }) => writes));
    for (const { mailbox, entries, upTo, expires, owed } of group) {
      mailbox.settle(entries, upTo);
      mailbox.expiry.done(expires);
      mailbox.debts.done(owed);
      this.#doubtful.delete(mailbox);
      if (!mailbox.isSettled) table.touch(mailbox);
      // Acknowledged while it was written.
      const newest = entries.at(-1)?.position ?? Infinity;
      if (newest <= mailbox.lowestCursor()) this.#parts.passed(mailbox);
    }
  }

  /**
   * Takes back what commits that threw may have made: the chunks that are written instead may begin
   * and end elsewhere, and no entry may be in two of them.
   */
  async #undoDoubtful(): Promise<void> {
    const { database, journal } = this.#parts;
    for (const mailbox of this.#doubtful) {
      if (mailbox.isLoaded) {
        const range = chunksRange(mailbox.user, mailbox.settled);
        const deletes = (await database.list(range, WRITES_MAX)).map(({ key }) => ({
          key,
          value: null,
        }));
        const { expiry, rows, user } = mailbox;
        await journal.writeRows([
          ...deletes,
          rowWrite(mailbox, { rows, expires: expiry.time }),
          ...expiry.writes(user, expiry.time),
        ]);
        expiry.done(expiry.time);
      }
      this.#doubtful.delete(mailbox);
    }
  }

  /** @returns whether there was time for all of them */
  async #settleCids(upTo: Position): Promise<boolean> {
    const { cids, database, isOver } = this.#parts;
    const settling = cids.toSettle(upTo);
    for (let start = 0; start < settling.length; start += CIDS_WRITE_MAX) {
      if (isOver()) return false;
      const some = settling.slice(start, start + CIDS_WRITE_MAX);
      await database.write(cidWrites(some, some[0]?.position ?? 0));
      cids.settled(some);
    }
    return !isOver();
  }

  /** Deletes settled segments, oldest first: what is left is always a whole end of the journal. */
  async #cut(segments: readonly Segment[]): Promise<void> {
    const { database, journal, isOver } = this.#parts;
    let writes: Write[] = [];
    for (const [index, segment] of segments.entries()) {
      if (isOver()) return;
      for (let part = 0; part < segment.parts; part++) {
        writes.push({ key: journalKey(segment.number, part), value: null });
      }
      const next = segments[index + 1];
      if (next !== undefined && writes.length + next.parts < WRITES_MAX) continue;
      const counters: Counters = { segment: segment.number, position: journal.position };
      await database.write([...writes, { key: countersKey, value: jsonValue(counters) }]);
      journal.cut(segment.number);
      writes = [];
    }
  }
}

/** What settling one mailbox takes: a step a chunk, or one that writes only the cursors. */
function plan(mailbox: Mailbox, upTo: Position): Step[] {
  const { expiry, user } = mailbox;
  const end = Math.max(upTo, mailbox.settled);
  const entries = mailbox.toSettle(upTo);
  const expires = entries.reduce((least, entry) => Math.min(least, entry.expires), expiry.time);
  const owed = owedBy(mailbox.cursors.values(), mailbox.last);
  // Nothing may be a row that the indexes do not know: they go with the first of them.
  let index: readonly Write[] = [
    ...expiry.writes(user, expires),
    ...mailbox.debts.writes(user, owed),
  ];
  if (entries.length === 0) {
    const row = rowWrite(mailbox, { settled: end, rows: mailbox.rows, expires, owed });
    return [{ mailbox, entries, upTo: end, expires, owed, writes: [row, ...index] }];
  }
  const newest = entries.at(-1)?.position;
  const steps: Step[] = [];
  let rows: Amount = mailbox.rows;
  for (const chunk of cutChunks(entries)) {
    const last = chunk.at(-1)?.position ?? 0;
    const settled = last === newest ? end : last;
    rows = amountWith(rows, chunk);
    const row = rowWrite(mailbox, { settled, rows, expires, owed });
    const writes = [...chunkWrites(user, last, chunk), row, ...index];
    steps.push({ mailbox, entries: chunk, upTo: settled, expires, owed, writes });
    index = [];
  }
  return steps;
}

/** What a row is to say that the mailbox in memory does not say yet. */
interface RowChange {
  readonly settled?: Position;
  readonly rows: Amount;
  readonly expires: number;
  readonly owed?: string;
}

/** Writes the row of a mailbox. */
export function rowWrite(
  mailbox: Mailbox,
  { settled, rows, expires, owed = mailbox.debts.told }: RowChange,
): Write {
  const row: MailboxRow = {
    ...mailbox.toRow(settled),
    rows: { ...rows },
    expires: expires === Infinity ? null : expires,
    owed,
  };
  return { key: mailboxKey(mailbox.user), value: jsonValue(row) };
}

/** Where the commit that begins with a step ends; at least one step is in it. */
function commitEnd(steps: readonly Step[], start: number): number {
  let count = 0;
  let bytes = 0;
  for (let index = start; index < steps.length; index++) {
    const writes = steps[index]?.writes ?? [];
    count += writes.length;
    bytes += writes.reduce((sum, { value }) => sum + (value?.length ?? 0) + KEY_BYTES_MAX, 0);
    if (index > start && (count > WRITES_MAX || bytes > COMMIT_BYTES_MAX)) return index;
  }
  return steps.length;
}

/** Bytes of a key of this file, at most. */
const KEY_BYTES_MAX = 256;
