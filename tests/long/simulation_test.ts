/**
 * The simulation, long: short runs and longer ones, as many seeds as the time has room for. It says
 * which seed failed; with TITAN_TEST_SEED it begins there, so that another start brings other
 * histories.
 */
import { Simulation } from "../simulation/simulation.ts";

const FIRST_SEED = Number(Deno.env.get("TITAN_TEST_SEED") ?? 1000);

/** Steps of a run, seeds at the least and at most, and when no further one begins. */
const RUNS = [
  { steps: 3000, least: 40, most: 120, ms: 40_000 },
  { steps: 10_000, least: 8, most: 30, ms: 30_000 },
  { steps: 40_000, least: 1, most: 5, ms: 30_000 },
];

for (const { steps, least, most, ms } of RUNS) {
  Deno.test(`simulation: ${least} seeds or more of ${steps} steps keep the invariants`, async () => {
    const startedAt = performance.now();
    let seeds = 0;
    while (seeds < most && (seeds < least || performance.now() - startedAt < ms)) {
      await Simulation.run({ seed: FIRST_SEED + seeds++, steps });
    }
    console.info(`${seeds} seeds of ${steps} steps`);
  });
}
