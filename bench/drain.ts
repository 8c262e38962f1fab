/**
 * How fast a device gets what waited for it: `deno task bench:drain`.
 *
 * @module
 */
import { within } from "../tests/harness/wait_for.ts";
import { TestClient } from "../tests/harness/client.ts";
import {
  createCommand,
  type ListenerName,
  listenerNames,
  runCommand,
  wholeNumber,
  wholeNumbers,
} from "./harness/command_line.ts";
import { startTitan, type TitanContender } from "./harness/contender.ts";
import { describeMachine, machineLine, WorkDir } from "./harness/machine.ts";
import { cpuMsOf, rssKibOf, untilQuiet } from "./harness/process_usage.ts";
import { median, round, thousands, toJsonLine } from "./harness/report.ts";

/** Messages in one `msg.send`, and requests under way at once, while mailboxes are filled. */
const FILL_MESSAGES = 100;
const FILL_REQUESTS = 10;

/** Digits of a message's number, with which its text begins. */
const NUMBER_DIGITS = 9;

const DRAIN_MS_MAX = 300_000;
const US_PER_MS = 1000;

interface Options {
  readonly messages: number;
  readonly size: number;
  readonly windows: readonly number[];
  readonly rounds: number;
  readonly listener: readonly ListenerName[];
  readonly dir: string;
}

/** One device that came back. */
interface Drain {
  readonly msgsPerS: number;
  readonly cpuUsPerMsg: number;
}

async function main(): Promise<void> {
  const options = createCommand("bench:drain", "Measures how fast a device gets what waits for it")
    .option("--messages <count>", "that wait for each device", wholeNumber, 100_000)
    .option("--size <bytes>", "of a message", wholeNumber, 100)
    .option("--windows <counts>", "messages in flight", wholeNumbers, [64, 256])
    .option("--rounds <count>", "devices for each window", wholeNumber, 3)
    .option("--listener <name>", "deno, ws or both", listenerNames, ["deno"])
    .parse(Deno.args, { from: "user" })
    .opts<Options>();
  const machine = await describeMachine();
  console.error(machineLine(machine));
  const results: object[] = [];
  for (const listener of options.listener) {
    await using directory = await WorkDir.make(options.dir);
    results.push(...await measure(listener, directory.path, options));
  }
  const { messages, size, rounds } = options;
  console.log(toJsonLine({ bench: "drain", machine, messages, size, rounds, results }));
}

/** Fills all mailboxes, starts the server anew, and lets one device after the other come back. */
async function measure(
  listener: ListenerName,
  dataDir: string,
  options: Options,
): Promise<readonly object[]> {
  const start = () => startTitan({ name: `titan ${listener}`, listener, dataDir, env: ROOMY });
  {
    await using titan = await start();
    await fillAll(titan, options);
    await titan.stop();
  }
  await using titan = await start();
  const results: object[] = [];
  for (const window of options.windows) {
    const drains: Drain[] = [];
    for (let index = 0; index < options.rounds; index++) {
      await untilQuiet([titan.pid]);
      const drain = await drainOne(titan, userOf(window, index), window, options);
      console.error(`window ${window}: ${thousands(drain.msgsPerS)}/s`);
      drains.push(drain);
    }
    results.push(report(titan, window, drains));
  }
  return results;
}

/** Mailboxes that hold what is put into them. */
const ROOMY = { TITAN_MAILBOX_MESSAGES: "100000000", TITAN_MAILBOX_BYTES: "100000000000" };

function userOf(window: number, index: number): string {
  return `window${window}.${index}`;
}

async function fillAll(titan: TitanContender, options: Options): Promise<void> {
  await using sender = await TestClient.connect(titan.url, { token: await titan.token("sender") });
  const start = performance.now();
  for (const window of options.windows) {
    for (let index = 0; index < options.rounds; index++) {
      const user = userOf(window, index);
      // Whoever was never there cannot be written to.
      const receiver = await TestClient.connect(titan.url, { token: await titan.token(user) });
      await receiver.close();
      await fill(sender, user, options);
    }
  }
  const messages = options.messages * options.windows.length * options.rounds;
  const secs = (performance.now() - start) / 1000;
  console.error(`${thousands(messages)} messages sent, ${thousands(messages / secs)} a second`);
}

async function fill(sender: TestClient, to: string, { messages, size }: Options): Promise<void> {
  const filling = "x".repeat(Math.max(0, size - NUMBER_DIGITS));
  let next = 0;
  // One connection's requests are taken in the order in which they come.
  const worker = async () => {
    while (next < messages) {
      const count = Math.min(FILL_MESSAGES, messages - next);
      const first = next;
      next += count;
      await sender.request(
        "msg.send",
        Array.from({ length: count }, (_, index) => {
          return { to, message: `${first + index}`.padStart(NUMBER_DIGITS, "0") + filling };
        }),
      );
    }
  };
  await Promise.all(Array.from({ length: FILL_REQUESTS }, worker));
}

/** One device signs in and acknowledges all that it gets until nothing waits any more. */
async function drainOne(
  titan: TitanContender,
  user: string,
  window: number,
  { messages }: Options,
): Promise<Drain> {
  const token = await titan.token(user);
  const socket = new WebSocket(titan.wsUrl);
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = reject;
  });
  const [start, cpuStart] = [performance.now(), cpuMsOf(titan.pid)];
  const emptied = untilEmpty(socket, messages);
  const params = { token, window };
  socket.send(JSON.stringify({ jsonrpc: "2.0", id: "sign-in", method: "auth.jwt", params }));
  await within(emptied, DRAIN_MS_MAX, "the last message");
  const elapsedMs = performance.now() - start;
  const cpuMs = cpuMsOf(titan.pid) - cpuStart;
  socket.close();
  return {
    msgsPerS: round(messages / elapsedMs * 1000),
    cpuUsPerMsg: round(cpuMs * US_PER_MS / messages, 1),
  };
}

/** Resolves when `queue.empty` came after all messages, each once and in order. */
function untilEmpty(socket: WebSocket, messages: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let next = 0;
  socket.onclose = ({ code, reason }) => reject(new Error(`Connection closed: ${code} ${reason}`));
  socket.onmessage = ({ data }) => {
    const { method, id, params, error } = JSON.parse(data);
    if (error !== undefined) reject(new Error(`Server answered ${error.code}: ${error.message}`));
    if (method === "queue.empty" && next === messages) resolve();
    else if (method === "queue.empty") reject(new Error(`Queue is empty after ${next} messages`));
    if (method !== "msg.recv") return;
    socket.send(JSON.stringify({ jsonrpc: "2.0", id, result: "ACK" }));
    for (const { message } of params) {
      const number = Number(message.slice(0, NUMBER_DIGITS));
      if (number !== next++) reject(new Error(`Message ${number} came where ${next - 1} was due`));
    }
  };
  return promise;
}

function report(titan: TitanContender, window: number, drains: readonly Drain[]): object {
  const rates = drains.map(({ msgsPerS }) => msgsPerS);
  const result = {
    server: titan.name,
    window,
    msgsPerS: round(median(rates)),
    msgsPerSMin: Math.min(...rates),
    msgsPerSMax: Math.max(...rates),
    cpuUsPerMsg: round(median(drains.map(({ cpuUsPerMsg }) => cpuUsPerMsg)), 1),
    rssMb: round(rssKibOf(titan.pid) / 1024),
  };
  console.log(
    `${titan.name}, window ${window}: ${thousands(result.msgsPerS)} messages/s ` +
      `(${thousands(result.msgsPerSMin)} - ${thousands(result.msgsPerSMax)}), ` +
      `${result.cpuUsPerMsg} us CPU a message, ${result.rssMb} MiB`,
  );
  return result;
}

if (import.meta.main) await runCommand(main);
