/**
 * The server is killed at random moments while it pushes, and nobody is forgotten (I9). What is
 * meant by that stands in `pushes/push_checker.ts`. The long run is `long/push_crash_test.ts`.
 */
import assert from "node:assert/strict";
import { PUSHES_IN_FLIGHT_MAX_APNS } from "../limits.ts";
import { testSeed } from "./crash/seeded.ts";
import { runPushCrashes, tellPushes } from "./pushes/push_crashes.ts";

const seed = testSeed();

const SHORT = { seed, senders: 3, receivers: 60, rounds: 4, lifeMsMax: 1200 };

Deno.test(`crash - kill -9 leaves no receiver without a push, seed ${seed}`, async () => {
  const { violations, figures } = await runPushCrashes(SHORT);
  console.info(JSON.stringify({ seed, ...figures }));
  assert.equal(tellPushes(violations), "", `seed ${seed}`);
  assert.ok((figures.owedAtKills.at(-1) ?? 0) > 0, "the last kill found nobody owed a push");
  // The checker looks at each by itself; so many are on their way at the most, or just answered.
  assert.ok(figures.twiceMax <= 2 * PUSHES_IN_FLIGHT_MAX_APNS, `${figures.twiceMax} came twice`);
});
