/**
 * A clock that a test moves by hand.
 *
 * @module
 */
import type { Clock } from "./clock.ts";

interface Timer {
  readonly due: number;
  readonly callback: () => void;
}

/** A clock that stands still until {@linkcode FakeClock.advance} is called. */
export class FakeClock implements Clock {
  readonly #start: number;
  readonly #timers = new Set<Timer>();
  #elapsed = 0;

  /** @param start milliseconds since 1970 */
  constructor(start: number = Date.UTC(2026, 10, 22, 16)) {
    this.#start = start;
  }

  /** Timers that are still to fire. */
  get timers(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#start + this.#elapsed;
  }

  monotonic(): number {
    return this.#elapsed;
  }

  /** Where no time has to pass, only the event loop has to turn: that it does by itself. */
  after(ms: number, callback: () => void): () => void {
    if (ms === 0) {
      const turn = setTimeout(callback);
      return () => clearTimeout(turn);
    }
    const timer = { due: this.#elapsed + ms, callback };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** Lets time pass. What is due on the way is called at its time, in order. */
  advance(ms: number): void {
    const target = this.#elapsed + ms;
    for (let timer = this.#next(target); timer !== undefined; timer = this.#next(target)) {
      this.#timers.delete(timer);
      this.#elapsed = timer.due;
      timer.callback();
    }
    this.#elapsed = target;
  }

  /** The earliest timer up to a moment; of several the one that was set first. */
  #next(target: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.due <= target && (next === undefined || timer.due < next.due)) next = timer;
    }
    return next;
  }
}
