/**
 * For what the server does in its own time and tells nobody of.
 *
 * @module
 */

const TRIES_MAX = 200;
const PAUSE_MS = 25;

/**
 * Tries until it succeeds, and fails as it did the last time.
 *
 * @param what is tried for, as in "a free place"
 */
export async function eventually<T>(attempt: () => Promise<T>, what: string): Promise<T> {
  let failure: unknown;
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    try {
      return await attempt();
    } catch (error) {
      failure = error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
  throw new Error(`Tried for ${what} in vain`, { cause: failure });
}
