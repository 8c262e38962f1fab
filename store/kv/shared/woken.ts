/**
 * Mailboxes that have something for this server. Others say so in rows; until a mailbox was looked
 * at it is remembered here, since the row is gone by then.
 *
 * @module
 */
import { WRITES_MAX } from "../database.ts";
import type { GuardedDatabase } from "../guarded_database.ts";
import { wokenRange, wokenUser } from "./shared_keys.ts";

/** Mailboxes that are looked at beside each other. */
const LOOKS_MAX = 64;

/** What {@linkcode Woken} is made of. */
export interface WokenParts {
  readonly instance: string;
  readonly database: GuardedDatabase;
  /** Looks at the mailbox of a user. */
  readonly look: (user: string) => Promise<void>;
}

/** Mailboxes to be looked at. */
export class Woken {
  readonly #parts: WokenParts;
  readonly #users = new Set<string>();
  readonly #looking = new Map<string, Promise<void>>();

  /** Looks at nothing by itself. */
  constructor(parts: WokenParts) {
    this.#parts = parts;
  }

  /** Mailboxes have something for this server. */
  add(users: Iterable<string>): void {
    for (const user of users) this.#users.add(user);
  }

  /** Takes over what others wrote. */
  async take(): Promise<void> {
    const { database, instance } = this.#parts;
    for (;;) {
      const rows = await database.list(wokenRange(instance), WRITES_MAX);
      if (rows.length === 0) return;
      this.add(rows.map(({ key }) => wokenUser(key)));
      // Before they are looked at: whoever writes one again after that wakes once more.
      await database.commit([], rows.map(({ key }) => ({ key, value: null })));
      if (rows.length < WRITES_MAX) return;
    }
  }

  /**
   * Looks at all mailboxes that nobody looks at yet, beside each other: one that many want to change
   * must not hold up the rest. What fails is looked at by the next call.
   */
  async look(): Promise<void> {
    const users = [...this.#users].filter((user) => !this.#looking.has(user));
    const failures: unknown[] = [];
    const look = async () => {
      for (let user = users.pop(); user !== undefined; user = users.pop()) {
        await this.#look(user).catch((error) => failures.push(error));
      }
    };
    await Promise.all(Array.from({ length: LOOKS_MAX }, look));
    if (failures.length > 0) throw failures[0];
  }

  /** Looks at a mailbox until nothing has come meanwhile. */
  #look(user: string): Promise<void> {
    const known = this.#looking.get(user);
    if (known !== undefined) return known;
    const look = async () => {
      try {
        while (this.#users.delete(user)) await this.#parts.look(user);
      } catch (error) {
        this.#users.add(user);
        throw error;
      } finally {
        this.#looking.delete(user);
      }
    };
    const looking = look();
    this.#looking.set(user, looking);
    return looking;
  }
}
