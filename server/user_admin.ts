/**
 * What an operator can do with users. It works inside the server, on a data directory when no
 * server runs, and through the operator's socket: all three are a {@linkcode UserAdmin}.
 *
 * @module
 */
import { DEVICES_MAX } from "../limits.ts";
import type { ExportPage, ExportPlace, ProfileChange } from "../rpc/mod.ts";
import type { Device, PushAddress, Store, User } from "../store/mod.ts";
import { withoutSession } from "./auth/mod.ts";
import { nobodyPresent, type Presence } from "./presence.ts";
import { exportPage } from "./user_export.ts";

/** What an operator says of a new user. */
export interface NewUser {
  /** The user id, normalised. */
  readonly id: string;
  readonly name?: string;
  readonly email?: string;
}

/** One device of a user. */
export interface DeviceReport {
  readonly id: string;
  /** What it runs, as its client says. */
  readonly platform?: string;
  /** What its user calls it. */
  readonly name?: string;
  /** When it was last here, in milliseconds since 1970. */
  readonly seen: number;
  /** Which push service wakes it; the token stays in the store (I8). */
  readonly push?: PushAddress["provider"];
  /** When the last of its tokens ends, in milliseconds since 1970; none where it has no session. */
  readonly session?: number;
  /** Up to where it has acknowledged; null where it has not read yet. */
  readonly cursor: number | null;
  /** Whether it is connected now. */
  readonly online: boolean;
}

/** A user with all that is known of them; nothing of what they write. */
export interface UserReport {
  readonly user: User;
  readonly devices: readonly DeviceReport[];
  /** What some device has not acknowledged. */
  readonly waiting: { readonly messages: number; readonly bytes: number };
}

/** Some of the users. */
export interface UserPage {
  /** In order of id. */
  readonly users: readonly User[];
  /** Where the next page goes on; null where there is none. */
  readonly next: string | null;
}

/** Users of one page at most. */
export const USER_PAGE_MAX = 1000;

/** What an operator can do with users. Ids are normalised before they get here. */
export interface UserAdmin {
  /** @returns null where the id is taken. */
  add(user: NewUser): Promise<User | null>;
  /** @returns null where there is no such user. */
  show(id: string): Promise<UserReport | null>;
  /**
   * Lists users in order of id.
   *
   * @param after the id behind which to begin; empty for the start
   * @param limit 1 to {@linkcode USER_PAGE_MAX}
   */
  list(after: string, limit: number): Promise<UserPage>;
  /**
   * Finds users by their e-mail address, in order of id, {@linkcode USER_PAGE_MAX} at most.
   *
   * @param email in its normal form
   */
  withEmail(email: string): Promise<readonly User[]>;
  /** Removes a user with devices and messages. @returns false where there was none. */
  remove(id: string): Promise<boolean>;
  /**
   * Removes one device: it holds no messages back any more and takes no place among the devices.
   * Where a crash cuts this short, the device is still there to be removed once more.
   *
   * @returns false where there was none.
   */
  removeDevice(id: string, device: string): Promise<boolean>;
  /** Changes what others may see of a user. @returns null where there is no such user. */
  update(id: string, change: ProfileChange): Promise<User | null>;
  /**
   * Refuses every token of a user that was issued up to now, and ends their connections, whether
   * the user is known here or not: their tokens may be from elsewhere.
   */
  logout(id: string): Promise<void>;
  /**
   * Refuses one token and ends the connections that came in with it.
   *
   * @param tokenId its `jti`
   * @param until when the token itself ends, in milliseconds since 1970
   */
  revokeToken(tokenId: string, until: number): Promise<void>;
  /**
   * A page of everything that is kept about a user.
   *
   * @param after `next` of the page before, or null
   * @returns null where there is no such user
   */
  export(id: string, after: ExportPlace | null): Promise<ExportPage | null>;
}

/** What a {@linkcode StoreUserAdmin} is made of. */
export interface StoreUserAdminParts {
  readonly store: Pick<Store, "users" | "devices" | "mailboxes" | "revocations">;
  readonly presence?: Presence;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** {@linkcode UserAdmin} on a store. Its failures are the store's. */
export class StoreUserAdmin implements UserAdmin {
  readonly #store: StoreUserAdminParts["store"];
  readonly #presence: Presence;
  readonly #now: () => number;

  /** Works on a store. */
  constructor(parts: StoreUserAdminParts) {
    this.#store = parts.store;
    this.#presence = parts.presence ?? nobodyPresent;
    this.#now = parts.now;
  }

  async add(wanted: NewUser): Promise<User | null> {
    const user = { ...wanted, registered: this.#now() };
    return await this.#store.users.create(user) ? user : null;
  }

  async show(id: string): Promise<UserReport | null> {
    const { users, devices, mailboxes } = this.#store;
    const found = await users.get(id);
    const state = await mailboxes.inspect(id);
    if (found === null || state === null) return null;
    const online = new Set(this.#presence.of(id).map(({ device }) => device));
    const { messages, bytes, cursors } = state;
    return {
      user: found.value,
      devices: (await devices.list(id)).map((device) => ({
        ...describe(device),
        cursor: cursors.get(device.id) ?? null,
        online: online.has(device.id),
      })),
      waiting: { messages, bytes },
    };
  }

  async list(after: string, limit: number): Promise<UserPage> {
    const users = await this.#store.users.list(after, limit);
    const last = users.at(-1);
    if (last === undefined || users.length < limit) return { users, next: null };
    const [more] = await this.#store.users.list(last.id, 1);
    return { users, next: more === undefined ? null : last.id };
  }

  async withEmail(email: string): Promise<readonly User[]> {
    const { users } = this.#store;
    const found: User[] = [];
    for (const id of await users.withEmail(email, USER_PAGE_MAX)) {
      const user = await users.get(id);
      // Removed or changed meanwhile.
      if (user?.value.email === email) found.push(user.value);
    }
    return found;
  }

  async remove(id: string): Promise<boolean> {
    const before = this.#now();
    // A device that still has its token must not bring them back to life, nor one whose sign-in is
    // under way.
    if (await this.#store.users.get(id) !== null) {
      this.#presence.keepOut({ kind: "user", user: id, before });
    }
    const removed = await this.#store.users.remove(id, before);
    // Not before: whoever asked for it has to hear that it is done.
    this.#presence.evict(id);
    return removed;
  }

  async removeDevice(id: string, device: string): Promise<boolean> {
    // A sign-in half way could leave a cursor of a device that no list shows.
    return await this.#presence.alone({ user: id, device }, async () => {
      try {
        const removed = await this.#store.devices.remove(id, device);
        const session = removed?.session?.id;
        if (session !== undefined) this.#presence.keepOut({ kind: "session", user: id, session });
        return removed !== null;
      } finally {
        // Also where the disk refused: in memory the device may be gone, and deaf to what it reads.
        this.#presence.evict(id, device);
      }
    });
  }

  async update(id: string, change: ProfileChange): Promise<User | null> {
    for (;;) {
      const found = await this.#store.users.get(id);
      if (found === null) return null;
      const user = changed(found.value, change);
      if (await this.#store.users.replace(user, found.version)) return user;
    }
  }

  async logout(id: string): Promise<void> {
    const before = this.#now();
    await this.#store.revocations.revokeUser(id, before);
    this.#presence.keepOut({ kind: "user", user: id, before });
    const ended: string[] = [];
    for (const device of await this.#store.devices.list(id)) {
      let session: string | undefined;
      await this.#store.devices.change(id, device.id, DEVICES_MAX, (known) => {
        // One that signed in anew meanwhile stays.
        if (known === null || (known.session?.began ?? known.seen) > before) return null;
        session = known.session?.id;
        return withoutSession(known);
      });
      if (session !== undefined) ended.push(session);
    }
    this.#presence.revoke({ kind: "user", user: id, before });
    // Their tokens may have been renewed after the moment that counts.
    for (const session of ended) this.#presence.revoke({ kind: "session", user: id, session });
  }

  async revokeToken(tokenId: string, until: number): Promise<void> {
    await this.#store.revocations.revokeToken(tokenId, until);
    this.#presence.revoke({ kind: "token", id: tokenId });
  }

  export(id: string, after: ExportPlace | null): Promise<ExportPage | null> {
    return exportPage(this.#store, id, after);
  }
}

/** What an operator sees of what is stored of a device. */
function describe(
  { user: _user, push, session, ...device }: Device,
): Omit<DeviceReport, "cursor" | "online"> {
  return {
    ...device,
    ...(push === undefined ? {} : { push: push.provider }),
    ...(session === undefined ? {} : { session: session.expires }),
  };
}

function changed(user: User, { name, picture }: ProfileChange): User {
  const { name: oldName, picture: oldPicture, ...rest } = user;
  const [newName, newPicture] = [
    name === undefined ? oldName : name ?? undefined,
    picture === undefined ? oldPicture : picture ?? undefined,
  ];
  return {
    ...rest,
    ...(newName === undefined ? {} : { name: newName }),
    ...(newPicture === undefined ? {} : { picture: newPicture }),
  };
}
