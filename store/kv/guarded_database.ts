/**
 * A database whose failures are those of the store's ports, and which can be closed.
 *
 * @module
 */
import { StoreUnavailableError } from "../store.ts";
import type { Check, Database, Key, Range, Row, Write } from "./database.ts";

/** A database in use by a store. */
export class GuardedDatabase implements Database {
  readonly #database: Database;
  #closed = false;

  /** Works on a database that is open. */
  constructor(database: Database) {
    this.#database = database;
  }

  /** As {@linkcode Database.read}. @throws {StoreUnavailableError} */
  async read(keys: readonly Key[]): Promise<readonly (Row | null)[]> {
    return await this.#try(() => this.#database.read(keys));
  }

  /** As {@linkcode Database.list}. @throws {StoreUnavailableError} */
  async list(range: Range, limit: number): Promise<readonly Row[]> {
    return await this.#try(() => this.#database.list(range, limit));
  }

  /** As {@linkcode Database.commit}. @throws {StoreUnavailableError} */
  async commit(checks: readonly Check[], writes: readonly Write[]): Promise<string | null> {
    return await this.#try(() => this.#database.commit(checks, writes));
  }

  /** Whether a row is there and has a value, byte for byte. @throws {StoreUnavailableError} */
  async holds({ key, value }: Pick<Write, "key" | "value">): Promise<boolean> {
    const [row] = await this.read([key]);
    return row?.value.every((byte, index) => byte === value?.[index]) === true &&
      row.value.length === value?.length;
  }

  /** Refuses every further call; what it stands on stays open. */
  refuse(): void {
    this.#closed = true;
  }

  /** @throws {StoreUnavailableError} it was closed. */
  assertOpen(): void {
    if (this.#closed) throw closedError();
  }

  /** As {@linkcode Database.close}. */
  close(): void {
    this.refuse();
    this.#database.close();
  }

  async #try<T>(call: () => Promise<T>): Promise<T> {
    this.assertOpen();
    try {
      return await call();
    } catch (cause) {
      throw new StoreUnavailableError("Cannot use the store: the disk refused", { cause });
    }
  }
}

/** What is thrown after the store was closed. */
export function closedError(): StoreUnavailableError {
  return new StoreUnavailableError("Cannot use the store: it is closed");
}
