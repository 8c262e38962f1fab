/**
 * What an operator can do with users. It works inside the server, on a data directory when no
 * server runs, and through the operator's socket: all three are a {@linkcode UserAdmin}.
 *
 * @module
 */
import type { Store, User } from "../store/mod.ts";

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
  /** When it last signed in, in milliseconds since 1970. */
  readonly seen: number;
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
  /** Removes a user with devices and messages. @returns false where there was none. */
  remove(id: string): Promise<boolean>;
  /**
   * Removes one device: it holds no messages back any more and takes no place among the devices.
   * Where a crash cuts this short, the device is still there to be removed once more.
   *
   * @returns false where there was none.
   */
  removeDevice(id: string, device: string): Promise<boolean>;
}

/** Who is connected; outside of a server nobody is. */
export interface Presence {
  /** The live connections of a user. */
  of(user: string): readonly { readonly device: string }[];
  /** Ends the connections of a user who was removed, or of one device that was. */
  evict(user: string, device?: string): void;
  /** Does something while the device cannot sign in. */
  alone<T>(who: { user: string; device: string }, work: () => Promise<T>): Promise<T>;
}

/** What a {@linkcode StoreUserAdmin} is made of. */
export interface StoreUserAdminParts {
  readonly store: Pick<Store, "users" | "devices" | "mailboxes">;
  readonly presence?: Presence;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** {@linkcode UserAdmin} on a store. Its failures are the store's. */
export class StoreUserAdmin implements UserAdmin {
  readonly #store: StoreUserAdminParts["store"];
  readonly #presence: Presence | undefined;
  readonly #now: () => number;

  /** Works on a store. */
  constructor(parts: StoreUserAdminParts) {
    this.#store = parts.store;
    this.#presence = parts.presence;
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
    const online = new Set(this.#presence?.of(id).map(({ device }) => device));
    const { messages, bytes, cursors } = state;
    return {
      user: found.value,
      devices: (await devices.list(id)).map((device) => ({
        id: device.id,
        seen: device.seen,
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

  async remove(id: string): Promise<boolean> {
    const removed = await this.#store.users.remove(id);
    // After the user is gone, so that nobody who is sent away finds the way back in by chance.
    this.#presence?.evict(id);
    return removed;
  }

  async removeDevice(id: string, device: string): Promise<boolean> {
    const remove = async () => {
      try {
        return await this.#store.devices.remove(id, device);
      } finally {
        // Also where the disk refused: in memory the device may be gone, and deaf to what it reads.
        this.#presence?.evict(id, device);
      }
    };
    // A sign-in half way could leave a cursor of a device that no list shows.
    return await (this.#presence?.alone({ user: id, device }, remove) ?? remove());
  }
}
