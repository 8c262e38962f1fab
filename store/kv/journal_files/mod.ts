/**
 * The files in which the journal keeps its segments.
 *
 * @module
 */
export { DenoJournalDirectory, journalPath, journalSlots } from "./deno_directory.ts";
export type { JournalDirectory, JournalSpace } from "./directory.ts";
export { JournalFile } from "./journal_file.ts";
export {
  FILE_HEADER_BYTES,
  isJournalFile,
  RECORD_HEADER_BYTES,
  recordsOf,
  type SegmentRecord,
} from "./records.ts";
