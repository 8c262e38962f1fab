/**
 * What is to happen later.
 *
 * @module
 */
import type { Clock } from "../clock.ts";

/** Something that waits for its time. It is in one queue at the most. */
export interface Timed {
  /** When it is due, in milliseconds of the monotonic clock. The queue sets it. */
  due: number;
  /** Where the queue has it; -1 where it has not. The queue sets it. */
  slot: number;
}

/** Timers that last longer would fire at once (`setTimeout` counts in 31 bits). */
const TIMER_MS_MAX = 3600 * 1000;

/** Things in order of their time, all with one timer: a binary heap that knows where each one is. */
export class DueQueue<T extends Timed> implements Disposable {
  readonly #clock: Pick<Clock, "monotonic" | "after">;
  readonly #ripe: (one: T) => void;
  readonly #heap: T[] = [];
  /** When the timer fires. */
  #wake = Infinity;
  #cancel: () => void = () => {};

  /** @param ripe called with each when its time has come; it is no longer in the queue then */
  constructor(clock: Pick<Clock, "monotonic" | "after">, ripe: (one: T) => void) {
    this.#clock = clock;
    this.#ripe = ripe;
  }

  /** How many wait. */
  get size(): number {
    return this.#heap.length;
  }

  /** Lets one that is in no queue wait for a time; at the least until the next turn. */
  add(one: T, ms: number): void {
    one.due = this.#clock.monotonic() + Math.max(1, Math.ceil(ms));
    this.#place(one, this.#heap.length);
    this.#up(one);
    this.#arm();
  }

  /** Takes one out. @returns whether it waited */
  delete(one: T): boolean {
    if (this.#heap[one.slot] !== one) return false;
    const last = this.#heap.pop();
    if (last !== undefined && last !== one) {
      this.#place(last, one.slot);
      this.#up(last);
      this.#down(last);
    }
    one.slot = -1;
    return true;
  }

  /** Nothing becomes ripe any more. */
  [Symbol.dispose](): void {
    this.#cancel();
    this.#wake = -Infinity;
  }

  #arm(): void {
    const first = this.#heap[0];
    if (first === undefined || first.due >= this.#wake) return;
    this.#cancel();
    const ms = Math.min(Math.max(1, first.due - this.#clock.monotonic()), TIMER_MS_MAX);
    this.#wake = first.due;
    this.#cancel = this.#clock.after(ms, () => this.#fire());
  }

  #fire(): void {
    this.#wake = Infinity;
    const now = this.#clock.monotonic();
    for (let first = this.#heap[0]; first !== undefined && first.due <= now;) {
      this.delete(first);
      this.#ripe(first);
      first = this.#heap[0];
    }
    this.#arm();
  }

  #up(one: T): void {
    while (one.slot > 0) {
      const above = this.#heap[(one.slot - 1) >> 1];
      if (above === undefined || above.due <= one.due) return;
      this.#swap(one, above);
    }
  }

  #down(one: T): void {
    for (;;) {
      const [left, right] = [this.#heap[2 * one.slot + 1], this.#heap[2 * one.slot + 2]];
      if (left === undefined) return;
      const below = right !== undefined && right.due < left.due ? right : left;
      if (below.due >= one.due) return;
      this.#swap(one, below);
    }
  }

  #swap(one: T, other: T): void {
    const slot = one.slot;
    this.#place(one, other.slot);
    this.#place(other, slot);
  }

  #place(one: T, slot: number): void {
    this.#heap[slot] = one;
    one.slot = slot;
  }
}
