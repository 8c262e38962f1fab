/**
 * The crash test of `../push_crash_test.ts`, for minutes.
 */
import assert from "node:assert/strict";
import { PUSHES_IN_FLIGHT_MAX_APNS } from "../../limits.ts";
import type { Fault } from "../crash/fault.ts";
import { type Seeded, testSeed } from "../crash/seeded.ts";
import { type PushCrashesOptions, runPushCrashes, tellPushes } from "../pushes/push_crashes.ts";

const seed = testSeed();

Deno.test(`crash - kill -9 leaves no receiver without a push for minutes, seed ${seed}`, async () => {
  await crash({ seed, senders: 6, receivers: 200, rounds: 10, lifeMsMax: 9000, inTwoSteps: true });
});

// The store's word that somebody is owed a push is what makes it quick; the sweep makes it sure.
Deno.test(`crash - the sweep alone leaves nobody without a push, seed ${seed}`, async () => {
  const liveFault = () => ({ unowed: "" });
  await crash({ seed, senders: 3, receivers: 60, rounds: 6, lifeMsMax: 9000, liveFault });
});

// The outbox has its rows by settling; what it owes it knows by commits and by the replay of them.
Deno.test(`crash - no step of the store costs anybody a push, seed ${seed}`, async () => {
  const liveFault = (chance: Seeded): Fault => ({
    kill: {
      step: chance.pick(["commit", "settle", "cut", "compaction", "replay"]),
      moment: chance.pick(["before", "during", "after"]),
      call: chance.whole(1, 12),
    },
    hurry: 4,
  });
  await crash({ seed, senders: 4, receivers: 60, rounds: 20, lifeMsMax: 2500, liveFault });
});

// `../crash/faulty_outbox.ts`: the sweep of the last server does not find those of whom the id begins
// so. Nothing else tells a server whom the last one left without a push.
Deno.test(`crash - the checker sees a receiver whom the sweep forgets, seed ${seed}`, async () => {
  const isForgotten = (user: string) => user.startsWith("r1");
  const fault = { unlisted: "r1" };
  const { violations } = await runPushCrashes({
    seed,
    senders: 3,
    receivers: 60,
    rounds: 2,
    lifeMsMax: 1200,
    fault,
    mayMiss: isForgotten,
  });
  const owed = violations.filter(({ rule }) => rule === "owed");
  assert.ok(owed.length > 0, `seed ${seed}: nobody was found without a push`);
  assert.deepEqual(violations.filter(({ user }) => !isForgotten(user)), []);
});

async function crash(options: PushCrashesOptions): Promise<void> {
  const { violations, figures } = await runPushCrashes(options);
  console.info(JSON.stringify({ seed, ...figures }));
  assert.equal(tellPushes(violations), "", `seed ${seed}`);
  assert.ok(figures.twiceMax <= 2 * PUSHES_IN_FLIGHT_MAX_APNS, `${figures.twiceMax} came twice`);
}
