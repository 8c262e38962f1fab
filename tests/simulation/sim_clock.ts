/**
 * Time as the simulation wants it: it passes only when it is told to, and the wall clock may be set.
 *
 * @module
 */
import type { Clock } from "../../server/clock.ts";

interface Timer {
  readonly due: number;
  readonly callback: () => void;
}

/** One time line for all processes of a simulation. */
export class SimClock implements Clock {
  readonly #timers = new Set<Timer>();
  #elapsed = 0;
  #wall: number;
  #latestWall: number;

  /** @param start milliseconds since 1970 */
  constructor(start: number = Date.UTC(2026, 0, 1)) {
    this.#wall = start;
    this.#latestWall = start;
  }

  now(): number {
    return this.#wall + this.#elapsed;
  }

  monotonic(): number {
    return this.#elapsed;
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { due: this.#elapsed + ms, callback };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** The furthest that the wall clock ever stood: what expired before then may be gone. */
  get latest(): number {
    return Math.max(this.#latestWall, this.now());
  }

  /** Sets the wall clock forward, or back. */
  jump(ms: number): void {
    this.#latestWall = this.latest;
    this.#wall += ms;
  }

  /** How far the wall clock was set in all. */
  offset(start: number): number {
    return this.#wall - start;
  }

  /**
   * Lets time pass up to a moment or to the next timer, which is called, whichever is first.
   *
   * @returns whether a timer was called
   */
  passTo(moment: number): boolean {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.due <= moment && (next === undefined || timer.due < next.due)) next = timer;
    }
    this.#elapsed = Math.max(this.#elapsed, next?.due ?? moment);
    if (next === undefined) return false;
    this.#timers.delete(next);
    next.callback();
    return true;
  }
}

/** The clock as one process sees it: its timers end with it. */
export class ProcessClock implements Clock {
  readonly #clock: SimClock;
  readonly #cancels = new Set<() => void>();
  #dead = false;

  constructor(clock: SimClock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  monotonic(): number {
    return this.#clock.monotonic();
  }

  after(ms: number, callback: () => void): () => void {
    if (this.#dead) return () => {};
    const cancel = this.#clock.after(ms, () => {
      this.#cancels.delete(cancel);
      callback();
    });
    this.#cancels.add(cancel);
    return () => {
      this.#cancels.delete(cancel);
      cancel();
    };
  }

  /** The process is gone. */
  kill(): void {
    this.#dead = true;
    for (const cancel of this.#cancels) cancel();
    this.#cancels.clear();
  }
}
