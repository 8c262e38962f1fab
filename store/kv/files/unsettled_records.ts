/**
 * What is in the files of the journal beside a database, as of a moment of that, also while a server
 * writes them.
 *
 * @module
 */
import { StoreUnavailableError } from "../../store.ts";
import { isJournalFile, journalPath, recordsOf, type SegmentRecord } from "../journal_files/mod.ts";

/** What the database says of its journal. */
export interface JournalState {
  /** The files. */
  readonly slots: readonly number[];
  /** Segments up to this one were settled. */
  readonly settled: number;
  /** The newest segment that is in rows; 0 where there is none. */
  readonly newest: number;
}

/** What of the journal is in files. */
export interface Unsettled {
  /** The segments that were not settled, in order. */
  readonly records: readonly SegmentRecord[];
  /** The segment after those, where it was not there; what follows it was left out. */
  readonly missing: number | null;
}

/**
 * The segments in files that were not settled, in order.
 *
 * Those that came after the moment are there too, up to the first that follows one in the database
 * which came after the moment as well: so it is always a state in which the store once was.
 *
 * @param database where that is
 * @returns null where a file is missing, or is none
 * @throws {StoreUnavailableError} the disk refused.
 */
export function readUnsettled(
  database: string,
  { slots, settled, newest }: JournalState,
): Unsettled | null {
  const records: SegmentRecord[] = [];
  for (const slot of slots) {
    const file = readFile(journalPath(database, slot));
    if (file === null || !isJournalFile(file)) return null;
    for (const record of recordsOf(file)) {
      // Copied: the rest of the file is not needed.
      if (record.number > settled) records.push({ ...record, text: record.text.slice() });
    }
  }
  records.sort((one, other) => one.number - other.number);
  let known = Math.max(settled, newest);
  for (const [index, { number, previous }] of records.entries()) {
    if (previous > known) return { records: records.slice(0, index), missing: previous };
    known = Math.max(known, number);
  }
  return { records, missing: null };
}

/** Whether a segment is in one of the files now. */
export function isInFiles(database: string, slots: readonly number[], segment: number): boolean {
  return slots.some((slot) => {
    const file = readFile(journalPath(database, slot));
    return file !== null && recordsOf(file).some(({ number }) => number === segment);
  });
}

function readFile(path: string): Uint8Array | null {
  try {
    return Deno.readFileSync(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return null;
    throw new StoreUnavailableError("Cannot read the journal: the disk refused", { cause });
  }
}
