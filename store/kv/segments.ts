/**
 * Where the segments of the journal are: in files, which a disk syncs in half the time that a commit
 * of the database takes; or in rows of the database, where something else has to be in the same
 * commit. The database names the files.
 *
 * @module
 */
import { StoreUnavailableError } from "../store.ts";
import { type ReadsRows, VALUE_BYTES_MAX, type Write } from "./database.ts";
import {
  type JournalDirectory,
  JournalFile,
  type JournalSpace,
  RECORD_HEADER_BYTES,
  recordsOf,
  type SegmentRecord,
} from "./journal_files/mod.ts";
import { countersKey, journalFilesKey, journalKey } from "./keys.ts";
import type { OwnedDatabase } from "./owned_database.ts";
import type { Counters } from "./settler.ts";
import { byteWrites, jsonValue, parseJson } from "./values.ts";

/** Bytes of the text of one segment, at most. */
export const SEGMENT_BYTES_MAX = 10 * VALUE_BYTES_MAX;

/** Files that are kept to be written again; the rest is deleted. */
const SPARES_MAX = 2;

/** What became of a segment. */
export interface WrittenSegment {
  /** Rows of the database that it has: none in a file. */
  readonly parts: number;
  readonly bytes: number;
}

/** What {@linkcode Segments.open} found. */
export interface OpenedSegments {
  readonly segments: Segments;
  /** What was not settled of the files. */
  readonly records: readonly SegmentRecord[];
}

/** The segments of one journal. */
export class Segments {
  readonly #database: OwnedDatabase;
  readonly #directory: JournalDirectory | null;
  readonly #buffer = new Uint8Array(RECORD_HEADER_BYTES + SEGMENT_BYTES_MAX);
  readonly #encoder = new TextEncoder();
  /** The files that the database names, oldest first. */
  #files: JournalFile[] = [];
  /** The last of those, where this process began it. */
  #current: JournalFile | null = null;
  /** A file that was begun and that the database may name by now. */
  #next: JournalFile | null = null;
  /** Files that the database does not name any more. */
  #spares: JournalFile[] = [];
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
   * Makes sure that no other process has one of the files: it would lose the database to this one.
   *
   * @throws {StoreUnavailableError} one has.
   */
  static async assertFree(database: ReadsRows, directory: JournalDirectory | null): Promise<void> {
    const { slots } = await named(database);
    for (const slot of slots) (await openNamed(directory, slot)).close();
  }

  /**
   * Takes the files over, and deletes those that the database does not name.
   *
   * @param directory null: there are no files, all is in the database
   * @throws {StoreUnavailableError} a file is missing, or another process has it.
   */
  static async open(
    database: OwnedDatabase,
    directory: JournalDirectory | null,
  ): Promise<OpenedSegments> {
    const { slots, settled } = await named(database);
    const segments = new Segments(database, directory, settled);
    const records: SegmentRecord[] = [];
    try {
      for (const slot of slots) records.push(...await segments.#takeOver(slot));
      for (const slot of await directory?.list() ?? []) {
        if (!slots.includes(slot)) await directory?.remove(slot);
      }
    } catch (error) {
      segments.#closeAll();
      throw error;
    }
    return { segments, records: records.filter(({ number }) => number > settled) };
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
    try {
      if (this.#files.length > 0 && this.#live().length === 0) await this.#removeAll();
    } catch {
      // The database names them still: the next start finds them.
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
    const segment = { number, previous: this.#last ?? 0 };
    await refusing(file.append(record, segment));
  }

  #undo(): Promise<void> {
    return this.#current === null ? Promise.resolve() : refusing(this.#current.undo());
  }

  /** Goes on to another file, and lets go of those that nobody needs. */
  async #rotate(directory: JournalDirectory, first: number): Promise<JournalFile> {
    const next = this.#next ??= await refusing(this.#begin(directory, first));
    const live = this.#live();
    await this.#name([...live, next]);
    const idle = this.#files.filter((file) => !live.includes(file));
    this.#files = [...live, next];
    this.#current = next;
    this.#next = null;
    this.#spares.push(...idle);
    // The database does not name them: where this fails, the next start deletes them.
    await this.#remove(directory, this.#spares.splice(SPARES_MAX)).catch(() => {});
    return next;
  }

  /** A file to go on with. */
  async #begin(directory: JournalDirectory, first: number): Promise<JournalFile> {
    const spare = this.#spares[0];
    if (spare !== undefined) {
      await spare.restart(first);
      this.#spares.shift();
      return spare;
    }
    const taken = await directory.list();
    let slot = 1;
    while (taken.includes(slot)) slot++;
    const file = new JournalFile(slot, await directory.create(slot), 0);
    this.#spares.push(file);
    await file.restart(first);
    this.#spares.pop();
    return file;
  }

  async #takeOver(slot: number): Promise<readonly SegmentRecord[]> {
    const space = await openNamed(this.#directory, slot);
    try {
      const records = recordsOf(await refusing(space.read()));
      this.#files.push(new JournalFile(slot, space, records.at(-1)?.number ?? 0));
      return records;
    } catch (error) {
      space.close();
      throw error;
    }
  }

  /** The files in which something is not settled. */
  #live(): JournalFile[] {
    return this.#files.filter(({ last, isTorn }) => isTorn || last > this.#settled);
  }

  async #name(files: readonly JournalFile[]): Promise<void> {
    const value = jsonValue(files.map(({ slot }) => slot));
    await this.#database.write([{ key: journalFilesKey, value }]);
  }

  async #removeAll(): Promise<void> {
    await this.#name([]);
    if (this.#directory === null) return;
    await this.#remove(this.#directory, this.#all());
  }

  async #remove(directory: JournalDirectory, files: readonly JournalFile[]): Promise<void> {
    for (const file of files) {
      await directory.remove(file.slot);
      file.close();
    }
  }

  #closeAll(): void {
    for (const file of this.#all()) file.close();
  }

  #all(): JournalFile[] {
    const all = [...this.#files, ...this.#spares];
    return this.#next === null ? all : [...all, this.#next];
  }
}

/** What the database says of the files. */
async function named(database: ReadsRows): Promise<{ slots: readonly number[]; settled: number }> {
  const [files, counters] = await database.read([journalFilesKey, countersKey]);
  return {
    slots: files ? parseJson<number[]>(files.value) : [],
    settled: counters ? parseJson<Counters>(counters.value).segment : 0,
  };
}

async function openNamed(directory: JournalDirectory | null, slot: number): Promise<JournalSpace> {
  const space = directory === null ? null : await refusing(directory.open(slot));
  if (space !== null) return space;
  throw new StoreUnavailableError(`Cannot open the store: file ${slot} of its journal is missing`);
}

/** Tells of what a disk refuses as the store does. */
async function refusing<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    if (cause instanceof StoreUnavailableError) throw cause;
    throw new StoreUnavailableError("Cannot use the journal: the disk refused", { cause });
  }
}
