/**
 * Stopping the process inside its store, between any two steps that it makes there.
 *
 * @module
 */
import assert from "node:assert/strict";
import { CrashRun } from "./crash_run.ts";
import type { Figures } from "./figures.ts";
import type { Fault, KillPoint, StepKind } from "./fault.ts";
import { drawHabits } from "./habits.ts";
import { drawPenPals, drawPeople } from "./people/person_habits.ts";
import { checkDirectory } from "./people/directory_rows.ts";
import { describe } from "./violation.ts";

/** How many times sooner the store's background work comes: a settle every 200 ms. */
const HURRY = 10;

/** A kill point that is not reached in this time is none. */
const REACHED_MS_MAX = 15_000;

/** Every moment at which a process can die around a call. */
export const MOMENTS: readonly KillPoint["moment"][] = ["before", "during", "after"];

/**
 * Where those die who delete themselves or end their tokens: with the tokens refused, and in the
 * middle of what goes: addresses, devices and push tokens, messages and their ids.
 */
export const ACCOUNT_POINTS: readonly KillPoint[] = [
  { step: "revocation", moment: "after", call: 1 },
  { step: "removal", moment: "during", call: 1 },
  { step: "removal", moment: "after", call: 1 },
  { step: "removal", moment: "after", call: 2 },
  { step: "removal", moment: "before", call: 3 },
];

/** Kill points of some calls of some steps, at every moment. */
export function killPoints(calls: ReadonlyMap<StepKind, readonly number[]>): readonly KillPoint[] {
  return [...calls].flatMap(([step, numbers]) =>
    numbers.flatMap((call) => MOMENTS.map((moment) => ({ step, moment, call })))
  );
}

/** Options for {@linkcode runKillPoints}. */
export interface KillPointsOptions {
  readonly seed: number;
  readonly points: readonly KillPoint[];
  /** More of them, of what only people do. @default {none} */
  readonly accounts?: readonly KillPoint[];
  /** Those at which the server dies while everybody signs in for the first time. */
  readonly joining?: readonly KillPoint[];
}

/** One life a kill point, on one data directory; in the end everything is checked. */
export async function runKillPoints(options: KillPointsOptions): Promise<Figures> {
  const { seed, points, accounts = [], joining = [] } = options;
  const faults = joining.map((kill): Fault => ({ kill }));
  const people = drawPeople(seed);
  const habits = [...drawHabits(seed, 3), ...drawPenPals(seed, people, 3)];
  await using run = await CrashRun.start({ seed, habits, people, joining: faults });
  await run.live({ ms: 1000 });
  for (const kill of [...points, ...accounts]) {
    // A journal that takes several reads to replay.
    if (kill.step === "replay") await run.live({ ms: 1000 });
    await run.live({ ms: REACHED_MS_MAX, fault: { hurry: HURRY, kill } });
  }
  const reached = run.history.lives.filter(({ end }) => end.startsWith("died"));
  await run.drain();
  const exitCode = await run.end();
  const violations = [...run.check(), ...await checkDirectory(run.dataDir, run.history)];
  assert.equal(describe(violations), "", `seed ${seed}`);
  assert.deepEqual(
    reached.map(({ end }) => JSON.parse(end.slice(end.indexOf("{")))),
    [...joining, ...points, ...accounts],
  );
  assert.equal(exitCode, 0);
  return run.figures();
}
