/**
 * What a run found, with what is needed to see it again.
 *
 * @module
 */

/** A run found something that must not be. */
export class SimulationError extends Error {
  override readonly name = "SimulationError";
  readonly seed: number;

  constructor(seed: number, step: number, violations: readonly string[], tail: readonly string[]) {
    const found = violations.slice(0, 5).map((it) => `  ${it}`).join("\n");
    const before = tail.map((line) => `  ${line}`).join("\n");
    super(
      `Simulation finds at step ${step} (run it again with TITAN_TEST_SEED=${seed}):\n${found}\n` +
        `Before that:\n${before}`,
    );
    this.seed = seed;
  }
}
