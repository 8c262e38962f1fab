/**
 * The rounds of a crash test of pushes: lives of a length that the seed brings, in which the push
 * service works until the end, goes away or falls silent.
 *
 * @module
 */
import { PUSH_ORDINARY_MS } from "../../limits.ts";
import type { Fault } from "../crash/fault.ts";
import { Seeded } from "../crash/seeded.ts";
import type { PushFigures, PushViolation } from "./push_checker.ts";
import type { ApnsMood } from "./push_recorder.ts";
import { PushRun, type PushRunOptions } from "./push_run.ts";

/** Options for {@linkcode runPushCrashes}. */
export interface PushCrashesOptions extends PushRunOptions {
  readonly rounds: number;
  /** A life ends after this many milliseconds at the latest. */
  readonly lifeMsMax: number;
  /** Whether what is due at once is waited for by itself, in a life of its own. */
  readonly inTwoSteps?: boolean;
  /** What is wrong with every server but the first and the last, in each round from 2 on. */
  readonly liveFault?: (chance: Seeded) => Fault;
  /** What is wrong with the last server. */
  readonly fault?: Fault;
  /** Whom the last server may miss: those whom the fault is about. */
  readonly mayMiss?: (user: string) => boolean;
}

/** What came of a run. */
export interface PushCrashes {
  readonly violations: readonly PushViolation[];
  readonly figures: PushFigures & {
    /** Who was owed a push at each kill. */
    readonly owedAtKills: readonly number[];
    /** How long the last servers took to pay, in milliseconds after they were ready. */
    readonly settledMs: readonly number[];
  };
}

const LIFE_MS_MIN = 200;

/** What the push service does at the end of a life. */
const MOODS: readonly ApnsMood[] = ["works", "works", "away", "silent"];

/** Past the wait of what is ordinary: the last server finds all of it due. */
const AHEAD_MS = PUSH_ORDINARY_MS + 60_000;

/** Kills, lets what is owed come, and checks. */
export async function runPushCrashes(options: PushCrashesOptions): Promise<PushCrashes> {
  const { seed, rounds, lifeMsMax, inTwoSteps = false, liveFault, fault, mayMiss } = options;
  const chance = Seeded.of(seed, "kills");
  await using run = await PushRun.start(options);
  const owedAtKills: number[] = [];
  for (let round = 1; round <= rounds; round++) {
    const ms = chance.whole(LIFE_MS_MIN, lifeMsMax);
    // In the last life much is left behind, or there would be nothing to find.
    const mood = round === rounds ? "silent" : chance.pick(MOODS);
    const then = { mood, ms: chance.whole(0, ms) };
    const isFaulty = liveFault !== undefined && round > 1;
    await run.live({ ms, then, ...(isFaulty ? { fault: liveFault(chance) } : {}) });
    owedAtKills.push(run.owed(AHEAD_MS).length);
  }
  await run.calm();
  const settledMs = inTwoSteps ? [await run.settle()] : [];
  settledMs.push(await run.settle({ ...fault, aheadMs: AHEAD_MS }, mayMiss));
  const { violations, figures } = run.check();
  return { violations, figures: { ...figures, owedAtKills, settledMs } };
}

/** Violations as text, for the message of a failing test; empty where there are none. */
export function tellPushes(violations: readonly PushViolation[]): string {
  const rules = Map.groupBy(violations, ({ rule }) => rule);
  const counts = [...rules].map(([rule, list]) => `${list.length} of ${rule}`);
  const some = violations.slice(0, 8).map(({ rule, user, what }) => `${rule} (${user}): ${what}`);
  return [...counts, ...some].join("\n");
}
