/**
 * How fast sleeping devices are woken, and what that costs those who chat: `deno task bench:push`.
 *
 * @module
 */
import { join } from "node:path";
import { ApnsProcess } from "./harness/apns_process.ts";
import {
  createTurnCommand,
  type ListenerName,
  listenerName,
  runCommand,
  wholeNumber,
} from "./harness/command_line.ts";
import { startTitan, type TitanStart } from "./harness/contender.ts";
import { describeMachine, machineLine, WorkDir } from "./harness/machine.ts";
import { cpuMsOf, rssKibOf } from "./harness/process_usage.ts";
import { round, thousands, toJsonLine } from "./harness/report.ts";
import {
  runTurns,
  summarize,
  type Summary,
  summaryTable,
  type TurnOptions,
} from "./harness/turns.ts";
import { fillStore } from "./load/fill_store.ts";
import { sendUrgently } from "./load/urgent_sender.ts";

interface Options extends Omit<TurnOptions, "beside"> {
  readonly devices: number;
  readonly rate: number;
  readonly listener: ListenerName;
  readonly dir: string;
}

/** How what was owed at a start was sent. */
interface Waking {
  readonly pushes: number;
  readonly pushesPerS: number;
  readonly serverCpuUsPerPush: number;
  /** What the server grew by from its start on, at its largest. */
  readonly grownMib: number;
}

/** Each sleeper gets an urgent message every so many seconds: oftener would be fewer pushes. */
const SECONDS_PER_PUSH = 2;

async function main(): Promise<void> {
  const options = createTurnCommand("bench:push", "Measures how sleeping devices are woken", [16])
    .option("--devices <count>", "that are owed a push when the server starts", wholeNumber, 20_000)
    .option("--rate <count>", "pushes a second beside the chat", wholeNumber, 500)
    .option("--listener <name>", "deno or ws", listenerName, "deno")
    .parse(Deno.args, { from: "user" })
    .opts<Options>();
  const machine = await describeMachine();
  console.error(machineLine(machine));
  await using directory = await WorkDir.make(options.dir);
  const { rounds, secs, pairs, size, listener, devices, rate } = options;
  const waking = await wake(directory.path, options);
  const summaries = await chat(directory.path, options);
  console.log(
    `\n${thousands(waking.pushes)} pushes, ${thousands(waking.pushesPerS)} a second, ` +
      `${waking.serverCpuUsPerPush} us of CPU each, ${waking.grownMib} MiB more\n\n` +
      `${summaryTable(summaries)}\n`,
  );
  const settings = { devices, rate, rounds, secs, pairs, size, listener };
  console.log(toJsonLine({ bench: "push", machine, ...settings, waking, summaries }));
}

/** Starts a server that owes every device a push, and waits until all are sent. */
async function wake(directory: string, { devices, listener, size }: Options): Promise<Waking> {
  const dataDir = join(directory, "waking");
  await fillStore(dataDir, { messages: devices, users: devices, size, push: addressOf });
  await using apns = await ApnsProcess.start(directory);
  await using titan = await startTitan({ name: "waking", listener, dataDir, ...apns });
  const [rss, cpu] = [rssKibOf(titan.pid), cpuMsOf(titan.pid)];
  // A start is given some seconds in which devices may come back by themselves.
  await apns.until(1);
  const [begin, first] = [performance.now(), apns.pushes];
  let largest = rss;
  while (apns.pushes < devices) {
    await apns.until(Math.min(devices, apns.pushes + 1));
    largest = Math.max(largest, rssKibOf(titan.pid));
  }
  const secs = (performance.now() - begin) / 1000;
  const cpuMs = cpuMsOf(titan.pid) - cpu;
  return {
    pushes: apns.pushes,
    pushesPerS: round((devices - first) / secs),
    serverCpuUsPerPush: round(cpuMs * 1000 / devices),
    grownMib: round((largest - rss) / 1024),
  };
}

/** The chat load on two servers in turn, while both get the same messages for sleepers. */
async function chat(directory: string, options: Options): Promise<readonly Summary[]> {
  const users = options.rate * SECONDS_PER_PUSH;
  await using apns = await ApnsProcess.start(directory);
  await using stack = new AsyncDisposableStack();
  const start = async (name: string, parts: Partial<TitanStart>, push?: typeof addressOf) => {
    const dataDir = join(directory, name);
    await fillStore(dataDir, { messages: 0, users, size: 1, ...push && { push } });
    const { listener } = options;
    return stack.use(await startTitan({ name, listener, dataDir, ...parts }));
  };
  const without = await start("no pushes", {});
  const pushing = await start("pushes", apns, addressOf);
  const { rate } = options;
  const turns = await runTurns([without, pushing], {
    ...options,
    beside: async (contender) => {
      const before = apns.pushes;
      const sending = await sendUrgently({ ...contender, users, rate });
      return {
        async [Symbol.asyncDispose]() {
          await sending[Symbol.asyncDispose]();
          console.error(`${apns.pushes - before} pushes`);
        },
      };
    },
  });
  return summarize(turns, without.name);
}

function addressOf(index: number): { provider: "apns"; token: string } {
  return { provider: "apns", token: index.toString(16).padStart(64, "0") };
}

if (import.meta.main) await runCommand(main);
