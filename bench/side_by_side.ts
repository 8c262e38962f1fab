/**
 * The chat load on Titan and, where it is installed, on mosquitto: `deno task bench:load`.
 *
 * @module
 */
import { join } from "node:path";
import {
  createTurnCommand,
  type ListenerName,
  listenerNames,
  runCommand,
} from "./harness/command_line.ts";
import { type Contender, startTitans } from "./harness/contender.ts";
import { describeMachine, machineLine, WorkDir } from "./harness/machine.ts";
import { findMosquitto, startMosquitto } from "./harness/mosquitto.ts";
import { toJsonLine } from "./harness/report.ts";
import { runTurns, summarize, summaryTable, type TurnOptions } from "./harness/turns.ts";

interface Options extends TurnOptions {
  readonly listener: readonly ListenerName[];
  readonly dir: string;
}

async function main(): Promise<void> {
  const options = createTurnCommand(
    "bench:load",
    "Runs the chat load on Titan and mosquitto in turn",
    [1, 4, 16],
  )
    .option("--listener <name>", "deno, ws or both", listenerNames, ["deno"])
    .parse(Deno.args, { from: "user" })
    .opts<Options>();
  const machine = await describeMachine();
  console.error(machineLine(machine));
  await using directory = await WorkDir.make(options.dir);
  await using stack = new AsyncDisposableStack();
  const contenders = await startAll(options, directory.path, stack);
  const summaries = summarize(await runTurns(contenders, options), "mosquitto");
  console.log(`\n${machineLine(machine)}\n\n${summaryTable(summaries)}\n`);
  const { rounds, secs, pairs, size } = options;
  console.log(toJsonLine({ bench: "load", machine, rounds, secs, pairs, size, summaries }));
}

async function startAll(
  { listener }: Options,
  directory: string,
  stack: AsyncDisposableStack,
): Promise<readonly Contender[]> {
  const contenders: Contender[] = [...await startTitans(listener, directory, stack)];
  const program = await findMosquitto();
  if (program === null) {
    console.error("mosquitto is not installed: there is nothing to compare with");
  } else {
    contenders.push(stack.use(await startMosquitto(program, join(directory, "mosquitto"))));
  }
  return contenders;
}

if (import.meta.main) await runCommand(main);
