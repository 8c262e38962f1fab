/**
 * Jobs, one at a time: what reads, decides and writes must not be parted by another that does.
 * One process owns the file, so this is all the locking there has to be.
 *
 * @module
 */

/** A queue of jobs of which one runs at a time. */
export class Lane {
  #last: Promise<unknown> = Promise.resolve();

  /** Runs a job after those before it, whether they failed or not. */
  run<T>(job: () => Promise<T>): Promise<T> {
    const result = this.#last.then(job, job);
    this.#last = result.catch(() => {});
    return result;
  }
}

/** A {@linkcode Lane} for each key, while it has jobs. */
export class Lanes {
  readonly #lanes = new Map<string, { readonly lane: Lane; jobs: number }>();

  /** Runs a job after those of the same key before it. */
  async run<T>(key: string, job: () => Promise<T>): Promise<T> {
    const entry = this.#lanes.get(key) ?? { lane: new Lane(), jobs: 0 };
    this.#lanes.set(key, entry);
    entry.jobs++;
    try {
      return await entry.lane.run(job);
    } finally {
      if (--entry.jobs === 0) this.#lanes.delete(key);
    }
  }

  /**
   * Runs a job after those before it of any of some keys. They are taken in one order by all: two
   * such jobs never wait for each other.
   */
  async runAll<T>(keys: Iterable<string>, job: () => Promise<T>): Promise<T> {
    const [first, ...others] = [...new Set(keys)].sort();
    if (first === undefined) return await job();
    return await this.run(first, () => this.runAll(others, job));
  }
}
