/**
 * What senders are called, as pushes tell it.
 *
 * @module
 */
import type { Users } from "../../store/mod.ts";

/** How long a name is believed, in milliseconds: one who writes to many is looked up once. */
const NAME_MS = 10_000;

/** What a {@linkcode SenderNames} is made of. */
export interface SenderNamesParts {
  readonly users: Pick<Users, "get">;
  readonly clock: { monotonic(): number };
  /** Names that are kept at the most; past it the oldest goes. */
  readonly max: number;
}

/** Names of senders, for a while. */
export class SenderNames {
  readonly #parts: SenderNamesParts;
  /** In order of age. */
  readonly #names = new Map<string, { readonly name: Promise<string>; readonly until: number }>();

  /** Starts with none. */
  constructor(parts: SenderNamesParts) {
    this.#parts = parts;
  }

  /** The name of a user, or the id where there is none: so it is of a bot that answers for one. */
  of(user: string): Promise<string> {
    const { clock, max } = this.#parts;
    const now = clock.monotonic();
    const known = this.#names.get(user);
    if (known !== undefined && now < known.until) return known.name;
    const name = this.#read(user);
    this.#names.delete(user);
    this.#names.set(user, { name, until: now + NAME_MS });
    const [oldest] = this.#names.keys();
    if (this.#names.size > max && oldest !== undefined) this.#names.delete(oldest);
    return name;
  }

  async #read(user: string): Promise<string> {
    try {
      return (await this.#parts.users.get(user))?.value.name ?? user;
    } catch (error) {
      // Whoever asks next asks the disk again.
      this.#names.delete(user);
      throw error;
    }
  }
}
