/**
 * The users of the memory store.
 *
 * @module
 */
import type { User, Users, Versioned } from "../store.ts";
import { byCodePoint } from "./code_point_order.ts";
import { MemoryMailbox } from "./memory_mailbox.ts";
import type { MemoryState } from "./memory_state.ts";

/** All users of one memory store. */
export class MemoryUsers implements Users {
  readonly #state: MemoryState;

  /** @param state shared with the other parts of the store */
  constructor(state: MemoryState) {
    this.#state = state;
  }

  /** See {@linkcode Users.get}. */
  async get(id: string): Promise<Versioned<User> | null> {
    await this.#state.turn();
    return this.#state.accounts.get(id)?.user ?? null;
  }

  /** See {@linkcode Users.create}. */
  async create(user: User): Promise<boolean> {
    await this.#state.turn();
    if (this.#state.accounts.has(user.id)) return false;
    this.#state.accounts.set(user.id, {
      user: this.#version(user),
      devices: new Map(),
      mailbox: new MemoryMailbox(user.id),
    });
    return true;
  }

  /** See {@linkcode Users.replace}. */
  async replace(user: User, version: string): Promise<boolean> {
    await this.#state.turn();
    const account = this.#state.accounts.get(user.id);
    if (account?.user.version !== version) return false;
    account.user = this.#version(user);
    return true;
  }

  /** See {@linkcode Users.remove}. */
  async remove(id: string, before = 0): Promise<boolean> {
    await this.#state.turn();
    if (!this.#state.accounts.delete(id)) return false;
    this.#state.refuse(id, before);
    this.#state.cids.forget(id);
    return true;
  }

  /** See {@linkcode Users.list}. */
  async list(after: string, limit: number): Promise<readonly User[]> {
    await this.#state.turn();
    const ids = [...this.#state.accounts.keys()].filter((id) => byCodePoint(id, after) > 0);
    const users: User[] = [];
    for (const id of ids.sort(byCodePoint).slice(0, limit)) {
      const account = this.#state.accounts.get(id);
      if (account !== undefined) users.push(account.user.value);
    }
    return users;
  }

  /** See {@linkcode Users.withEmail}. */
  async withEmail(email: string, limit: number): Promise<readonly string[]> {
    await this.#state.turn();
    const found = [...this.#state.accounts.values()].map(({ user }) => user.value)
      .filter((user) => user.email === email);
    return found.map(({ id }) => id).sort(byCodePoint).slice(0, limit);
  }

  #version(user: User): Versioned<User> {
    return { value: { ...user }, version: this.#state.nextVersion() };
  }
}
