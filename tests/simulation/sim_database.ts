/**
 * {@linkcode Database} on a {@linkcode SimDisk}: every call waits until the simulation lets it
 * happen and, separately, lets its answer arrive. In between anything may go wrong.
 *
 * @module
 */
import {
  type Check,
  type Database,
  type Key,
  KEYS_READ_MAX,
  type Range,
  type Row,
  VALUE_BYTES_MAX,
  type Write,
} from "../../store/kv/database.ts";
import { Call, DiskError, type Operation } from "./sim_call.ts";
import { encodeKey, type SimDisk } from "./sim_disk.ts";

/** Deno KV's limits on one commit and one key; bytes are those of its encoding. */
const MUTATIONS_MAX = 1000;
const CHECKS_MAX = 100;
const COMMIT_BYTES_MAX = 800 * 1024;
const COMMIT_KEY_BYTES_MAX = 80 * 1024;
const KEY_BYTES_MAX = 2048;

/** What a {@linkcode SimDatabase} tells. */
export interface DatabaseObserver {
  /** A call waits for its first step. */
  called(operation: Operation): void;
  /** Changes were made. */
  committed(writes: readonly Write[]): void;
  /** The store did something that no store may. */
  violated(what: string): void;
}

/** The database as one process sees it. */
export class SimDatabase implements Database {
  readonly #disk: SimDisk;
  readonly #observer: DatabaseObserver;
  #closed = false;

  constructor(disk: SimDisk, observer: DatabaseObserver) {
    this.#disk = disk;
    this.#observer = observer;
  }

  read(keys: readonly Key[]): Promise<readonly (Row | null)[]> {
    if (keys.length > KEYS_READ_MAX) return this.#misused(`reads ${keys.length} keys at once`);
    return this.#call(new Call("read", () => keys.map((key) => this.#disk.get(key))));
  }

  list(range: Range, limit: number): Promise<readonly Row[]> {
    if (!(limit > 0)) return this.#misused(`lists ${limit} rows`);
    if (encodeKey(range.start) > encodeKey(range.end)) return this.#misused("lists backwards");
    return this.#call(new Call("list", () => this.#disk.list(range, limit)));
  }

  commit(checks: readonly Check[], writes: readonly Write[]): Promise<string | null> {
    const fault = limitFault(checks, writes);
    if (fault !== null) return this.#misused(fault);
    // Deno KV copies values when it is called, so that later changes to them are harmless there.
    // They must not happen all the same: another database may copy later.
    const copies = writes.map(({ key, value }) => ({
      key: [...key],
      value: value?.slice() ?? null,
    }));
    const check = () => {
      if (writes.some(({ value }, index) => !isEqual(value, copies[index]?.value ?? null))) {
        this.#observer.violated("A value was changed while its commit was under way");
      }
    };
    const make = () => {
      const version = this.#disk.apply(checks, copies);
      if (version !== null) this.#observer.committed(copies);
      return version;
    };
    return this.#call(new Call("commit", make, check));
  }

  close(): void {
    this.#closed = true;
  }

  #call<T>(call: Call<T>): Promise<T> {
    if (this.#closed) return Promise.reject(new DiskError("Database is closed"));
    this.#observer.called(call);
    return call.promise;
  }

  #misused(what: string): Promise<never> {
    this.#observer.violated(`The store goes past a limit of Deno KV: it ${what}`);
    return Promise.reject(new TypeError(`Database refuses what goes past its limits: ${what}`));
  }
}

/** Which limit of Deno KV a commit goes past, or null. */
function limitFault(checks: readonly Check[], writes: readonly Write[]): string | null {
  if (checks.length > CHECKS_MAX) return `has ${checks.length} checks`;
  if (writes.length > MUTATIONS_MAX) return `has ${writes.length} mutations`;
  let keyBytes = 0;
  let bytes = 0;
  for (const { key } of checks) {
    const size = encodeKey(key).length;
    if (size > KEY_BYTES_MAX) return `checks a key of ${size} bytes`;
    bytes += size;
  }
  for (const { key, value } of writes) {
    const size = encodeKey(key).length;
    if (size > KEY_BYTES_MAX) return `writes a key of ${size} bytes`;
    if (size === 0) return "writes an empty key";
    if (value !== null && value.length > VALUE_BYTES_MAX) {
      return `writes a value of ${value.length} bytes`;
    }
    keyBytes += size;
    // Deno KV counts the key of a value twice.
    bytes += value === null ? size : 2 * size + value.length;
  }
  if (bytes > COMMIT_BYTES_MAX) return `commits ${bytes} bytes`;
  return keyBytes > COMMIT_KEY_BYTES_MAX ? `commits ${keyBytes} bytes of keys` : null;
}

function isEqual(a: Uint8Array | null, b: Uint8Array | null): boolean {
  if (a === null || b === null) return a === b;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
