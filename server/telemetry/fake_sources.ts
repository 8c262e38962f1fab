/**
 * Sources of metrics for tests: every figure has a value of its own.
 *
 * @module
 */
import type { MetricSources } from "./metrics.ts";
import { Telemetry } from "./telemetry.ts";

/** Sources whose telemetry a test may change. */
export function createFakeSources(): MetricSources {
  const telemetry = new Telemetry();
  return {
    telemetry,
    version: "1.2.3",
    connections: () => ({ all: 7, unauthenticated: 2, users: 4 }),
    frames: () => 100,
    store: () => ({ backlogBytes: 11, unsettledBytes: 12, mailboxes: 13 }),
    pushes: () => ({
      owed: 21,
      sent: 22,
      accepted: 23,
      retried: 24,
      rejected: 25,
      unregistered: 26,
      misconfigured: 27,
      seen: 28,
      cancelled: 29,
      overflowed: 30,
      waiting: 31,
      inFlight: 32,
    }),
    isDraining: () => false,
    uptime: () => 99,
  };
}
