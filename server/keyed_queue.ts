/**
 * Work that must not overlap with other work of the same kind on the same thing.
 *
 * @module
 */

/** Runs jobs of the same key one after another, and those of different keys as they come. */
export class KeyedQueue {
  readonly #last = new Map<string, Promise<void>>();

  /** Runs a job after those of the same key before it, whether they failed or not. */
  async run<T>(key: string, job: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key) ?? Promise.resolve();
    const result = before.then(job);
    const done = result.then(() => {}, () => {});
    this.#last.set(key, done);
    try {
      return await result;
    } finally {
      if (this.#last.get(key) === done) this.#last.delete(key);
    }
  }
}
