/**
 * Asking a server under full load, which may send people away for a moment.
 *
 * @module
 */
import { AnsweredError } from "../harness/client.ts";

/** How long somebody is sent away at most, and how long to wait before the next try. */
const AWAY_MS_MAX = 60_000;
const RETRY_MS = 500;

/**
 * Tries until it succeeds, or is refused in a way that a retry does not help, or for a minute.
 *
 * @throws {unknown} as it failed the last time
 */
export async function patiently<T>(attempt: () => Promise<T>): Promise<T> {
  for (const deadline = performance.now() + AWAY_MS_MAX;;) {
    try {
      return await attempt();
    } catch (error) {
      const isFinal = error instanceof AnsweredError && error.data["retryable"] !== true;
      if (isFinal || performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}
