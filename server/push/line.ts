/**
 * A line in which things wait for their turn.
 *
 * @module
 */

/** First come, first served; whoever waits may leave at any time. Each thing waits once. */
export class Line<T> {
  readonly #members = new Set<T>();
  /**
   * Goes on for ever: whoever comes later is met by it too. To start anew for each that is taken
   * would pass by all that were taken before, which a set keeps as gaps for a while.
   */
  readonly #next = this.#members.values();

  /** How many wait. */
  get size(): number {
    return this.#members.size;
  }

  /** Lets one wait, at the end. */
  add(one: T): void {
    this.#members.add(one);
  }

  /** Takes one out, wherever it stands. @returns whether it waited */
  delete(one: T): boolean {
    return this.#members.delete(one);
  }

  /** Takes out whoever waited for longest. */
  take(): T | undefined {
    // An iterator that has once met the end of its set stays there.
    if (this.#members.size === 0) return undefined;
    const { value } = this.#next.next();
    if (value !== undefined) this.#members.delete(value);
    return value;
  }
}
