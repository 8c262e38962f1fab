/**
 * The files of a journal on a {@linkcode SimDisk}: what a write that failed leaves of itself is torn,
 * and no file is open in two processes.
 *
 * @module
 */
import {
  type JournalDirectory,
  type JournalSpace,
  RECORD_HEADER_BYTES,
} from "../../store/kv/journal_files/mod.ts";
import { StoreUnavailableError } from "../../store/store.ts";
import { Call, DiskError, type Operation } from "./sim_call.ts";
import type { SimDisk, SimFile } from "./sim_disk.ts";

/** What a {@linkcode SimDirectory} tells. */
export interface DirectoryObserver {
  /** A call waits for its first step. */
  called(operation: Operation): void;
  /** A segment is on disk. */
  wrote(segment: number, text: Uint8Array): void;
  /** The segment that was written last is not there any more. */
  undone(): void;
}

/** The directory as one process sees it. */
export class SimDirectory implements JournalDirectory {
  readonly fileBytes: number;
  readonly #disk: SimDisk;
  readonly #observer: DirectoryObserver;
  readonly #loses: () => boolean;
  #isOver = false;

  /** @param loses whether the next segment is said to be written, and is not: a fault to be found */
  constructor(
    disk: SimDisk,
    fileBytes: number,
    observer: DirectoryObserver,
    loses = () => false,
  ) {
    this.fileBytes = fileBytes;
    this.#disk = disk;
    this.#observer = observer;
    this.#loses = loses;
  }

  list(): Promise<readonly number[]> {
    return this.#call(new Call("file", () => [...this.#disk.files.keys()]));
  }

  create(slot: number): Promise<JournalSpace> {
    return this.#call(
      new Call("file", () => {
        if (this.#disk.files.has(slot)) throw new DiskError("File is there");
        this.#disk.files.set(slot, { bytes: new Uint8Array(), holder: null, newest: 0 });
        return this.#hold(slot);
      }),
    );
  }

  open(slot: number): Promise<JournalSpace | null> {
    return this.#call(
      new Call("file", () => this.#disk.files.has(slot) ? this.#hold(slot) : null),
    );
  }

  remove(slot: number): Promise<void> {
    return this.#call(new Call("file", () => void this.#disk.files.delete(slot)));
  }

  /** The process is over: what it had open is free. */
  end(): void {
    this.#isOver = true;
    for (const file of this.#disk.files.values()) if (file.holder === this) file.holder = null;
  }

  #hold(slot: number): JournalSpace {
    const file = this.#disk.files.get(slot);
    if (file === undefined) throw new DiskError("File is gone");
    if (file.holder !== null) throw new StoreUnavailableError("Another process has the file");
    file.holder = this;
    return {
      read: () => this.#call(new Call("file", () => file.bytes.slice())),
      reserve: (bytes) => grow(file, bytes),
      write: (bytes, at) => this.#write(file, bytes.slice(), at),
      close: () => {
        if (file.holder !== this) throw new Error("Cannot close: it is not open");
        file.holder = null;
      },
    };
  }

  #write(file: SimFile, bytes: Uint8Array, at: number): Promise<void> {
    if (at > 0 && this.#loses()) return Promise.resolve();
    const make = () => {
      put(file, bytes, at);
      this.#tell(file, bytes, at);
    };
    const tear = () => {
      put(file, bytes.subarray(0, bytes.length >> 1), at);
      // Half of a header is none.
      if (isUndoing(bytes)) this.#tell(file, bytes, at);
    };
    return this.#call(new Call("write", make, () => {}, tear));
  }

  #tell(file: SimFile, bytes: Uint8Array, at: number): void {
    if (at === 0) {
      file.newest = 0;
      return;
    }
    if (isUndoing(bytes)) {
      if (at === file.newest) this.#observer.undone();
      file.newest = 0;
      return;
    }
    file.newest = at;
    const number = new DataView(bytes.buffer).getFloat64(8, true);
    this.#observer.wrote(number, bytes.subarray(RECORD_HEADER_BYTES));
  }

  #call<T>(call: Call<T>): Promise<T> {
    if (this.#isOver) return Promise.reject(new DiskError("Process is over"));
    this.#observer.called(call);
    return call.promise;
  }
}

/** Whether a write takes a segment back. */
function isUndoing(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

function put(file: SimFile, bytes: Uint8Array, at: number): void {
  file.bytes.set(bytes, at);
}

function grow(file: SimFile, bytes: number): void {
  if (bytes <= file.bytes.length) return;
  const longer = new Uint8Array(bytes);
  longer.set(file.bytes);
  file.bytes = longer;
}
