/**
 * The process is killed before, during and after single steps of its store. The long run with more
 * steps of each kind is `long/kill_points_test.ts`.
 */
import assert from "node:assert/strict";
import { dieRemoving } from "./crash/removals.ts";
import { ACCOUNT_POINTS, killPoints, runKillPoints } from "./crash/kill_points.ts";
import { testSeed } from "./crash/seeded.ts";

const seed = testSeed();

Deno.test(`kill points - every step of the store can be the last, seed ${seed}`, async () => {
  const figures = await runKillPoints({
    seed,
    joining: killPoints(new Map([["registration", [1]]])),
    accounts: ACCOUNT_POINTS,
    points: killPoints(
      new Map([
        ["owner", [1]],
        ["replay", [1]],
        ["commit", [20]],
        ["rotation", [1, 3, 8]],
        ["settle", [2]],
        ["cids", [1]],
        ["cut", [2]],
        ["compaction", [1]],
      ]),
    ),
  });
  console.info(JSON.stringify({ seed, ...figures }));
});

Deno.test("kill points - a removal is done as a whole, whichever step was the last", async () => {
  assert.equal(await dieRemoving({ step: "removal", moment: "before", call: 1 }), false);
  assert.equal(await dieRemoving({ step: "removal", moment: "after", call: 1 }), true);
  assert.equal(await dieRemoving({ step: "removal", moment: "during", call: 3 }), true);
});
