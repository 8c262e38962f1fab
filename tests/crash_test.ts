/**
 * The server is killed at random moments, again and again, and keeps what it promised (I1 to I6,
 * I9). The long run is `long/crash_test.ts`. `TITAN_TEST_SEED` repeats a run, as far as two
 * processes and a network repeat anything.
 */
import assert from "node:assert/strict";
import { runCrashes } from "./crash/crashes.ts";
import { testSeed } from "./crash/seeded.ts";
import { describe } from "./crash/violation.ts";

const seed = testSeed();

Deno.test(`crash - what was accepted survives kill -9 in order and once, seed ${seed}`, async () => {
  const { violations, figures, exitCode } = await runCrashes({ seed, rounds: 6, lifeMsMax: 3000 });
  assert.equal(describe(violations), "", `seed ${seed}`);
  assert.ok(figures.redeliveries > 0, "no crash cost anybody anything: it tested nothing");
  const { refreshes, deletes, refused } = figures;
  assert.ok(
    refreshes > 0 && deletes > 0 && refused > 0,
    "nobody renewed, deleted or tried a token",
  );
  console.info(JSON.stringify({ seed, ...figures }));
  assert.equal(exitCode, 0);
});

// The checker has to see what a server does that breaks its promise. No product switch does this:
// `crash/faulty_titan.ts` puts a decorated port into the same server.
Deno.test(`crash - the checker sees an ACK before the commit, seed ${seed}`, async () => {
  const fault = { acceptEarlyMs: 20 };
  const people: [] = [];
  const { violations } = await runCrashes({ seed, rounds: 4, lifeMsMax: 1500, people, fault });
  const lost = violations.filter(({ rule, what }) => rule === "I1" && what.includes("accepted"));
  assert.ok(lost.length > 0, `seed ${seed}: nothing was found lost: ${describe(violations)}`);
});

Deno.test(`crash - the checker sees a cursor that skips, seed ${seed}`, async () => {
  const fault = { skip: 40 };
  const people: [] = [];
  const { violations } = await runCrashes({ seed, rounds: 4, lifeMsMax: 1500, people, fault });
  const skipped = violations.filter(({ what }) => /never reached|got it no more/.test(what));
  assert.ok(skipped.length > 0, `seed ${seed}: nothing was found skipped: ${describe(violations)}`);
});
