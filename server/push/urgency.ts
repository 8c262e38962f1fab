/**
 * Whether what waits for a device is worth a push, and when.
 *
 * @module
 */
import type { Waiting } from "../../store/mod.ts";
import type { Intent } from "./intent.ts";

/** When a push goes. */
export type Urgency =
  /** At once, and it may wake the device. */
  | "urgent"
  /** Not too often, and its service may wait for a good moment. */
  | "ordinary"
  /** Not at all: a push spoke for everything. */
  | "none";

/** What kind of push speaks for what waits. */
export function urgencyOf(waiting: Waiting, { hasLeft }: Pick<Intent, "hasLeft">): Urgency {
  if (waiting.isNew && waiting.urgent) return "urgent";
  // A device that was here and left again shows nothing of what it was told before.
  return waiting.isNew || hasLeft ? "ordinary" : "none";
}

/**
 * How long a push has to wait, in milliseconds; 0 or less: it may go.
 *
 * @param everyMs one goes in such a time at the most
 * @param now milliseconds since 1970; may have jumped. A last push of the far future was at a time
 *   that is none any more.
 */
export function pushWaitMs({ spoken }: Waiting, everyMs: number, now: number): number {
  return spoken.at - now > everyMs ? 0 : Math.min(spoken.at + everyMs - now, everyMs);
}
