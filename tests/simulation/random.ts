/**
 * Chance from a seed: the same seed gives the same choices.
 *
 * @module
 */

/** A sequence of choices (the generator "mulberry32": 32 bits of state, ample for one run). */
export class Random {
  #state: number;

  /** @param seed a whole number; its lower 32 bits count */
  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** A number from 0 to 1, without 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from 0 to `end`, without `end`. */
  below(end: number): number {
    return Math.floor(this.next() * end);
  }

  /** A whole number from `from` to `to`, both included. */
  between(from: number, to: number): number {
    return from + this.below(to - from + 1);
  }

  /** Whether something of that probability happens. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** One of some things, of which there must be one. */
  pick<T>(things: readonly T[]): T {
    if (things.length === 0) throw new RangeError("Cannot pick: there is nothing to pick from");
    return things[this.below(things.length)] as T;
  }

  /** One of some things, each as likely as its weight says. */
  weighted<T>(things: readonly (readonly [weight: number, thing: T])[]): T {
    let rest = this.next() * things.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, thing] of things) {
      rest -= weight;
      if (rest < 0) return thing;
    }
    return this.pick(things.filter(([weight]) => weight > 0))[1];
  }

  /** Fills a buffer; a {@linkcode RandomBytes} where it is bound. */
  readonly fill = (buffer: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> => {
    for (let i = 0; i < buffer.length; i++) buffer[i] = this.below(256);
    return buffer;
  };

  /** Another sequence, which this one decides. */
  fork(): Random {
    return new Random(this.below(2 ** 32));
  }
}
