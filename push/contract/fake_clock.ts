/**
 * A clock that a test moves by hand.
 *
 * @module
 */
import type { PushClock } from "../push_world.ts";

interface Timer {
  readonly due: number;
  readonly callback: () => void;
}

/** A clock that stands still until {@linkcode FakeClock.advance} is called. */
export class FakeClock implements PushClock {
  readonly #timers = new Set<Timer>();
  #now: number;

  /** @param start milliseconds since 1970 */
  constructor(start: number = Date.UTC(2026, 10, 22, 16)) {
    this.#now = start;
  }

  /** Timers that are still to fire. */
  get timers(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { due: this.#now + ms, callback };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** Lets time pass. What is due on the way is called at its time, in order. */
  advance(ms: number): void {
    const target = this.#now + ms;
    for (let timer = this.#next(target); timer !== undefined; timer = this.#next(target)) {
      this.#timers.delete(timer);
      this.#now = timer.due;
      timer.callback();
    }
    this.#now = target;
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
