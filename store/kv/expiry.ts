/**
 * When a sweep looks at a mailbox. The index of expiries has one row of a mailbox, and the mailbox's
 * own row says where: so it costs next to nothing to keep, and goes with its user.
 *
 * @module
 */
import type { Write } from "./database.ts";
import { expiryKey } from "./keys.ts";

/** The place of one mailbox in the index. It does no input or output. */
export class Expiry {
  #time = Infinity;
  /** Times at which there may be a row: commits that threw may have been made. */
  readonly #doubtful = new Set<number>();

  /** Nothing in the mailbox's rows expires before, in milliseconds since 1970; Infinity: nothing. */
  get time(): number {
    return this.#time;
  }

  /** Takes over what the mailbox's row says. */
  load(time: number | null | undefined): void {
    this.#time = time ?? Infinity;
  }

  /**
   * The writes that move the mailbox to a time: in one commit with the mailbox's row, which says
   * so. {@linkcode begin} comes before the commit, {@linkcode done} after it.
   *
   * @param time Infinity takes it out
   */
  writes(user: string, time: number): Write[] {
    if (time === this.#time && this.#doubtful.size === 0) return [];
    const others = new Set([this.#time, ...this.#doubtful]);
    others.delete(time);
    others.delete(Infinity);
    const writes = [...others].map((other): Write => ({
      key: expiryKey(other, user),
      value: null,
    }));
    if (time < Infinity) writes.push({ key: expiryKey(time, user), value: new Uint8Array() });
    return writes;
  }

  /** A commit is under way that moves the mailbox; where it throws, it may have been made. */
  begin(time: number): void {
    if (time !== this.#time) this.#doubtful.add(this.#time).add(time);
  }

  /** The commit was made. */
  done(time: number): void {
    this.#time = time;
    this.#doubtful.clear();
  }
}
