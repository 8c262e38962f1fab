/**
 * The simulation, short: a few seeds that run in seconds, and proof that it finds what is broken.
 * `tests/long/simulation_test.ts` runs many. A seed that failed runs again with TITAN_TEST_SEED.
 */
import assert from "node:assert/strict";
import type { Sabotage } from "./simulation/observed_store.ts";
import { Simulation } from "./simulation/simulation.ts";
import { SimulationError } from "./simulation/simulation_error.ts";

/** Few seeds in which everything happens that is looked for below. */
const FIRST_SEED = 8;
const SEEDS = 10;
const STEPS = 3000;

/** Seeds after which a fault that was planted must have been found. */
const SABOTAGED_SEEDS_MAX = 10;

Deno.test("simulation: the invariants hold under faults of clock, network, disk and process", async () => {
  const given = Deno.env.get("TITAN_TEST_SEED");
  const seeds = given === undefined
    ? Array.from({ length: SEEDS }, (_, index) => FIRST_SEED + index)
    : [Number(given)];
  const seen = new Map<string, number>();
  for (const seed of seeds) {
    const { counts } = await Simulation.run({ seed, steps: STEPS });
    for (const [name, count] of counts) seen.set(name, (seen.get(name) ?? 0) + count);
  }
  if (given !== undefined) return;
  // A simulation in which nothing goes wrong would show nothing.
  for (
    const name of [
      "crashes",
      "stops",
      "cuts",
      "clock jumps",
      "disk refused",
      "disk unanswered",
      "disk stuck",
      "redelivered",
      "queue.empty",
      "receipts: delivered",
      "receipts: expired",
      "commits within a turn",
      "segments in files",
      "segments undone",
    ]
  ) {
    assert.ok((seen.get(name) ?? 0) > 0, `"${name}" never happened`);
  }
});

Deno.test("simulation: the same seed gives the same history", async () => {
  const options = { seed: 7, steps: 2000 };
  const first = await Simulation.run(options);
  assert.equal((await Simulation.run(options)).history, first.history);
  const other = await Simulation.run({ ...options, seed: 8 });
  assert.notEqual(other.history, first.history);
});

/** Runs seeds with a store that is broken on purpose until one of them is found out. */
async function findSabotage(create: () => Sabotage): Promise<string> {
  for (let seed = 1; seed <= SABOTAGED_SEEDS_MAX; seed++) {
    try {
      await Simulation.run({ seed, steps: 1000, sabotage: create() });
    } catch (error) {
      if (!(error instanceof SimulationError)) throw error;
      return error.message;
    }
  }
  throw new Error("Simulation does not find that the store is broken");
}

Deno.test("simulation: a commit that is reported and not made is found (I1)", async () => {
  const message = await findSabotage(() => {
    let commits = 0;
    return { loseCommit: () => ++commits === 20 };
  });
  assert.match(message, /I1: \S+ .*not on the disk/);
  assert.match(message, /TITAN_TEST_SEED=\d+/);
});

Deno.test("simulation: a cursor that skips a message is found (I3)", async () => {
  let moves = 0;
  const message = await findSabotage(() => ({
    skipCursor: (upTo) => ++moves % 50 === 0 ? upTo + 1 : upTo,
  }));
  assert.match(message, /I3: /);
});

Deno.test("simulation: a message that is never read is found (I1)", async () => {
  let pages = 0;
  const message = await findSabotage(() => ({
    readLess: (page) => ++pages % 20 === 0 ? { ...page, entries: page.entries.slice(1) } : page,
  }));
  assert.match(message, /I[13]: /);
});
