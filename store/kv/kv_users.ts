/**
 * The {@linkcode Users} of the embedded store.
 *
 * @module
 */
import type { User, Users, Versioned } from "../store.ts";
import { type Range, type Write, WRITES_MAX } from "./database.ts";
import {
  asidesRange,
  chunksRange,
  devicesRange,
  mailboxKey,
  removalKey,
  removalsRange,
  removalUser,
  userKey,
  usersRange,
} from "./keys.ts";
import type { KvMailboxes } from "./kv_mailboxes.ts";
import type { Lanes } from "./lane.ts";
import type { OwnedDatabase } from "./owned_database.ts";
import { jsonValue, parseJson } from "./values.ts";

/**
 * All users of the embedded store. What changes one of them goes with the next group commit, so
 * that many people can register at once.
 */
export class KvUsers implements Users {
  readonly #database: OwnedDatabase;
  readonly #mailboxes: KvMailboxes;
  readonly #lanes: Lanes;

  /** @param lanes by user, shared with whatever else changes a user */
  constructor(database: OwnedDatabase, mailboxes: KvMailboxes, lanes: Lanes) {
    this.#database = database;
    this.#mailboxes = mailboxes;
    this.#lanes = lanes;
  }

  async get(id: string): Promise<Versioned<User> | null> {
    const [row] = await this.#database.read([userKey(id)]);
    return row ? { value: parseJson<User>(row.value), version: row.version } : null;
  }

  create(user: User): Promise<boolean> {
    return this.#put(user, null);
  }

  replace(user: User, version: string): Promise<boolean> {
    return this.#put(user, version);
  }

  remove(id: string): Promise<boolean> {
    return this.#lanes.run(id, async () => {
      const wasLeft = await this.#finishLeft(id);
      const isRemoved = await this.#mailboxes.remove(id, [
        { key: userKey(id), value: null },
        { key: mailboxKey(id), value: null },
        { key: removalKey(id), value: new Uint8Array() },
      ], () => finishRemoval(this.#database, id));
      return isRemoved || wasLeft;
    });
  }

  /** Finishes a removal that the disk interrupted: what is left must not be the next user's. */
  async #finishLeft(id: string): Promise<boolean> {
    const [row] = await this.#database.read([removalKey(id)]);
    if (!row) return false;
    await finishRemoval(this.#database, id);
    return true;
  }

  /** Writes a user who is at a version. @returns false where that is not so */
  #put(user: User, version: string | null): Promise<boolean> {
    return this.#lanes.run(user.id, async () => {
      const found = await this.get(user.id);
      if ((found?.version ?? null) !== version) return false;
      if (version === null) await this.#finishLeft(user.id);
      await this.#mailboxes.write([{ key: userKey(user.id), value: jsonValue(user) }]);
      return true;
    });
  }

  async list(after: string, limit: number): Promise<readonly User[]> {
    const rows = await this.#database.list(usersRange(after), limit);
    return rows.map(({ value }) => parseJson<User>(value));
  }
}

/** Finishes the removals that a crash interrupted. It runs before anything else uses the store. */
export async function finishRemovals(database: OwnedDatabase): Promise<void> {
  for (;;) {
    const rows = await database.list(removalsRange, 1);
    const [row] = rows;
    if (row === undefined) return;
    await finishRemoval(database, removalUser(row.key));
  }
}

/** Deletes what is left of a removed user; last of all, that something is left. */
async function finishRemoval(database: OwnedDatabase, user: string): Promise<void> {
  for (const range of [chunksRange(user, 0), devicesRange(user), asidesRange(user)]) {
    await deleteRange(database, range);
  }
  await database.write([{ key: removalKey(user), value: null }]);
}

async function deleteRange(database: OwnedDatabase, range: Range): Promise<void> {
  for (;;) {
    const rows = await database.list(range, WRITES_MAX);
    if (rows.length === 0) return;
    await database.write(rows.map(({ key }): Write => ({ key, value: null })));
  }
}
