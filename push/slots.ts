/**
 * How much may be under way at one time.
 *
 * @module
 */

/** A number of slots that are taken in the order in which they were asked for. */
export class Slots {
  readonly #waiting = new Set<() => void>();
  #free: number;

  /** @param count how many may be held at one time */
  constructor(count: number) {
    this.#free = count;
  }

  /**
   * Takes a slot as soon as one is free. To dispose what it answers gives the slot back, once.
   *
   * @throws the reason of the signal, where that is aborted before
   */
  async take(signal: AbortSignal): Promise<Disposable> {
    signal.throwIfAborted();
    if (this.#free > 0) this.#free--;
    else await this.#turn(signal);
    return this.#held();
  }

  /** Waits for a slot that another one hands over. */
  #turn(signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const leave = () => {
      this.#waiting.delete(enter);
      reject(signal.reason);
    };
    const enter = () => {
      signal.removeEventListener("abort", leave);
      resolve();
    };
    this.#waiting.add(enter);
    signal.addEventListener("abort", leave, { once: true });
    return promise;
  }

  #held(): Disposable {
    let isHeld = true;
    return {
      [Symbol.dispose]: () => {
        if (isHeld) this.#giveBack();
        isHeld = false;
      },
    };
  }

  #giveBack(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#free++;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
