/**
 * The simulation, long: many seeds, short runs and longer ones. It says which seed failed; with
 * TITAN_TEST_SEED it begins there, so that another start brings other histories.
 */
import { Simulation } from "../simulation/simulation.ts";

const FIRST_SEED = Number(Deno.env.get("TITAN_TEST_SEED") ?? 1000);

for (const [seeds, steps] of [[90, 3000], [20, 10_000], [3, 40_000]] as const) {
  Deno.test(`simulation: ${seeds} seeds of ${steps} steps keep the invariants`, async () => {
    for (let seed = FIRST_SEED; seed < FIRST_SEED + seeds; seed++) {
      await Simulation.run({ seed, steps });
    }
  });
}
