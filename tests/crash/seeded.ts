/**
 * Chance that a seed reproduces.
 *
 * @module
 */

/** A generator of chance; the same seed brings the same numbers. */
export class Seeded {
  #state: number;

  /** Starts from a seed: a number of 32 bits. */
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A generator of its own for a part of a run, so that parts do not disturb each other. */
  static of(seed: number, part: string): Seeded {
    let hash = seed >>> 0;
    for (const char of part) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193);
    return new Seeded(hash);
  }

  /** From 0, inclusive, to 1, exclusive (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from `min` to `max`, both inclusive. */
  whole(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  /** Whether something happens that has a chance. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** One of several; there must be one. */
  pick<T>(values: readonly T[]): T {
    const value = values[this.whole(0, values.length - 1)];
    if (value === undefined) throw new Error("There is nothing to pick from");
    return value;
  }

  /** Sixteen characters that do not come again. */
  nonce(): string {
    const [high, low] = [this.next(), this.next()];
    const text = (part: number) => Math.floor(part * 2 ** 32).toString(16).padStart(8, "0");
    return text(high) + text(low);
  }
}

/** The seed of a run: `TITAN_TEST_SEED` where it is set, else a new one. */
export function testSeed(): number {
  const given = Deno.env.get("TITAN_TEST_SEED");
  if (given !== undefined && given !== "") return Number(given) >>> 0;
  return crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
}
