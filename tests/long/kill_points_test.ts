/**
 * The kill points of `../kill_points_test.ts`, many calls of every step.
 */
import assert from "node:assert/strict";
import type { KillPoint } from "../crash/fault.ts";
import { killPoints, MOMENTS, runKillPoints } from "../crash/kill_points.ts";
import { dieRemoving } from "../crash/removals.ts";
import { Seeded, testSeed } from "../crash/seeded.ts";

const seed = testSeed();

Deno.test(`kill points - every call of every step can be the last, seed ${seed}`, async () => {
  const points = killPoints(
    new Map([
      ["owner", [1]],
      ["replay", [1, 2]],
      ["commit", [1, 2, 3, 10, 40, 150]],
      ["rotation", [1, 2, 3, 4, 5, 6, 12]],
      ["settle", [1, 2, 3, 4, 6]],
      ["cids", [1, 2, 3, 4]],
      ["cut", [1, 2, 3, 4]],
      ["compaction", [1, 2, 3, 4]],
    ]),
  );
  const figures = await runKillPoints({
    seed,
    joining: killPoints(new Map([["registration", [1, 2]]])),
    points: shuffled(points),
  });
  console.info(JSON.stringify({ seed, ...figures }));
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
