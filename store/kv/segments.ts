/**
 * Where the segments of the journal are: in files, which a disk syncs in half the time that a commit
 * of the database takes; or in rows of the database, where something else has to be in the same
 * commit. The database names the files.
 *
 * @module
 */
import { type ReadsRows, VALUE_BYTES_MAX, type Write } from "./database.ts";
import {
  isJournalFile,
  type JournalDirectory,
  JournalFile,
  RECORD_HEADER_BYTES,
  recordsOf,
  type SegmentRecord,
} from "./journal_files/mod.ts";
import { journalFilesKey, journalKey } from "./keys.ts";
import type { OwnedDatabase } from "./owned_database.ts";
import {
  assertNoneLeft,
  createFile,
  named,
  openNamed,
  refusing,
  removeOthers,
  unusable,
} from "./slots.ts";
import { byteWrites, jsonValue } from "./values.ts";

/** Bytes of the text of one segment, at most. */
export const SEGMENT_BYTES_MAX = 10 * VALUE_BYTES_MAX;

/** Files that are kept to be written again: what settling empties at a time under full load. */
const SPARES_MAX = 8;

/** What became of a segment. */
export interface WrittenSegment {
  /** Rows of the database that it has: none in a file. */
  readonly parts: number;
  readonly bytes: number;
}

/** What {@linkcode Segments.open} found. */
export interface OpenedSegments {
  readonly segments: Segments;
  /** What was not settled of the files, oldest first. */
  readonly records: readonly SegmentRecord[];
}

/** The segments of one journal. */
export class Segments {
  readonly #database: OwnedDatabase;
  readonly #directory: JournalDirectory | null;
  readonly #buffer = new Uint8Array(RECORD_HEADER_BYTES + SEGMENT_BYTES_MAX);
  readonly #encoder = new TextEncoder();
  /** The files that the database names. */
  #files: JournalFile[] = [];
  /** Those of them that an earlier life wrote. */
  readonly #inherited = new Set<JournalFile>();
  /** The one that is written. */
  #current: JournalFile | null = null;
  /** Whether the database may name others by now. */
  #isMisnamed = false;
  /** A file that was made and that the database may name by now. */
  #next: JournalFile | null = null;
  /** Segments up to this one were settled. */
  #settled: number;
  /** The newest segment on disk, wherever that is. */
  #last: number | null = null;
  /** The write that is under way, or failed. */
  #attempt: WrittenSegment = { parts: 0, bytes: 0 };

  private constructor(
    database: OwnedDatabase,
    directory: JournalDirectory | null,
    settled: number,
  ) {
    this.#database = database;
    this.#directory = directory;
    this.#settled = settled;
  }

  /**
   * Makes sure that no other process has a file: it would lose the database to this one. And that
   * none is left of a database that was lost. @throws {StoreUnavailableError}
   */
  static async assertFree(database: ReadsRows, directory: JournalDirectory | null): Promise<void> {
    const { slots, isNew } = await named(database);
    for (const slot of slots) (await openNamed(directory, slot)).close();
    if (isNew) await assertNoneLeft(directory);
  }

  /**
   * Takes the files over, and deletes those that the database does not name.
   *
   * @param directory null: there are no files, all is in the database
   * @throws {StoreUnavailableError} a file is missing or damaged, or another process has it.
   */
  static async open(
    database: OwnedDatabase,
    directory: JournalDirectory | null,
  ): Promise<OpenedSegments> {
    const { slots, settled } = await named(database);
    const segments = new Segments(database, directory, settled);
    const records: SegmentRecord[] = [];
    try {
      for (const slot of slots) {
        for (const record of await segments.#takeOver(slot)) {
          if (record.number > settled) records.push(record);
        }
      }
      if (directory !== null) await refusing(removeOthers(directory, slots));
    } catch (error) {
      segments.#closeAll();
      throw error;
    }
    return { segments, records: records.sort((one, other) => one.number - other.number) };
  }

  /**
   * Has a segment on disk, and with it some changes of the database; all or nothing.
   *
   * @throws {LostOwnerError} nothing was changed.
   * @throws {RangeError} the text is longer than {@linkcode SEGMENT_BYTES_MAX}.
   * @throws {StoreUnavailableError} the disk refused; {@linkcode find} tells what became of it.
   */
  async write(number: number, text: string, writes: readonly Write[]): Promise<WrittenSegment> {
    this.#attempt = { parts: 0, bytes: 0 };
    const { read, written } = this.#encoder.encodeInto(
      text,
      this.#buffer.subarray(RECORD_HEADER_BYTES),
    );
    if (read < text.length) throw new RangeError("Cannot commit: the segment is too long");
    const record = this.#buffer.subarray(0, RECORD_HEADER_BYTES + written);
    this.#last ??= number - 1;
    if (this.#directory === null || writes.length > 0) await this.#toRows(number, record, writes);
    else await this.#toFile(this.#directory, number, record);
    this.#last = number;
    return this.#attempt;
  }

  /**
   * What became of a {@linkcode write} that threw.
   *
   * @returns null where it is not on disk, and never will be
   * @throws {StoreUnavailableError} the disk does not tell.
   */
  async find(number: number): Promise<WrittenSegment | null> {
    await this.#undo();
    if (this.#attempt.parts === 0) return null;
    if (!await this.#database.holds(journalKey(number, 0))) return null;
    this.#last = number;
    return this.#attempt;
  }

  /** Makes changes that go with no segment, as {@linkcode OwnedDatabase.write} does. */
  writeRows(writes: readonly Write[]): Promise<void> {
    return this.#database.write(writes);
  }

  /** Says that segments up to a number were settled. */
  cut(upTo: number): void {
    this.#settled = Math.max(this.#settled, upTo);
  }

  /** Lets others have the files; where nothing is in them any more, they go. */
  async close(): Promise<void> {
    const isEmpty = !this.#files.some((file) => this.#isLive(file));
    try {
      if (isEmpty && this.#directory) await this.#letGo(this.#directory, this.#files);
    } catch {
      // The next start finds them.
    } finally {
      this.#closeAll();
    }
  }

  async #toRows(number: number, record: Uint8Array, writes: readonly Write[]): Promise<void> {
    const text = record.subarray(RECORD_HEADER_BYTES);
    const rows = byteWrites(text, (part) => journalKey(number, part));
    this.#attempt = { parts: rows.length, bytes: text.length };
    await this.#database.write([...rows, ...writes]);
  }

  async #toFile(directory: JournalDirectory, number: number, record: Uint8Array): Promise<void> {
    let file = this.#current;
    const isFull = file === null || file.size + record.length > directory.fileBytes;
    if (file === null || isFull) file = await this.#rotate(directory, number);
    this.#attempt = { parts: 0, bytes: record.length - RECORD_HEADER_BYTES };
    await refusing(file.append(record, { number, previous: this.#last ?? 0 }));
  }

  #undo(): Promise<void> {
    return this.#current === null ? Promise.resolve() : refusing(this.#current.undo());
  }

  /** Goes on to another file: one of this life in which all is settled, or a new one. */
  async #rotate(directory: JournalDirectory, first: number): Promise<JournalFile> {
    if (this.#isMisnamed) await this.#name(this.#files);
    const empty = this.#files.filter((file) => !this.#isLive(file));
    // Where locks do not work, who lost the database may not know yet, and go on writing to those.
    const inherited = empty.filter((file) => this.#inherited.has(file));
    const [idle, ...spares] = empty.filter((file) => !this.#inherited.has(file));
    // First, for a new one may need their room. Where it fails, it is tried again.
    await this.#letGo(directory, [...inherited, ...spares.slice(SPARES_MAX)]).catch(() => {});
    if (idle === undefined) return this.#current = await this.#begin(directory, first);
    await refusing(idle.restart(first));
    return this.#current = idle;
  }

  /** Makes a file, and has the database name it. */
  async #begin(directory: JournalDirectory, first: number): Promise<JournalFile> {
    const file = this.#next ??= await refusing(createFile(directory));
    await refusing(file.restart(first));
    await this.#name([...this.#files, file]);
    this.#files.push(file);
    this.#next = null;
    return file;
  }

  /** Deletes files in which nothing is left. */
  async #letGo(directory: JournalDirectory, files: readonly JournalFile[]): Promise<void> {
    if (files.length === 0) return;
    const left = this.#files.filter((file) => !files.includes(file));
    await this.#name(left);
    this.#files = left;
    // What is deleted takes no segment any more, also where going on to another file fails.
    if (this.#current !== null && files.includes(this.#current)) this.#current = null;
    for (const file of files) file.close();
    for (const { slot } of files) await directory.remove(slot);
  }

  async #takeOver(slot: number): Promise<readonly SegmentRecord[]> {
    const space = await openNamed(this.#directory, slot);
    try {
      const bytes = await refusing(space.read());
      if (!isJournalFile(bytes)) throw unusable(slot, "damaged");
      const records = recordsOf(bytes);
      const file = new JournalFile(slot, space, records.at(-1)?.number ?? 0);
      this.#files.push(file);
      this.#inherited.add(file);
      return records;
    } catch (error) {
      space.close();
      throw error;
    }
  }

  /** Whether something in a file is not settled. */
  #isLive({ isTorn, last }: JournalFile): boolean {
    return isTorn || last > this.#settled;
  }

  async #name(files: readonly JournalFile[]): Promise<void> {
    const value = jsonValue(files.map(({ slot }) => slot));
    this.#isMisnamed = true;
    await this.#database.write([{ key: journalFilesKey, value }]);
    this.#isMisnamed = false;
  }

  #closeAll(): void {
    for (const file of this.#files) file.close();
    this.#next?.close();
  }
}
