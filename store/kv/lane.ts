/**
 * Background work, one job at a time: settling, compacting and removing all write the same rows,
 * and none of them may write what another one has just made old.
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
