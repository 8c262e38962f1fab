/**
 * Work of several parts that do not depend on each other.
 *
 * @module
 */

/** What is to be done; what comes later may be known later. */
export type Jobs = Iterable<() => Promise<void>> | AsyncIterable<() => Promise<void>>;

/**
 * Does one thing after the other, all of them, also where one fails.
 *
 * @throws what the first that failed threw, once all were done.
 */
export async function inTurn(jobs: Jobs): Promise<void> {
  const failures: unknown[] = [];
  for await (const job of jobs) {
    try {
      await job();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}
