/**
 * Taking what a client hears, one by one.
 *
 * @module
 */
import type { TestClient } from "../harness/client.ts";

/** How long to wait for something that comes or does not: longer than any run. */
export const RUN_MS_MAX = 3600 * 1000;

/** Waits until a list of the client has an element; undefined once its connection is over. */
export async function next<T>(
  client: TestClient,
  list: readonly T[],
  index: number,
): Promise<T | undefined> {
  try {
    return await client.until(() => list[index], "more", RUN_MS_MAX);
  } catch {
    return undefined;
  }
}
