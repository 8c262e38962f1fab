/**
 * The kill points of `../kill_points_test.ts`, many calls of every step.
 */
import assert from "node:assert/strict";
import { CrashRun } from "../crash/crash_run.ts";
import type { KillPoint } from "../crash/fault.ts";
import { ordinary } from "../crash/habits.ts";
import { killPoints, MOMENTS, runKillPoints } from "../crash/kill_points.ts";
import { dieRemoving } from "../crash/removals.ts";
import { keysOf } from "../crash/rows.ts";
import { Seeded, testSeed } from "../crash/seeded.ts";
import { describe } from "../crash/violation.ts";

const seed = testSeed();

Deno.test(`kill points - every call of every step can be the last, seed ${seed}`, async () => {
  const points = killPoints(
    new Map([
      ["owner", [1]],
      ["replay", [1, 2]],
      ["commit", [1, 2, 10, 150]],
      ["rotation", [1, 2, 3, 4, 5, 12]],
      ["settle", [1, 2, 3, 6]],
      ["cids", [1, 2, 4]],
      ["cut", [1, 2, 4]],
      ["compaction", [1, 2, 4]],
    ]),
  );
  const figures = await runKillPoints({
    seed,
    joining: killPoints(new Map([["registration", [1, 2]]])),
    points: shuffled(points),
  });
  console.info(JSON.stringify({ seed, ...figures }));
});

// Settling 60 mailboxes takes several commits: two in a row of them die after the first one.
Deno.test(`kill points - a settle that was half done is repeated, seed ${seed}`, async () => {
  const receivers = Array.from({ length: 60 }, (_, index) => `receiver${index}`);
  const habits = [
    ...receivers.map((user) => ordinary({ user, acknowledges: "never", window: 4 })),
    ordinary({ user: "sender1", targets: receivers, batch: 20, pipeline: 4, cids: true }),
    ordinary({ user: "sender2", targets: receivers, batch: 20, pipeline: 4 }),
  ];
  await using run = await CrashRun.start({ seed, habits });
  await run.live({ ms: 1000 });
  const settled = async () =>
    new Set((await keysOf(run.dataDir, "messages")).map(([, user]) => user));
  for (const moment of ["before", "before", "after"] as const) {
    const fault = { hurry: 10, kill: { step: "settle", moment, call: 2 } } as const;
    await run.live({ ms: 10_000, fault });
    const rows = await settled();
    // Whoever was left out the first time may be settled first the next time.
    const isHalf = rows.size > 0 && rows.size < receivers.length;
    assert.ok(isHalf || moment === "after", `${rows.size} of 60 mailboxes are settled`);
  }
  await run.drain();
  const exitCode = await run.end();
  const died = run.history.lives.filter(({ end }) => end.startsWith("died")).length;
  assert.equal(describe(run.check()), "", `seed ${seed}`);
  assert.equal(died, 3);
  assert.equal(exitCode, 0);
});

Deno.test("kill points - a removal is done as a whole, whichever step was the last", async () => {
  for (const moment of MOMENTS) {
    for (const call of [1, 2, 3, 4, 5]) {
      const isRemoved = await dieRemoving({ step: "removal", moment, call });
      // Only of a first commit that was under way nobody can say.
      if (call > 1 || moment !== "during") assert.equal(isRemoved, call > 1 || moment === "after");
    }
  }
});

/** In another order with every seed: what a life leaves behind is what the next one starts with. */
function shuffled(points: readonly KillPoint[]): readonly KillPoint[] {
  const chance = Seeded.of(seed, "points");
  return points.map((point) => ({ point, place: chance.next() }))
    .sort((a, b) => a.place - b.place)
    .map(({ point }) => point);
}
