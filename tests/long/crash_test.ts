/**
 * The crash test of `../crash_test.ts`, for minutes.
 */
import assert from "node:assert/strict";
import { CrashRun } from "../crash/crash_run.ts";
import { type CrashesOptions, runCrashes } from "../crash/crashes.ts";
import type { Fault } from "../crash/fault.ts";
import { drawHabits } from "../crash/habits.ts";
import { killPoints, runKillPoints } from "../crash/kill_points.ts";
import { drawPeople } from "../crash/people/person_habits.ts";
import { testSeed } from "../crash/seeded.ts";
import { describe, type Violation } from "../crash/violation.ts";

const seed = testSeed();

Deno.test(`crash - what was accepted survives kill -9 for minutes, seed ${seed}`, async () => {
  await crash({ seed, habits: drawHabits(seed, 6), rounds: 24, lifeMsMax: 6000 });
});

Deno.test(`crash - the same behind the other listener, seed ${seed}`, async () => {
  await crash({ seed, habits: drawHabits(seed, 3), rounds: 12, lifeMsMax: 3000, listener: "ws" });
});

// Settling writes cursors too, every 2 s: here it comes too seldom to make up for the journal.
Deno.test(`crash - acknowledgements are kept by the journal alone, seed ${seed}`, async () => {
  const fault = { hurry: 0.05 };
  await crash({ seed, habits: drawHabits(seed, 3), rounds: 12, lifeMsMax: 6000, fault });
});

// Nothing but people, in a hurry: whatever they ask for is cut more often.
Deno.test(`crash - what people were promised survives kill -9, seed ${seed}`, async () => {
  const people = drawPeople(seed, 0.3, 24);
  await crash({ seed, habits: [], people, rounds: 30, lifeMsMax: 1500 });
});

Deno.test(`crash - people die at every step of what they ask for, seed ${seed}`, async () => {
  const accounts = killPoints(
    new Map([
      ["registration", [1, 6]],
      ["revocation", [1, 2]],
      ["removal", [1, 2, 3, 4, 7]],
    ]),
  );
  const figures = await runKillPoints({ seed, points: [], accounts });
  console.info(JSON.stringify({ seed, ...figures }));
});

Deno.test(`crash - a drain waits for a server that stands still, seed ${seed}`, async () => {
  await using run = await CrashRun.start({ seed, habits: drawHabits(seed, 3) });
  await run.live({ ms: 1000 });
  await run.drain(6000);
  const exitCode = await run.end();
  assert.equal(describe(run.check()), "", `seed ${seed}`);
  assert.equal(exitCode, 0);
});

// `../crash_test.ts` has the controls of what messages are promised; these are those of people.
Deno.test(`crash - the checker sees that tokens count which were revoked, seed ${seed}`, async () => {
  await findsAmongPeople(
    { revokeEarlyMs: 5000 },
    ({ rule, what }) => rule === "revoked" && what.includes("worked"),
  );
});

Deno.test(`crash - the checker sees that a refresh is lost, seed ${seed}`, async () => {
  await findsAmongPeople(
    { renewEarlyMs: 5000 },
    ({ rule, what }) => rule === "lost" && what.includes("refresh"),
  );
});

async function crash(options: CrashesOptions): Promise<void> {
  const { people = drawPeople(seed, 2) } = options;
  const { violations, figures, exitCode } = await runCrashes({ ...options, people });
  assert.equal(describe(violations), "", `seed ${seed}`);
  console.info(JSON.stringify({ seed, ...figures }));
  assert.equal(exitCode, 0);
}

/** Runs that may be needed: in a short one perhaps nobody does what the fault is about. */
const RUNS_MAX = 8;

/** Only people, in a hurry, and those who write to them: the checker must find the fault. */
async function findsAmongPeople(
  fault: Fault,
  fits: (violation: Violation) => boolean,
): Promise<void> {
  for (let run = 0; run < RUNS_MAX; run++) {
    const people = drawPeople(seed + run, 0.3);
    const options = { seed: seed + run, habits: [], people, rounds: 3, lifeMsMax: 1000, fault };
    if ((await runCrashes(options)).violations.some(fits)) return;
  }
  assert.fail(`seed ${seed}: the fault was not found in ${RUNS_MAX} runs`);
}
