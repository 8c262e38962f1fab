/**
 * A file of the journal in use.
 *
 * @module
 */
import type { JournalSpace } from "./directory.ts";
import {
  FILE_HEADER_BYTES,
  fileHeader,
  RECORD_HEADER_BYTES,
  sealRecord,
  type SegmentRecord,
} from "./records.ts";

/** A file with the segments that were written to it, one after the other. */
export class JournalFile {
  /** What names it. */
  readonly slot: number;
  readonly #space: JournalSpace;
  #header: Uint8Array;
  /** Where the next record begins. */
  #end = Infinity;
  /** Something may stand there that is not to be found. */
  #isTorn = false;
  #isClosed = false;
  #last: number;

  /**
   * A file that is only kept until all its segments are settled, or written again.
   *
   * @param last the newest of its segments
   */
  constructor(slot: number, space: JournalSpace, last: number) {
    this.slot = slot;
    this.#space = space;
    this.#header = new Uint8Array();
    this.#last = last;
  }

  /** The number of the newest segment in it; 0 where there is none. */
  get last(): number {
    return this.#last;
  }

  /** Whether {@linkcode undo} is due. */
  get isTorn(): boolean {
    return this.#isTorn;
  }

  /** Bytes that are written, since {@linkcode restart}; no file has room that did not restart. */
  get size(): number {
    return this.#end;
  }

  /** Forgets what is in it, for segments from a number on. @throws where the disk refused */
  async restart(first: number): Promise<void> {
    const header = fileHeader(first);
    this.#space.reserve(header.length);
    // Until it is there, nothing that is added could be found.
    this.#end = Infinity;
    await this.#space.write(header, 0);
    this.#header = header;
    this.#end = FILE_HEADER_BYTES;
    this.#last = 0;
  }

  /**
   * Adds a segment; it is on disk when this resolves.
   *
   * @param record the text, and {@linkcode RECORD_HEADER_BYTES} before it
   * @throws where the disk refused; then {@linkcode undo} is due before anything else.
   */
  async append(
    record: Uint8Array,
    segment: Pick<SegmentRecord, "number" | "previous">,
  ): Promise<void> {
    sealRecord(record, segment, this.#header);
    // Where that fails, nothing was written.
    this.#space.reserve(this.#end + record.length);
    this.#isTorn = true;
    await this.#space.write(record, this.#end);
    this.#isTorn = false;
    this.#end += record.length;
    this.#last = segment.number;
  }

  /** Makes sure that nobody ever finds a segment that could not be added. @throws where the disk refused */
  async undo(): Promise<void> {
    if (!this.#isTorn) return;
    await this.#space.write(new Uint8Array(RECORD_HEADER_BYTES), this.#end);
    this.#isTorn = false;
  }

  /** Lets others have it. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#space.close();
  }
}
