/**
 * Rate limits: a bucket of tokens a key, which fills at a steady rate and can be emptied at once.
 *
 * @module
 */

/** Options for {@linkcode TokenBuckets}. */
export interface TokenBucketOptions {
  /** Tokens a second that come back. 0: there is no limit. */
  readonly rate: number;
  /** Tokens that a full bucket holds; at least 1. */
  readonly burst: number;
  /** Keys that are remembered; past it the one that was used longest ago counts as full again. */
  readonly entries: number;
  /** Milliseconds of a clock that never goes back. */
  readonly monotonic: () => number;
}

/** A microsecond: adding fractions to months of uptime may be off by less, which means nothing. */
const ROUNDING_MS = 1e-3;

/** Buckets of one kind, one for each key. */
export class TokenBuckets {
  readonly #options: TokenBucketOptions;
  /**
   * When each bucket is full again, which says all about it: what is missing is what flows in until
   * then. In order of use, so that the first is the one that has been filling for longest.
   */
  readonly #fullAt = new Map<string, number>();

  /** Starts with every bucket full. */
  constructor(options: TokenBucketOptions) {
    this.#options = options;
  }

  /** Keys that are remembered now. */
  get size(): number {
    return this.#fullAt.size;
  }

  /**
   * Takes tokens from the bucket of a key, all of them or none.
   *
   * A full bucket gives more than it holds and then owes the rest: so a request for more than
   * `burst` waits for a full bucket, is served, and delays what comes after it by its true cost.
   *
   * @param tokens how many; 0 or more
   * @returns 0 where they were taken, else the milliseconds after which they can be.
   */
  take(key: string, tokens: number): number {
    const { rate, burst, monotonic } = this.#options;
    if (rate === 0 || tokens <= 0) return 0;
    const now = monotonic();
    const fullAt = Math.max(this.#fullAt.get(key) ?? now, now);
    const fullAtAfter = fullAt + tokens * 1000 / rate;
    const wait = Math.min(fullAtAfter - now - burst * 1000 / rate, fullAt - now);
    if (wait > ROUNDING_MS) return Math.ceil(wait);
    this.#remember(key, fullAtAfter);
    return 0;
  }

  #remember(key: string, fullAt: number): void {
    this.#fullAt.delete(key);
    this.#fullAt.set(key, fullAt);
    if (this.#fullAt.size <= this.#options.entries) return;
    const [oldest] = this.#fullAt.keys();
    if (oldest !== undefined) this.#fullAt.delete(oldest);
  }
}
