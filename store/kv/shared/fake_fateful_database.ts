/**
 * A database for tests that can be taken away from one of its servers, and whose commits go wrong
 * where a test wants that.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  type Check,
  type Key,
  KEYS_READ_MAX,
  type Range,
  type Row,
  type WatchedDatabase,
  type Write,
} from "../database.ts";

/** What becomes of a commit: it is made, or throws without or with its effect. */
export type Fate = "made" | "refused" | "made and thrown";

/** A database whose commits have the fate that a test gives them. */
export class FatefulDatabase implements WatchedDatabase {
  /** Says what becomes of a commit. */
  fate: (writes: readonly Write[]) => Fate = () => "made";
  /** Called before every commit. */
  before: (writes: readonly Write[]) => Promise<void> = () => Promise.resolve();
  /** Called before every read, with its first key, and every list, with where it starts. */
  reading: (key: Key) => Promise<void> = () => Promise.resolve();
  /** Whether changes are told to nobody. */
  isDeaf = false;
  /** The most checks that a commit had. */
  checks = 0;
  readonly #database: WatchedDatabase;
  readonly #watching = new Set<() => Promise<void>>();
  readonly #hearing = new Set<() => void>();
  #isCut = false;

  constructor(database: WatchedDatabase) {
    this.#database = database;
  }

  /** From here on every call fails, and nothing is heard of changes: as for one that has died. */
  async cut(): Promise<void> {
    this.#isCut = true;
    await Promise.all([...this.#watching].map((stop) => stop()));
  }

  async read(keys: readonly Key[]): Promise<readonly (Row | null)[]> {
    assert.ok(keys.length <= KEYS_READ_MAX, "A read takes so many keys");
    await this.reading(keys[0] ?? []);
    return await this.#uncut().read(keys);
  }

  async list(range: Range, limit: number): Promise<readonly Row[]> {
    await this.reading(range.start);
    return await this.#uncut().list(range, limit);
  }

  /** Says that what is watched has changed. */
  stir(): void {
    for (const hear of this.#hearing) hear();
  }

  async commit(checks: readonly Check[], writes: readonly Write[]): Promise<string | null> {
    this.checks = Math.max(this.checks, checks.length);
    await this.before(writes);
    const fate = this.fate(writes);
    if (fate === "refused") throw new Error("Database refuses");
    const version = await this.#uncut().commit(checks, writes);
    if (fate === "made and thrown") throw new Error("Database was not heard of again");
    return version;
  }

  watch(key: Key, changed: () => void, ended: () => void): () => Promise<void> {
    const hear = () => {
      if (!this.isDeaf) changed();
    };
    const stop = this.#uncut().watch(key, hear, ended);
    this.#watching.add(stop);
    this.#hearing.add(hear);
    return async () => {
      this.#watching.delete(stop);
      this.#hearing.delete(hear);
      await stop();
    };
  }

  /** What it stands on stays open. */
  close(): void {}

  #uncut(): WatchedDatabase {
    if (this.#isCut) throw new Error("Database is cut off");
    return this.#database;
  }
}
