/**
 * What the pushes of a server came to.
 *
 * @module
 */

/** Counts since the start, and what is under way now. */
export interface PushFigures {
  /** How often a device came to be owed a push, those that only the sweep found left out. */
  readonly owed: number;
  /** Pushes that were given to a service. */
  readonly sent: number;
  /** Pushes that a service took. */
  readonly accepted: number;
  /** Pushes that a service wants again. */
  readonly retried: number;
  /** Pushes that a service will never take. */
  readonly rejected: number;
  /** Pushes to devices that a service no longer knows. */
  readonly unregistered: number;
  /** Pushes for which a service did not take the credentials. */
  readonly misconfigured: number;
  /** Pushes that a device says it has seen. */
  readonly seen: number;
  /** Devices that connected before their push went. */
  readonly cancelled: number;
  /** Devices for which there was no room in memory: the sweep finds them. */
  readonly overflowed: number;
  /** Devices that wait for their push. */
  readonly waiting: number;
  /** Devices whose push is under way. */
  readonly inFlight: number;
}

/** Those of the figures that only grow. */
export type PushCounts = {
  -readonly [Count in Exclude<keyof PushFigures, "waiting" | "inFlight">]: PushFigures[Count];
};

/** Counts of a server that has just started. */
export function createCounts(): PushCounts {
  return {
    owed: 0,
    sent: 0,
    accepted: 0,
    retried: 0,
    rejected: 0,
    unregistered: 0,
    misconfigured: 0,
    seen: 0,
    cancelled: 0,
    overflowed: 0,
  };
}
