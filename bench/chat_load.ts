/**
 * The chat load against one server: prints one line of JSON. `side_by_side.ts` runs it in a process
 * of its own for every figure; by hand it measures any server that runs already.
 *
 * @module
 */
import { InvalidArgumentError } from "commander";
import { systemClock, systemRandom } from "../server/clock.ts";
import { createTokens } from "../server/auth/mod.ts";
import { within } from "../tests/harness/wait_for.ts";
import { createCommand, runCommand, wholeNumber, wholeNumbers } from "./harness/command_line.ts";
import { cpuMsOf, pause, rssKibOf } from "./harness/process_usage.ts";
import { median, round, toJsonLine } from "./harness/report.ts";
import type { Connect } from "./load/chat_client.ts";
import { ChatPairs } from "./load/chat_pairs.ts";
import { connectMqtt } from "./load/mqtt_client.ts";
import { connectTitan } from "./load/titan_client.ts";

/** What is sent before anything is measured: code gets hot, buffers find their size. */
const WARM_UP_MS = 1000;

/** How long the last messages may take. */
const FINISH_MS_MAX = 20_000;

const TOKEN_SECONDS = 24 * 3600;
const US_PER_MS = 1000;
const KIB_PER_MIB = 1024;

interface Options {
  readonly secret: string;
  readonly pid: readonly number[];
  readonly pairs: number;
  readonly window: number;
  readonly size: number;
  readonly secs: number;
  readonly prefix: string;
}

/** One measurement. */
export interface ChatLoadResult {
  readonly proto: string;
  readonly pairs: number;
  readonly win: number;
  readonly size: number;
  /** Messages that receivers had, a second. */
  readonly msgsPerS: number;
  readonly acksPerS: number;
  /** From send to receipt. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** CPU time of the server's processes, user and system; null where none was named. */
  readonly serverCpuUsPerMsg: number | null;
  readonly serverCores: number;
  /** Memory of the server at the end. */
  readonly rssMb: number;
  /** KiB by which the server grew while the clients connected, for each of them. */
  readonly kbPerConn: number;
  /** Cores that the load itself used: near 1, it may be what limits the rate. */
  readonly loadCores: number;
}

async function main(): Promise<void> {
  const command = createCommand("chat_load", "Chats over one server and prints what it did")
    .argument("<protocol>", "titan or mqtt", protocolName)
    .argument("<address>", "host:port")
    .option("--secret <secret>", "the server's TITAN_JWT_SECRET", "")
    .option("--pid <ids>", "processes of the server", wholeNumbers, [])
    .option("--pairs <count>", "senders, and receivers", wholeNumber, 50)
    .option("--window <count>", "messages in flight in each pair", wholeNumber, 4)
    .option("--size <characters>", "of a message", wholeNumber, 100)
    .option("--secs <seconds>", "to measure", wholeNumber, 5)
    .option("--prefix <text>", "of the names of users: new for every run", "u")
    .parse(Deno.args, { from: "user" });
  const [protocol = "", address = ""] = command.args;
  const options = command.opts<Options>();
  const connect = protocol === "mqtt" ? connectMqtt(address) : await titan(address, options);
  console.log(toJsonLine(await measure(protocol, connect, options)));
}

async function measure(
  proto: string,
  connect: Connect,
  options: Options,
): Promise<ChatLoadResult> {
  const { pid: pids, pairs: count, window: win, size } = options;
  const rssAlone = rssKib(pids);
  const pairs = await ChatPairs.connect(connect, options);
  const kbPerConn = round((rssKib(pids) - rssAlone) / (count * 2), 1);
  pairs.start();
  await Promise.race([pause(WARM_UP_MS), pairs.failed]);
  const { cpuMs, ...figures } = await timeOf(pairs, options);
  const rssMb = round(rssKib(pids) / KIB_PER_MIB);
  await within(pairs.finish(), FINISH_MS_MAX, "the messages in flight", () => {
    return JSON.stringify({ ...pairs.tally, latenciesMs: undefined });
  });
  pairs.close();
  const { messages, ...rates } = figures;
  const serverCpuUsPerMsg = pids.length === 0 ? null : round(cpuMs * US_PER_MS / messages, 1);
  return { proto, pairs: count, win, size, ...rates, serverCpuUsPerMsg, rssMb, kbPerConn };
}

/** What happens in the time that is measured. */
async function timeOf({ tally, failed }: ChatPairs, { pid: pids, secs }: Options) {
  tally.latenciesMs = [];
  const { received, acknowledged } = tally;
  const [serverMs, loadMs, start] = [cpuMs(pids), cpuMsOf(Deno.pid), performance.now()];
  await Promise.race([pause(secs * 1000), failed]);
  const elapsedMs = performance.now() - start;
  const usedMs = cpuMs(pids) - serverMs;
  const messages = tally.received - received;
  const latencies = tally.latenciesMs.sort((a, b) => a - b);
  return {
    messages,
    cpuMs: usedMs,
    msgsPerS: round(messages / elapsedMs * 1000),
    acksPerS: round((tally.acknowledged - acknowledged) / elapsedMs * 1000),
    p50Ms: round(median(latencies), 2),
    p99Ms: round(latencies[Math.floor(latencies.length * 0.99)] ?? NaN, 2),
    serverCores: round(usedMs / elapsedMs, 2),
    loadCores: round((cpuMsOf(Deno.pid) - loadMs) / elapsedMs, 2),
  };
}

async function titan(address: string, { secret }: Options): Promise<Connect> {
  const tokens = await createTokens({
    secrets: [new TextEncoder().encode(secret)],
    maxAgeSeconds: TOKEN_SECONDS,
    now: systemClock.now,
    random: systemRandom,
  });
  return connectTitan(address, (user) => tokens.sign({ user, ttlSeconds: TOKEN_SECONDS }));
}

function protocolName(text: string): string {
  if (text !== "titan" && text !== "mqtt") throw new InvalidArgumentError("Give titan or mqtt");
  return text;
}

function cpuMs(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + cpuMsOf(pid), 0);
}

function rssKib(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + rssKibOf(pid), 0);
}

if (import.meta.main) await runCommand(main);
