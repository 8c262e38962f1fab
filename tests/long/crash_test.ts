/**
 * The crash test of `../crash_test.ts`, for minutes.
 */
import assert from "node:assert/strict";
import { type CrashesOptions, runCrashes } from "../crash/crashes.ts";
import { drawHabits } from "../crash/habits.ts";
import { testSeed } from "../crash/seeded.ts";
import { describe } from "../crash/violation.ts";

const seed = testSeed();

Deno.test(`crash - what was accepted survives kill -9 for minutes, seed ${seed}`, async () => {
  await crash({ seed, habits: drawHabits(seed, 6), rounds: 36, lifeMsMax: 6000 });
});

Deno.test(`crash - the same behind the other listener, seed ${seed}`, async () => {
  await crash({ seed, habits: drawHabits(seed, 3), rounds: 12, lifeMsMax: 3000, listener: "ws" });
});

// Settling writes cursors too, every 2 s: here it comes too seldom to make up for the journal.
Deno.test(`crash - acknowledgements are kept by the journal alone, seed ${seed}`, async () => {
  const fault = { hurry: 0.05 };
  await crash({ seed, habits: drawHabits(seed, 3), rounds: 12, lifeMsMax: 6000, fault });
});

async function crash(options: CrashesOptions): Promise<void> {
  const { violations, figures, exitCode } = await runCrashes(options);
  assert.equal(describe(violations), "", `seed ${seed}`);
  console.info(JSON.stringify({ seed, ...figures }));
  assert.equal(exitCode, 0);
}
