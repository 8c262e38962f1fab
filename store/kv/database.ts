/**
 * The few calls of an ordered key-value database that the store is built on. The real one is
 * `deno_database.ts`; tests put their own in its place to stop the process between two calls, to
 * refuse, to delay, or to forget what was not synced.
 *
 * @module
 */

/** A key: its parts compare one by one, strings by UTF-8 bytes, numbers by value. */
export type Key = readonly (string | number)[];

/** A stored value and the version of its last change. */
export interface Row {
  readonly key: Key;
  readonly value: Uint8Array;
  readonly version: string;
}

/** A condition of a commit: the key is at that version, or (null) does not exist. */
export interface Check {
  readonly key: Key;
  readonly version: string | null;
}

/** A change of a commit; the value null deletes. */
export interface Write {
  readonly key: Key;
  readonly value: Uint8Array | null;
  /** After so many milliseconds the database may drop it by itself; left out: it never does. */
  readonly expireIn?: number;
}

/** Keys from `start`, inclusive, to `end`, exclusive. */
export interface Range {
  readonly start: Key;
  readonly end: Key;
}

/** An ordered key-value database on one disk. */
export interface Database {
  /** The rows of at most {@linkcode KEYS_READ_MAX} keys, from one moment; null where there is none. */
  read(keys: readonly Key[]): Promise<readonly (Row | null)[]>;
  /** The first rows of a range, at most `limit`, from one moment. */
  list(range: Range, limit: number): Promise<readonly Row[]>;
  /**
   * Makes all changes or none, and resolves when they are synced to disk.
   *
   * @returns the new version, or null where a check failed and nothing was changed.
   * @throws where the disk refused; then whether the changes were made is not known.
   */
  commit(checks: readonly Check[], writes: readonly Write[]): Promise<string | null>;
  /** Ends it; calls under way may fail. */
  close(): void;
}

/** Reads rows by their keys. */
export type ReadsRows = Pick<Database, "read">;

/** Lists rows. */
export type ListsRows = Pick<Database, "list">;

/** Makes changes, all or none. */
export interface WritesRows {
  /** Resolves once they are synced. */
  write(writes: readonly Write[]): Promise<void>;
}

/** A database that tells of changes, whoever makes them. */
export interface WatchedDatabase extends Database {
  /**
   * Calls back after changes of a key; several may be told as one.
   *
   * @param ended nothing more is told, and nobody asked for that
   * @returns stops it
   */
  watch(key: Key, changed: () => void, ended: () => void): () => Promise<void>;
}

/** Keys in one {@linkcode Database.read} (Deno KV's own limit). */
export const KEYS_READ_MAX = 10;

/** Bytes of one value (Deno KV's own limit). */
export const VALUE_BYTES_MAX = 65_536;

/** Changes in one commit: Deno KV takes 1,000; a tenth keeps live commits from waiting long. */
export const WRITES_MAX = 100;

/** Bytes in one commit: Deno KV takes 800 KiB, keys and all. */
export const COMMIT_BYTES_MAX = 600 * 1024;
