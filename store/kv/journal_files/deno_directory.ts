/**
 * The files of a journal on a real disk.
 *
 * @module
 */
import { basename, dirname } from "node:path";
import { StoreUnavailableError } from "../../store.ts";
import type { JournalDirectory, JournalSpace } from "./directory.ts";

/** Who may read and write a file: its owner. */
const FILE_MODE = 0o600;

/**
 * By how much a file grows, at most. Writing over bytes that are there takes a disk two thirds of
 * the time that appending takes: no length and no map of blocks is written with them.
 */
const GROWTH_BYTES = 1024 * 1024;

/** By how much it grows on a disk that has no room for more. */
const SCARCE_GROWTH_BYTES = 4096;

/** Bytes of a file, at most: what a start reads of a server that has little to do. */
const FILE_BYTES_MAX = 4 * 1024 * 1024;

/** What stands between the name of the database and a slot. */
const INFIX = ".journal.";

/** Where the file of a slot is. @param database where the database is */
export function journalPath(database: string, slot: number): string {
  return `${database}${INFIX}${slot}`;
}

/** The slots that have a file, at once. @param database where the database is */
export function journalSlots(database: string): readonly number[] {
  const prefix = basename(database) + INFIX;
  return [...Deno.readDirSync(dirname(database))].flatMap(({ name }) => {
    const slot = name.slice(prefix.length);
    return name.startsWith(prefix) && /^[1-9]\d{0,8}$/.test(slot) ? [Number(slot)] : [];
  });
}

/** Files beside a database. */
export class DenoJournalDirectory implements JournalDirectory {
  readonly fileBytes: number;
  readonly #database: string;

  /**
   * Files beside one database.
   *
   * @param database where that is
   */
  constructor(database: string, fileBytes = FILE_BYTES_MAX) {
    this.#database = database;
    this.fileBytes = fileBytes;
  }

  list(): Promise<readonly number[]> {
    return Promise.resolve(journalSlots(this.#database));
  }

  async create(slot: number): Promise<JournalSpace> {
    const path = journalPath(this.#database, slot);
    const options = { createNew: true, read: true, write: true, mode: FILE_MODE };
    const file = await Deno.open(path, options);
    try {
      // Else a crash of the machine may leave a file without a name.
      using directory = await Deno.open(dirname(path));
      await directory.sync();
    } catch (error) {
      file.close();
      // Each further try takes another slot, and would leave one more.
      await this.remove(slot).catch(() => {});
      throw error;
    }
    return await this.#lock(file, path);
  }

  async open(slot: number): Promise<JournalSpace | null> {
    const path = journalPath(this.#database, slot);
    try {
      return await this.#lock(await Deno.open(path, { read: true, write: true }), path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return null;
      throw error;
    }
  }

  async remove(slot: number): Promise<void> {
    try {
      await Deno.remove(journalPath(this.#database, slot));
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }

  /** Takes a file for this process alone. */
  async #lock(file: Deno.FsFile, path: string): Promise<JournalSpace> {
    try {
      if (await file.tryLock(true)) {
        const growth = Math.min(GROWTH_BYTES, this.fileBytes);
        return new DenoJournalSpace(file, (await file.stat()).size, growth);
      }
      throw new StoreUnavailableError(`Cannot open the store: another process has "${path}"`);
    } catch (error) {
      file.close();
      throw error;
    }
  }
}

/** An open file. */
class DenoJournalSpace implements JournalSpace {
  readonly #file: Deno.FsFile;
  readonly #growth: number;
  #size: number;
  /** Where the next write goes by itself. */
  #at = 0;

  constructor(file: Deno.FsFile, size: number, growth: number) {
    this.#file = file;
    this.#size = size;
    this.#growth = growth;
  }

  async read(): Promise<Uint8Array> {
    await this.#file.syncData();
    const bytes = new Uint8Array(this.#size);
    await this.#file.seek(0, Deno.SeekMode.Start);
    let length = 0;
    while (length < bytes.length) {
      const read = await this.#file.read(bytes.subarray(length));
      if (read === null) break;
      length += read;
    }
    this.#at = length;
    return bytes.subarray(0, length);
  }

  reserve(bytes: number): void {
    if (bytes <= this.#size) return;
    try {
      this.#grow(roundedUp(bytes, this.#growth));
    } catch {
      this.#grow(roundedUp(bytes, SCARCE_GROWTH_BYTES));
    }
  }

  async write(bytes: Uint8Array, at: number): Promise<void> {
    // Into the memory of the system: a thread of its own would cost more than it.
    this.#put(bytes, at);
    await this.#file.syncData();
  }

  close(): void {
    this.#file.close();
  }

  #grow(size: number): void {
    try {
      this.#put(new Uint8Array(size - this.#size), this.#size);
      this.#size = size;
    } catch (error) {
      // What it got until the disk was full is the last room there is: the database needs some.
      this.#file.truncateSync(this.#size);
      throw error;
    }
  }

  #put(bytes: Uint8Array, at: number): void {
    if (at !== this.#at) this.#file.seekSync(at, Deno.SeekMode.Start);
    // Where it fails on the way, nobody knows how far it came.
    this.#at = -1;
    let start = 0;
    while (start < bytes.length) start += this.#file.writeSync(bytes.subarray(start));
    this.#at = at + bytes.length;
  }
}

function roundedUp(bytes: number, unit: number): number {
  return Math.ceil(bytes / unit) * unit;
}
