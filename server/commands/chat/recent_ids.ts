/**
 * Ids that were seen, the newest of them.
 *
 * @module
 */

/** A set that forgets what it has held for longest. */
export class RecentIds {
  readonly #max: number;
  readonly #ids = new Set<string>();

  /** @param max ids that are remembered */
  constructor(max: number) {
    this.#max = max;
  }

  /** Whether an id was added and is not forgotten. */
  has(id: string): boolean {
    return this.#ids.has(id);
  }

  /** Remembers an id. */
  add(id: string): void {
    this.#ids.add(id);
    const [oldest] = this.#ids;
    if (this.#ids.size > this.#max && oldest !== undefined) this.#ids.delete(oldest);
  }
}
