/**
 * How fast pushes may go.
 *
 * @module
 */
import type { Clock } from "../clock.ts";

/** Options for {@linkcode Pace}. */
export interface PaceOptions {
  /** How many a second. */
  readonly rate: number;
  /** How many at once after a rest; at least 1. */
  readonly burst: number;
  /** The time. */
  readonly clock: Pick<Clock, "monotonic">;
}

/** A steady rate at which things may be taken: one bucket of tokens. */
export class Pace {
  readonly #clock: Pick<Clock, "monotonic">;
  readonly #tokenMs: number;
  readonly #burstMs: number;
  /** When the bucket is full again, which says all about it. */
  #fullAt = -Infinity;

  /** Starts with a full bucket. */
  constructor({ rate, burst, clock }: PaceOptions) {
    this.#clock = clock;
    this.#tokenMs = 1000 / rate;
    this.#burstMs = burst * this.#tokenMs;
  }

  /** After how many milliseconds one can be taken; 0: now. */
  get waitMs(): number {
    const wait = this.#fullAt + this.#tokenMs - this.#burstMs - this.#clock.monotonic();
    return wait > 0 ? Math.ceil(wait) : 0;
  }

  /** Takes one, whether there is one or not. */
  take(): void {
    this.#fullAt = Math.max(this.#fullAt, this.#clock.monotonic()) + this.#tokenMs;
  }

  /** Gives one back that was not needed. */
  giveBack(): void {
    this.#fullAt -= this.#tokenMs;
  }
}
