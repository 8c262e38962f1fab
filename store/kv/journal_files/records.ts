/**
 * What is in a file of the journal: a header, then a record a segment, then zeros or what was there
 * when the file was last in use. All numbers are little-endian.
 *
 * - header: 8 bytes that say what it is, and the number of its first segment (a double)
 * - record: CRC-32 of what follows and of the header (4 bytes), length of the text (4 bytes), number
 *   of the segment, number of the segment before it (doubles), text
 *
 * Only the last record may be torn, or be none: its CRC tells, and no whole one is behind it. What
 * was left from an earlier use has another header in its CRC, as the log of SQLite has another salt.
 *
 * @module
 */
import { crc32 } from "node:zlib";

/** "titanjl" and the version of the form. */
const MAGIC = [0x74, 0x69, 0x74, 0x61, 0x6e, 0x6a, 0x6c, 0x01];

/** Bytes of the header of a file. */
export const FILE_HEADER_BYTES = 16;

/** Bytes of a record before its text. */
export const RECORD_HEADER_BYTES = 24;

/** A segment that is in a file. */
export interface SegmentRecord {
  /** Its number: later segments have higher ones, and some are left out. */
  readonly number: number;
  /** The number of the segment that was committed before it, wherever that is. */
  readonly previous: number;
  /** Its lines. */
  readonly text: Uint8Array;
}

/** The header of a file whose first segment has at least that number. */
export function fileHeader(first: number): Uint8Array {
  const header = new Uint8Array(FILE_HEADER_BYTES);
  header.set(MAGIC);
  new DataView(header.buffer).setFloat64(MAGIC.length, first, true);
  return header;
}

/**
 * Fills in what stands before the text of a record.
 *
 * @param record the text stands in it from {@linkcode RECORD_HEADER_BYTES} on
 * @param header of the file
 */
export function sealRecord(
  record: Uint8Array,
  { number, previous }: Pick<SegmentRecord, "number" | "previous">,
  header: Uint8Array,
): void {
  const view = viewOf(record);
  view.setUint32(4, record.length - RECORD_HEADER_BYTES, true);
  view.setFloat64(8, number, true);
  view.setFloat64(16, previous, true);
  view.setUint32(0, sumOf(record, header), true);
}

/** Whether bytes begin as a file does that was in use: the database names no other. */
export function isJournalFile(file: Uint8Array): boolean {
  return MAGIC.every((byte, index) => file[index] === byte);
}

/**
 * The whole records of a file, in order. The texts are parts of the bytes.
 *
 * Those behind one that is none are there, too: a record is begun once the one before it is synced,
 * so that one was damaged later, and who asks sees that it is missing.
 */
export function recordsOf(file: Uint8Array): SegmentRecord[] {
  if (!isJournalFile(file)) return [];
  const header = file.subarray(0, FILE_HEADER_BYTES);
  const view = viewOf(file);
  const records: SegmentRecord[] = [];
  let start = FILE_HEADER_BYTES;
  let last = 0;
  while (start + RECORD_HEADER_BYTES <= file.length) {
    // Most places are told by these two, and need no sum.
    const isAfter = view.getFloat64(start + 8, true) > last && file[start + 7] === 0;
    const record = isAfter ? wholeRecord(file, start, header) : null;
    if (record === null) {
      start++;
      continue;
    }
    records.push(record);
    last = record.number;
    start += RECORD_HEADER_BYTES + record.text.length;
  }
  return records;
}

function wholeRecord(file: Uint8Array, start: number, header: Uint8Array): SegmentRecord | null {
  if (start + RECORD_HEADER_BYTES > file.length) return null;
  const view = viewOf(file);
  const end = start + RECORD_HEADER_BYTES + view.getUint32(start + 4, true);
  if (end > file.length) return null;
  const record = file.subarray(start, end);
  if (view.getUint32(start, true) !== sumOf(record, header)) return null;
  const number = view.getFloat64(start + 8, true);
  const previous = view.getFloat64(start + 16, true);
  if (!Number.isSafeInteger(number)) return null;
  return { number, previous, text: record.subarray(RECORD_HEADER_BYTES) };
}

function sumOf(record: Uint8Array, header: Uint8Array): number {
  return crc32(record.subarray(4), crc32(header));
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}
