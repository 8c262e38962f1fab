/**
 * What a backup costs those who chat meanwhile: `deno task bench:backup`.
 *
 * @module
 */
import { join } from "node:path";
import { createTokens } from "../server/auth/mod.ts";
import { systemClock, systemRandom } from "../server/clock.ts";
import { runTitan } from "../tests/harness/titan_process.ts";
import {
  createCommand,
  type ListenerName,
  listenerName,
  runCommand,
  wholeNumber,
} from "./harness/command_line.ts";
import { SECRET, startTitan, type TitanContender } from "./harness/contender.ts";
import { describeMachine, machineLine, WorkDir } from "./harness/machine.ts";
import { pause } from "./harness/process_usage.ts";
import { markdownTable, median, round, thousands, toJsonLine } from "./harness/report.ts";
import { ChatPairs } from "./load/chat_pairs.ts";
import { fillStore } from "./load/fill_store.ts";
import { connectTitan } from "./load/titan_client.ts";

interface Options {
  readonly dir: string;
  readonly messages: number;
  readonly users: number;
  readonly rounds: number;
  readonly pairs: number;
  readonly window: number;
  readonly size: number;
  readonly listener: ListenerName;
}

/** How those who chat fared for a while. */
interface Stretch {
  readonly msgsPerS: number;
  /** The longest time in which nobody had an acknowledgement. */
  readonly pauseMs: number;
  /** The longest way of one message from its sender to its receiver. */
  readonly worstMs: number;
}

/** One backup. */
interface Turn {
  readonly backupMs: number;
  readonly without: Stretch;
  /** From its start until a second after its end: what it held up is then made up for. */
  readonly during: Stretch;
}

const WARM_UP_MS = 2000;
const AFTER_MS = 1000;
const TOKEN_SECONDS = 24 * 3600;

async function main(): Promise<void> {
  const options = createCommand("bench:backup", "Measures what a backup costs those who chat")
    .option("--messages <count>", "that wait for offline users", wholeNumber, 200_000)
    .option("--users <count>", "that they wait for", wholeNumber, 10_000)
    .option("--rounds <count>", "backups", wholeNumber, 7)
    .option("--pairs <count>", "senders, and receivers", wholeNumber, 50)
    .option("--window <count>", "messages in flight in each pair", wholeNumber, 16)
    .option("--size <characters>", "of a message", wholeNumber, 100)
    .option("--listener <name>", "deno or ws", listenerName, "deno")
    .parse(Deno.args, { from: "user" })
    .opts<Options>();
  const machine = await describeMachine();
  console.error(machineLine(machine));
  await using directory = await WorkDir.make(options.dir);
  const { listener, dir: _dir, ...settings } = options;
  const dataDir = join(directory.path, "data");
  await fillStore(dataDir, options);
  console.error(`${thousands(options.messages)} messages stored`);
  await using titan = await startTitan({ name: "titan", listener, dataDir });
  const turns = await chat(titan, options);
  await titan.stop();
  report(turns);
  console.log(toJsonLine({ bench: "backup", machine, listener, ...settings, turns }));
}

async function chat(titan: TitanContender, options: Options): Promise<Turn[]> {
  const tokens = await createTokens({
    secrets: [new TextEncoder().encode(SECRET)],
    maxAgeSeconds: TOKEN_SECONDS,
    now: systemClock.now,
    random: systemRandom,
  });
  const token = (user: string) => tokens.sign({ user, ttlSeconds: TOKEN_SECONDS });
  const pairs = await ChatPairs.connect(connectTitan(titan.address, token), {
    ...options,
    prefix: "u",
  });
  pairs.start();
  await Promise.race([pause(WARM_UP_MS), pairs.failed]);
  const turns: Turn[] = [];
  for (let index = 0; index < options.rounds; index++) {
    turns.push(await takeTurn(titan, pairs, index));
    console.error(toJsonLine(turns.at(-1) ?? {}));
  }
  await pairs.finish();
  pairs.close();
  return turns;
}

async function takeTurn(titan: TitanContender, pairs: ChatPairs, index: number): Promise<Turn> {
  let backupMs = 0;
  // There it may write.
  const file = join(titan.dataDir, `${index}.gz`);
  const during = await watch(pairs, async () => {
    const begin = performance.now();
    const { dataDir } = titan;
    const { code, stderr } = await runTitan({ dataDir, args: ["backup", file] });
    if (code !== 0) throw new Error(`Cannot back up: ${stderr}`);
    backupMs = round(performance.now() - begin);
    await pause(AFTER_MS);
  });
  await Deno.remove(file);
  await pause(AFTER_MS);
  const without = await watch(pairs, () => pause(backupMs + AFTER_MS));
  return { backupMs, without, during };
}

/** Follows the chat while something is done. */
async function watch(pairs: ChatPairs, work: () => Promise<void>): Promise<Stretch> {
  const { tally } = pairs;
  const { received } = tally;
  tally.latenciesMs = [];
  tally.longestPauseMs = 0;
  const begin = performance.now();
  await Promise.race([work(), pairs.failed]);
  const secs = (performance.now() - begin) / 1000;
  const worst = tally.latenciesMs.reduce((most, ms) => Math.max(most, ms), 0);
  return {
    msgsPerS: round((tally.received - received) / secs),
    pauseMs: round(tally.longestPauseMs, 1),
    worstMs: round(worst, 1),
  };
}

function report(turns: readonly Turn[]): void {
  const row = (name: string, stretches: readonly Stretch[]) => {
    const pauses = stretches.map(({ pauseMs }) => pauseMs);
    return [
      name,
      thousands(median(stretches.map(({ msgsPerS }) => msgsPerS))),
      median(pauses),
      Math.max(...pauses),
      Math.max(...stretches.map(({ worstMs }) => worstMs)),
    ];
  };
  const heads = ["", "messages/s", "longest pause: median, ms", "most, ms", "worst message, ms"];
  const without = row("without", turns.map((turn) => turn.without));
  const during = row("with a backup", turns.map((turn) => turn.during));
  console.log(`\n${markdownTable(heads, [without, during])}\n`);
  console.log(`A backup takes ${median(turns.map(({ backupMs }) => backupMs))} ms\n`);
}

if (import.meta.main) await runCommand(main);
