/**
 * Reading the journal back at a start.
 *
 * @module
 */
import { type Position, StoreUnavailableError } from "../store.ts";
import { Stretches } from "../stretches.ts";
import { storedCursor } from "./cursor.ts";
import type { Segment } from "./journal.ts";
import type { SegmentRecord } from "./journal_files/mod.ts";
import { countersKey, journalRange } from "./keys.ts";
import { type Line, parseLines, type StoredEntry } from "./lines.ts";
import { Mailbox } from "./mailbox.ts";
import type { Database, Row } from "./database.ts";
import type { Counters } from "./settler.ts";
import { decodeText, joinBytes, parseJson } from "./values.ts";

/** Rows read at once: 2 MiB at most. */
const ROWS_READ_MAX = 32;

/** What the journal held. */
export interface Replayed {
  readonly mailboxes: ReadonlyMap<string, Mailbox>;
  /** Entries with a `cid`, in order of position. */
  readonly withCid: readonly StoredEntry[];
  readonly segments: readonly Segment[];
  readonly segment: number;
  readonly position: Position;
}

/** What a journal is read from. */
export type Readable = Pick<Database, "read" | "list">;

/** A segment as it is on disk. */
interface StoredSegment {
  readonly number: number;
  readonly text: Uint8Array;
  /** Rows of the database that it has. */
  readonly parts: number;
}

/**
 * Reads what was not settled when the store was last in use.
 *
 * @param records what of it is in files
 * @throws {StoreUnavailableError} a segment is missing.
 */
export async function replay(
  database: Readable,
  records: readonly SegmentRecord[],
): Promise<Replayed> {
  const [row] = await database.read([countersKey]);
  const counters = row ? parseJson<Counters>(row.value) : { segment: 0, position: 0 };
  const replayer = new Replayer(counters);
  let next = 0;
  for await (const segment of segmentsOfRows(database, counters.segment + 1)) {
    for (; (records[next]?.number ?? Infinity) < segment.number; next++) {
      replayer.record(records[next]);
    }
    replayer.segment(segment);
  }
  for (; next < records.length; next++) replayer.record(records[next]);
  return replayer.done();
}

async function* segmentsOfRows(database: Readable, from: number): AsyncGenerator<StoredSegment> {
  let parts: Row[] = [];
  for await (const part of journalRows(database, from)) {
    if (parts[0] !== undefined && parts[0].key[1] !== part.key[1]) {
      yield segmentOf(parts);
      parts = [];
    }
    parts.push(part);
  }
  if (parts.length > 0) yield segmentOf(parts);
}

function segmentOf(parts: readonly Row[]): StoredSegment {
  const number = Number(parts[0]?.key[1]);
  return { number, text: joinBytes(parts), parts: parts.length };
}

async function* journalRows(database: Readable, from: number): AsyncGenerator<Row> {
  const { start, end } = journalRange(from);
  let next = start;
  for (;;) {
    const rows = await database.list({ start: next, end }, ROWS_READ_MAX);
    yield* rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < ROWS_READ_MAX) return;
    // The key that follows: the same one and one part more.
    next = [...last.key, 0];
  }
}

/** Takes segments in, oldest first. */
class Replayer {
  readonly #mailboxes = new Map<string, Mailbox>();
  readonly #segments: Segment[] = [];
  #withCid: StoredEntry[] = [];
  #segment: number;
  #position: Position;

  constructor(counters: Counters) {
    this.#segment = counters.segment;
    this.#position = counters.position;
  }

  /** A segment of a file says which one is before it: that one must be here, or be settled. */
  record(record: SegmentRecord | undefined): void {
    if (record === undefined) return;
    const { number, previous, text } = record;
    if (previous > this.#segment) {
      throw new StoreUnavailableError(`Cannot read the journal: segment ${previous} is missing`);
    }
    this.segment({ number, text, parts: 0 });
  }

  segment({ number, text, parts }: StoredSegment): void {
    this.#segment = number;
    for (const line of parseLines(decodeText(text))) this.#line(line);
    this.#segments.push({ number, parts, last: this.#position, bytes: text.length });
  }

  done(): Replayed {
    for (const mailbox of this.#mailboxes.values()) mailbox.interrupt(this.#position);
    return {
      mailboxes: this.#mailboxes,
      withCid: this.#withCid,
      segments: this.#segments,
      segment: this.#segment,
      position: this.#position,
    };
  }

  #line(line: Line): void {
    switch (line.kind) {
      case "entry":
        return this.#entry(line.entry);
      case "cursor": {
        const mailbox = this.#mailbox(line.user);
        mailbox.forgotten?.delete(line.device);
        mailbox.acknowledged.addAll(Stretches.parse(line.acknowledged));
        mailbox.cursors.set(line.device, storedCursor(line.device, line.state));
        return;
      }
      case "forgotten": {
        const mailbox = this.#mailbox(line.user);
        mailbox.forgotten ??= new Set();
        mailbox.forgotten.add(line.device);
        mailbox.cursors.delete(line.device);
        mailbox.born = Math.max(mailbox.born, line.born);
        return;
      }
      case "removed":
        this.#mailboxes.delete(line.user);
        this.#withCid = this.#withCid.filter(({ sender }) => sender !== line.user);
        return;
    }
  }

  #entry(entry: StoredEntry): void {
    this.#position = Math.max(this.#position, entry.position);
    this.#mailbox(entry.to).replay(entry);
    if (entry.copied) this.#mailbox(entry.sender).replay(entry);
    if (entry.cid !== undefined) this.#withCid.push(entry);
  }

  #mailbox(user: string): Mailbox {
    const mailbox = this.#mailboxes.get(user) ?? new Mailbox(user);
    this.#mailboxes.set(user, mailbox);
    return mailbox;
  }
}
