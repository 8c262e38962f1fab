/**
 * A database that a test takes away from one of its users: as if that had died, or lost its network.
 *
 * @module
 */
import type { Check, Key, Range, Row, WatchedDatabase, Write } from "../../store/kv/database.ts";

/** Passes everything on, until it is cut. */
export class CutDatabase implements WatchedDatabase {
  readonly #database: WatchedDatabase;
  readonly #watching = new Set<() => Promise<void>>();
  #isCut = false;

  constructor(database: WatchedDatabase) {
    this.#database = database;
  }

  /** From here on every call fails, and nothing is heard of changes. */
  async cut(): Promise<void> {
    this.#isCut = true;
    await Promise.all([...this.#watching].map((stop) => stop()));
  }

  async read(keys: readonly Key[]): Promise<readonly (Row | null)[]> {
    return await this.#uncut().read(keys);
  }

  async list(range: Range, limit: number): Promise<readonly Row[]> {
    return await this.#uncut().list(range, limit);
  }

  async commit(checks: readonly Check[], writes: readonly Write[]): Promise<string | null> {
    return await this.#uncut().commit(checks, writes);
  }

  watch(key: Key, changed: () => void, ended: () => void): () => Promise<void> {
    const stop = this.#uncut().watch(key, changed, ended);
    this.#watching.add(stop);
    return async () => {
      this.#watching.delete(stop);
      await stop();
    };
  }

  close(): void {
    this.#database.close();
  }

  #uncut(): WatchedDatabase {
    if (this.#isCut) throw new Error("Database is cut off");
    return this.#database;
  }
}
