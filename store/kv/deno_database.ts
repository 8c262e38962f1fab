/**
 * {@linkcode Database} on Deno KV: SQLite in WAL mode, every commit synced.
 *
 * @module
 */
import type { Check, Key, Range, Row, WatchedDatabase, Write } from "./database.ts";

/** Deno KV as a {@linkcode Database}. */
export class DenoDatabase implements WatchedDatabase {
  readonly #kv: Deno.Kv;

  /** Works on a database that is open; {@linkcode DenoDatabase.open} opens one. */
  constructor(kv: Deno.Kv) {
    this.#kv = kv;
  }

  /** Opens the file, or makes it. @param path a file, or `:memory:` */
  static async open(path: string): Promise<DenoDatabase> {
    return new DenoDatabase(await Deno.openKv(path));
  }

  async read(keys: readonly Key[]): Promise<readonly (Row | null)[]> {
    const rows = await this.#kv.getMany<Uint8Array[]>(keys);
    return rows.map((row) => row.versionstamp === null ? null : toRow(row));
  }

  async list(range: Range, limit: number): Promise<readonly Row[]> {
    const rows: Row[] = [];
    const options = { limit, batchSize: Math.min(limit, LIST_BATCH_MAX) };
    for await (const row of this.#kv.list<Uint8Array>(range, options)) rows.push(toRow(row));
    return rows;
  }

  async commit(checks: readonly Check[], writes: readonly Write[]): Promise<string | null> {
    const atomic = this.#kv.atomic();
    for (const { key, version } of checks) atomic.check({ key, versionstamp: version });
    for (const { key, value, expireIn } of writes) {
      if (value === null) atomic.delete(key);
      else if (expireIn === undefined) atomic.set(key, value);
      else atomic.set(key, value, { expireIn });
    }
    const result = await atomic.commit();
    return result.ok ? result.versionstamp : null;
  }

  watch(key: Key, changed: () => void, ended: () => void): () => Promise<void> {
    const reader = this.#kv.watch([key]).getReader();
    let isStopped = false;
    const follow = async () => {
      while (!(await reader.read()).done) changed();
    };
    const following = follow().catch(() => {}).then(() => {
      if (!isStopped) ended();
    });
    return async () => {
      isStopped = true;
      await reader.cancel().catch(() => {});
      await following;
    };
  }

  close(): void {
    this.#kv.close();
  }
}

/** Deno KV reads a list in batches of at most this many rows, each a snapshot of its own. */
const LIST_BATCH_MAX = 500;

function toRow(entry: Deno.KvEntry<Uint8Array>): Row {
  // Every key that Titan writes is made in `keys.ts`, of strings and numbers only.
  return { key: entry.key as Key, value: entry.value, version: entry.versionstamp };
}
