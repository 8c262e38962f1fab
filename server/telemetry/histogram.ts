/**
 * How often a value was how large, in buckets that are there from the start.
 *
 * @module
 */

/** Counts values by their size. */
export class Histogram {
  /** The largest value of each bucket but the last, which takes the rest. */
  readonly bounds: readonly number[];
  /** Values in each bucket. */
  readonly counts: Float64Array;
  /** The sum of all values. */
  sum = 0;

  /**
   * Starts with no value.
   *
   * @param bounds the largest value of each bucket, growing
   */
  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  /** Values in all buckets. */
  get count(): number {
    return this.counts.reduce((sum, count) => sum + count, 0);
  }

  /** Counts a value. What is below 0, by a clock that was set back, counts as 0. */
  observe(value: number): void {
    const { bounds, counts } = this;
    const known = value > 0 ? value : 0;
    let bucket = 0;
    while (bucket < bounds.length && known > (bounds[bucket] ?? Infinity)) bucket++;
    counts[bucket] = (counts[bucket] ?? 0) + 1;
    this.sum += known;
  }
}
