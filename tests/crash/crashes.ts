/**
 * The rounds of a crash test: lives of random length, some of them over before they began, and some
 * ended as an operator ends them: a clean stop leaves an empty journal for the next start.
 *
 * @module
 */
import { CrashRun } from "./crash_run.ts";
import type { Figures } from "./figures.ts";
import { drawHabits, type Habits } from "./habits.ts";
import type { Fault } from "./fault.ts";
import { checkDirectory } from "./people/directory_rows.ts";
import { drawPenPals, drawPeople, type PersonHabits } from "./people/person_habits.ts";
import { Seeded } from "./seeded.ts";
import type { Violation } from "./violation.ts";

/** Options for {@linkcode runCrashes}. */
export interface CrashesOptions {
  readonly seed: number;
  /** How often the server is killed, or now and then stopped. */
  readonly rounds: number;
  /** A life ends after this many milliseconds at the latest. */
  readonly lifeMsMax: number;
  /** Everybody who takes part. @default {those that the seed brings} */
  readonly habits?: readonly Habits[];
  /** Those who come and go as users, and are written to. @default {those that the seed brings} */
  readonly people?: readonly PersonHabits[];
  /** The listener of the server. @default {"deno"} */
  readonly listener?: "deno" | "ws";
  /** What is wrong with the server in every life but the first and the last. */
  readonly fault?: Fault;
}

/** What came of a run. */
export interface Crashes {
  readonly violations: readonly Violation[];
  readonly figures: Figures;
  /** With which the last server ended, when it was asked to. */
  readonly exitCode: number;
}

/** The shortest lives: the server is killed while everybody comes back. */
const SHORT_MS = 400;

/** The one that is stopped in any case. */
const STOPPED_ROUND = 3;

/** About how long a start takes: it is killed somewhere in it. */
const START_MS = 500;

/** Runs, drains and checks. */
export async function runCrashes(options: CrashesOptions): Promise<Crashes> {
  const { seed, rounds, lifeMsMax, listener = "deno", fault } = options;
  const { people = drawPeople(seed) } = options;
  const habits = [...options.habits ?? drawHabits(seed), ...drawPenPals(seed, people)];
  const chance = Seeded.of(seed, "kills");
  await using run = await CrashRun.start({ seed, habits, people, listener });
  await run.live({ ms: lifeMsMax / 2 });
  for (let round = 1; round < rounds; round++) {
    if (chance.chance(0.15)) await run.stumble(chance.whole(0, START_MS));
    const ms = chance.chance(0.3) ? chance.whole(0, SHORT_MS) : chance.whole(SHORT_MS, lifeMsMax);
    const isKilled = round !== STOPPED_ROUND && !chance.chance(0.1);
    await run.live({ ms, isKilled, ...(fault === undefined ? {} : { fault }) });
  }
  await run.drain();
  const exitCode = await run.end();
  const violations = [...run.check(), ...await checkDirectory(run.dataDir, run.history)];
  return { violations, figures: run.figures(), exitCode };
}
