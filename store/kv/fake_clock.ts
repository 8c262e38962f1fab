/**
 * {@linkcode StoreClock} that a test moves by hand.
 *
 * @module
 */
import type { StoreClock } from "../store.ts";

interface Timer {
  readonly due: number;
  readonly callback: () => void;
}

/** Time that passes only when it is told to. */
export class FakeClock implements StoreClock {
  readonly #timers = new Set<Timer>();
  #now: number;

  /** @param start milliseconds since 1970 */
  constructor(start = Date.UTC(2026, 0, 1)) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { due: this.#now + ms, callback };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** Timers that are set and neither called nor cancelled. */
  get timers(): number {
    return this.#timers.size;
  }

  /** Lets time pass: what was due is called, and what that led to has happened. */
  async pass(ms: number): Promise<void> {
    this.#now += ms;
    for (const timer of this.#timers) {
      if (timer.due > this.#now) continue;
      this.#timers.delete(timer);
      timer.callback();
    }
    await quiet();
  }
}

/** Turns of the microtask queue in which everything ends that waits for no disk and no timer. */
const TURNS = 1000;

/** Resolves once nothing goes on any more that waits neither for a held call nor for a timer. */
export async function quiet(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn++) await null;
}
