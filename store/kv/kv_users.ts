/**
 * The {@linkcode Users} of the embedded store.
 *
 * @module
 */
import type { User, Users, Versioned } from "../store.ts";
import type { Write } from "./database.ts";
import { emailKey, mailboxKey, removalKey, userKey } from "./keys.ts";
import { listUsers, listUsersWithEmail, readUser } from "./people_rows.ts";
import type { KvMailboxes } from "./kv_mailboxes.ts";
import { revokeWrite } from "./kv_revocations.ts";
import type { Lanes } from "./lane.ts";
import type { OwnedDatabase } from "./owned_database.ts";
import { deleteMailbox, finishRemoval } from "./removal.ts";
import { jsonValue } from "./values.ts";

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

  get(id: string): Promise<Versioned<User> | null> {
    return readUser(this.#database, id);
  }

  create(user: User): Promise<boolean> {
    return this.#put(user, null);
  }

  replace(user: User, version: string): Promise<boolean> {
    return this.#put(user, version);
  }

  remove(id: string, before?: number): Promise<boolean> {
    return this.#lanes.run(id, async () => {
      const wasLeft = await this.#finishLeft(id);
      const found = await this.get(id);
      const refused = before === undefined ? [] : [await revokeWrite(this.#database, id, before)];
      const isRemoved = await this.#mailboxes.remove(id, [
        { key: userKey(id), value: null },
        ...emailWrites(id, found?.value.email, undefined),
        { key: mailboxKey(id), value: null },
        { key: removalKey(id), value: new Uint8Array() },
        ...refused,
      ], () => deleteMailbox(this.#database, id));
      // The rest stands in nobody's way but that of the next user of the name, who waits.
      if (isRemoved) await finishRemoval(this.#database, id);
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
      await this.#mailboxes.write([
        { key: userKey(user.id), value: jsonValue(user) },
        ...emailWrites(user.id, found?.value.email, user.email),
      ]);
      return true;
    });
  }

  list(after: string, limit: number): Promise<readonly User[]> {
    return listUsers(this.#database, after, limit);
  }

  withEmail(email: string, limit: number): Promise<readonly string[]> {
    return listUsersWithEmail(this.#database, email, limit);
  }
}

/** The writes that keep the index of e-mail addresses when that of a user changes. */
export function emailWrites(
  user: string,
  from: string | undefined,
  to: string | undefined,
): Write[] {
  if (from === to) return [];
  const writes: Write[] = [];
  if (from !== undefined) writes.push({ key: emailKey(from, user), value: null });
  if (to !== undefined) writes.push({ key: emailKey(to, user), value: new Uint8Array() });
  return writes;
}
