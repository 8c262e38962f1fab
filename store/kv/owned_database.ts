/**
 * The fence: one process owns the file. Every commit checks the owner's record, so that a process
 * that lost the file stops instead of corrupting it.
 *
 * @module
 */
import { StoreUnavailableError } from "../store.ts";
import type { Check, Database, Key, Range, Row, Write } from "./database.ts";
import { GuardedDatabase } from "./guarded_database.ts";
import { ownerKey } from "./keys.ts";
import { jsonValue } from "./values.ts";

/** Another process took the file over; nothing was changed. */
export class LostOwnerError extends StoreUnavailableError {}

/** A database that only its owner changes. */
export class OwnedDatabase {
  readonly #database: GuardedDatabase;
  readonly #owner: Check;
  readonly #lost: () => void;

  private constructor(database: Database, version: string, lost: () => void) {
    this.#database = new GuardedDatabase(database);
    this.#owner = { key: ownerKey, version };
    this.#lost = lost;
  }

  /**
   * Takes the file over. Whoever owned it before can change nothing from here on.
   *
   * @param owner what the record says: who, since when
   * @param lost called when somebody else took the file over
   */
  static async take(
    database: Database,
    owner: Readonly<Record<string, string | number>>,
    lost: () => void,
  ): Promise<OwnedDatabase> {
    const [row] = await database.read([ownerKey]);
    const check = { key: ownerKey, version: row?.version ?? null };
    const version = await database.commit([check], [{ key: ownerKey, value: jsonValue(owner) }]);
    if (version === null) throw new StoreUnavailableError("Cannot own the store: it is contended");
    return new OwnedDatabase(database, version, lost);
  }

  /** As {@linkcode Database.read}. @throws {StoreUnavailableError} */
  read(keys: readonly Key[]): Promise<readonly (Row | null)[]> {
    return this.#database.read(keys);
  }

  /** As {@linkcode Database.list}. @throws {StoreUnavailableError} */
  list(range: Range, limit: number): Promise<readonly Row[]> {
    return this.#database.list(range, limit);
  }

  /**
   * Makes all changes or none; resolves when they are synced.
   *
   * @throws {LostOwnerError} nothing was changed.
   * @throws {StoreUnavailableError} the disk refused; whether anything was changed is not known.
   */
  async write(writes: readonly Write[]): Promise<void> {
    const version = await this.#database.commit([this.#owner], writes);
    if (version === null) this.#lose();
  }

  /** Whether a key that only this owner writes was written, for commits that threw. */
  async holds(key: Key): Promise<boolean> {
    const [row, owner] = await this.read([key, ownerKey]);
    // Where somebody else took over, a row of that key may be theirs.
    return row !== null && owner?.version === this.#owner.version;
  }

  /** As {@linkcode Database.close}. */
  close(): void {
    this.#database.close();
  }

  #lose(): never {
    this.#lost();
    throw new LostOwnerError("Cannot write: another process owns the store");
  }
}
