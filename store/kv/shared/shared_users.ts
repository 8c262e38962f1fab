/**
 * The {@linkcode Users} of a shared database. A user exists where the mailbox has a head, which is
 * written and deleted in the same commits.
 *
 * @module
 */
import {
  type Device,
  type Position,
  StoreUnavailableError,
  type User,
  type Users,
  type Versioned,
} from "../../store.ts";
import type { Write } from "../database.ts";
import {
  cidsOfRange,
  devicesRange,
  removalKey,
  removalsRange,
  removalUser,
  senderMark,
  userKey,
} from "../keys.ts";
import { listUsers, listUsersWithEmail, readUser } from "../people_rows.ts";
import { emailWrites } from "../kv_users.ts";
import { revokeWrite } from "../kv_revocations.ts";
import { freeWrites } from "../push_index.ts";
import { deleteMailbox, deleteRange } from "../removal.ts";
import { jsonValue, parseJson } from "../values.ts";
import { Head } from "./head.ts";
import type { Mailroom } from "./mailroom.ts";
import { graveKey } from "./shared_keys.ts";

/** Devices of a removed user that are listed at once. */
const DEVICES_LIST_MAX = 100;

/** What is left of the mailbox of a removed user. */
interface Grave {
  readonly last: Position;
}

/** Somebody else has finished a removal: what is there by now is another user's. */
class FinishedError extends StoreUnavailableError {}

/** All users of a shared database. */
export class SharedUsers implements Users {
  readonly #room: Mailroom;

  /** Works on what the parts of the store share. */
  constructor(room: Mailroom) {
    this.#room = room;
  }

  get(id: string): Promise<Versioned<User> | null> {
    return readUser(this.#room.database, id);
  }

  create(user: User): Promise<boolean> {
    return this.#put(user, null);
  }

  replace(user: User, version: string): Promise<boolean> {
    return this.#put(user, version);
  }

  async remove(id: string, before?: number): Promise<boolean> {
    const wasLeft = await this.#finish(id);
    const isRemoved = await this.#room.change([id], async (transaction) => {
      const [row] = await transaction.read([userKey(id)]);
      const head = await transaction.head(id);
      if (!row || head === null) return false;
      head.wakeAll();
      transaction.wake(head);
      await transaction.write([
        { key: userKey(id), value: null },
        ...emailWrites(id, parseJson<User>(row.value).email, undefined),
        ...head.deletes(),
        { key: removalKey(id), value: new Uint8Array() },
        { key: graveKey(senderMark(id)), value: jsonValue({ last: head.last } satisfies Grave) },
        ...before === undefined ? [] : [await revokeWrite(transaction, id, before)],
      ]);
      return true;
    }, (isRemoved) => {
      if (isRemoved) this.#room.locals.delete(id);
    });
    if (isRemoved) await this.#finish(id);
    return isRemoved || wasLeft;
  }

  list(after: string, limit: number): Promise<readonly User[]> {
    return listUsers(this.#room.database, after, limit);
  }

  withEmail(email: string, limit: number): Promise<readonly string[]> {
    return listUsersWithEmail(this.#room.database, email, limit);
  }

  /** Finishes removals that a server left. */
  async finishRemovals(): Promise<void> {
    for (;;) {
      const [row] = await this.#room.database.list(removalsRange, 1);
      if (row === undefined) return;
      await this.#finish(removalUser(row.key));
    }
  }

  /** Writes a user who is at a version. @returns false where that is not so */
  #put(user: User, version: string | null): Promise<boolean> {
    return this.#room.change([user.id], async (transaction) => {
      const [row, removal] = await transaction.read([userKey(user.id), removalKey(user.id)]);
      if ((row?.version ?? null) !== version) return false;
      // What is left must not be the next user's. The commit fails by it, and the next one does not.
      if (removal) await this.#finish(user.id);
      await transaction.write([
        { key: userKey(user.id), value: jsonValue(user) },
        ...emailWrites(user.id, row ? parseJson<User>(row.value).email : undefined, user.email),
      ]);
      if (version !== null) return true;
      const [grave] = await transaction.read([graveKey(senderMark(user.id))]);
      const { last } = grave ? parseJson<Grave>(grave.value) : { last: 0 };
      await transaction.write(Head.create(user.id, this.#room.newId(), last).writes());
      return true;
    });
  }

  /**
   * Deletes all that is left of a removed user; last of all, that something is left. Several servers
   * may do it at once.
   *
   * @returns whether something was left
   */
  async #finish(user: string): Promise<boolean> {
    const { database } = this.#room;
    const [row] = await database.read([removalKey(user)]);
    if (!row) return false;
    const check = { key: row.key, version: row.version };
    const fenced = {
      list: database.list.bind(database),
      async write(writes: readonly Write[]) {
        if (await database.commit([check], writes) !== null) return;
        throw new FinishedError("Cannot finish the removal: it is finished");
      },
    };
    try {
      await deleteMailbox(fenced, user);
      await this.#deleteDevices(user, row.version);
      await deleteRange(fenced, cidsOfRange(senderMark(user)));
      await fenced.write([{ key: row.key, value: null }]);
    } catch (error) {
      if (!(error instanceof FinishedError)) throw error;
    }
    return true;
  }

  async #deleteDevices(user: string, version: string): Promise<void> {
    for (;;) {
      const rows = await this.#room.database.list(devicesRange(user), DEVICES_LIST_MAX);
      if (rows.length === 0) return;
      for (const { key } of rows) {
        // Nobody changes devices of a user who is gone, and another of the name is not there yet.
        await this.#room.change([], async (transaction) => {
          const [removal, row] = await transaction.read([removalKey(user), key]);
          if (removal?.version !== version) throw new FinishedError("Cannot finish the removal");
          if (!row) return;
          const freed = await freeWrites(transaction, [parseJson<Device>(row.value)]);
          await transaction.write([...freed, { key, value: null }]);
        });
      }
    }
  }
}
