/**
 * Things that are put off by one turn of the event loop.
 *
 * @module
 */
import { afterInput, type Clock } from "./clock.ts";

/**
 * Puts things off by one turn of the event loop, all with one timer. They are called at its end,
 * when what came in meanwhile has been told.
 */
export class Turns implements Disposable {
  readonly #clock: Clock;
  #waiting: (() => void)[] = [];
  #cancel: (() => void) | undefined;

  /** Starts with nothing to wait for. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls back in the next turn, in the order of the calls. */
  next(callback: () => void): void {
    this.#waiting.push(callback);
    this.#cancel ??= this.#clock.after(0, () => {
      this.#cancel = afterInput(() => this.#turn());
    });
  }

  /** Forgets all that waits. */
  [Symbol.dispose](): void {
    this.#waiting = [];
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #turn(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#cancel = undefined;
    for (const callback of waiting) callback();
  }
}
