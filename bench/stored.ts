/**
 * What stored messages cost those who chat, and a start: `deno task bench:stored`.
 *
 * @module
 */
import { join } from "node:path";
import {
  createTurnCommand,
  type ListenerName,
  listenerName,
  runCommand,
  wholeNumber,
} from "./harness/command_line.ts";
import { startTitan, type TitanContender, type TitanStart } from "./harness/contender.ts";
import { describeMachine, machineLine, WorkDir } from "./harness/machine.ts";
import { median, round, thousands, toJsonLine } from "./harness/report.ts";
import {
  runTurns,
  summarize,
  type Summary,
  summaryTable,
  type TurnOptions,
} from "./harness/turns.ts";
import { fillStore } from "./load/fill_store.ts";

interface Options extends TurnOptions {
  readonly messages: number;
  readonly users: number;
  readonly starts: number;
  readonly listener: ListenerName;
  readonly dir: string;
}

/** Medians of the time from the start of the process to its ready line, in milliseconds. */
interface Starts {
  readonly emptyMs: number;
  readonly storedMs: number;
  /** After `kill -9` in the middle of the chat load: the journal has to be read. */
  readonly storedKilledMs: number;
}

async function main(): Promise<void> {
  const options = createTurnCommand("bench:stored", "Measures what stored messages cost", [16])
    .option("--messages <count>", "that wait for offline users", wholeNumber, 1_000_000)
    .option("--users <count>", "that they wait for", wholeNumber, 10_000)
    .option("--starts <count>", "of each kind", wholeNumber, 5)
    .option("--listener <name>", "deno or ws", listenerName, "deno")
    .parse(Deno.args, { from: "user" })
    .opts<Options>();
  const machine = await describeMachine();
  console.error(machineLine(machine));
  await using directory = await WorkDir.make(options.dir);
  const { listener, messages, users, rounds, secs, pairs, size } = options;
  const stored = { name: "stored", listener, dataDir: join(directory.path, "stored") };
  const none = { name: "none", listener, dataDir: join(directory.path, "none") };
  const fillSecs = await fill(stored, options);
  const starts = await measureStarts(none, stored, options);
  const { summaries, storedKilledMs } = await chat(none, stored, options);
  const result = { ...starts, storedKilledMs };
  report(messages, result, summaries);
  const settings = { messages, users, rounds, secs, pairs, size, listener };
  console.log(
    toJsonLine({ bench: "stored", machine, ...settings, fillSecs, starts: result, summaries }),
  );
}

async function fill({ dataDir }: TitanStart, options: Options): Promise<number> {
  const start = performance.now();
  await fillStore(dataDir, options);
  const secs = round((performance.now() - start) / 1000, 1);
  let bytes = 0;
  for await (const { name } of Deno.readDir(dataDir)) {
    bytes += (await Deno.stat(join(dataDir, name))).size;
  }
  console.error(
    `${thousands(options.messages)} messages stored in ${secs} s, ` +
      `${round(bytes / 1024 ** 2)} MiB`,
  );
  return secs;
}

async function measureStarts(
  none: TitanStart,
  stored: TitanStart,
  { starts }: Options,
): Promise<Omit<Starts, "storedKilledMs">> {
  const [empty, full]: [number[], number[]] = [[], []];
  // The first start of each makes its files; it does not count.
  for (let index = 0; index <= starts; index++) {
    empty.push(await timeStart(none));
    full.push(await timeStart(stored));
  }
  return { emptyMs: round(median(empty.slice(1))), storedMs: round(median(full.slice(1))) };
}

/** Starts a server, stops it in good order, and answers how long the start took. */
async function timeStart(start: TitanStart): Promise<number> {
  const begin = performance.now();
  await using titan = await startTitan(start);
  const elapsed = performance.now() - begin;
  await titan.stop();
  return elapsed;
}

/** The chat load on both in turn, then starts after kills. */
async function chat(none: TitanStart, stored: TitanStart, options: Options) {
  await using stack = new AsyncDisposableStack();
  const empty = stack.use(await startTitan(none));
  const full = stack.use(await startTitan(stored));
  const summaries = summarize(await runTurns([empty, full], options), none.name);
  await empty.stop();
  const storedKilledMs = await timeKilled(full, stored, options, stack);
  return { summaries, storedKilledMs };
}

/** Kills a server several times, as soon as it has worked, so that its journal is as long as it gets. */
async function timeKilled(
  first: TitanContender,
  start: TitanStart,
  options: Options,
  stack: AsyncDisposableStack,
): Promise<number> {
  const times: number[] = [];
  let titan = first;
  for (let index = 0; index < options.starts; index++) {
    const [window = 16] = options.windows;
    const once = { ...options, rounds: 1, windows: [window], secs: 2 };
    await runTurns([{ ...titan, name: `start ${index + 1}` }], once);
    await titan.stop("SIGKILL");
    const begin = performance.now();
    titan = stack.use(await startTitan(start));
    times.push(performance.now() - begin);
  }
  await titan.stop();
  return round(median(times));
}

function report(messages: number, starts: Starts, summaries: readonly Summary[]): void {
  const count = thousands(messages);
  console.log(`\n${summaryTable(summaries)}\n`);
  console.log(
    `From process start to ready: ${starts.emptyMs} ms with an empty store, ` +
      `${starts.storedMs} ms with ${count} stored, ` +
      `${starts.storedKilledMs} ms with them after kill -9\n`,
  );
}

if (import.meta.main) await runCommand(main);
