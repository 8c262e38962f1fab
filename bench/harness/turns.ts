/**
 * The same chat load on several servers in turn, for several rounds: what else the machine does
 * then falls on all of them alike.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import type { ChatLoadResult } from "../chat_load.ts";
import type { Contender } from "./contender.ts";
import { untilQuiet } from "./process_usage.ts";
import { fromJsonLine, markdownTable, median, round, thousands } from "./report.ts";

/** What is run. */
export interface TurnOptions {
  readonly rounds: number;
  readonly windows: readonly number[];
  readonly pairs: number;
  readonly size: number;
  readonly secs: number;
  /** Goes on beside each turn; disposed of at its end. */
  readonly beside?: (contender: Contender) => Promise<AsyncDisposable>;
}

/** One measurement of one server. */
export interface Turn {
  readonly server: string;
  readonly window: number;
  readonly round: number;
  readonly result: ChatLoadResult;
}

/** The medians of one server at one window. */
export interface Summary {
  readonly server: string;
  readonly window: number;
  readonly msgsPerS: number;
  readonly msgsPerSMin: number;
  readonly msgsPerSMax: number;
  /** The median of the ratios within each round to the reference; null where there is none. */
  readonly ratio: number | null;
  readonly cpuUsPerMsg: number;
  /** The same for CPU time a message. */
  readonly cpuRatio: number | null;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly rssMb: number;
}

/** Runs all turns; tells of each on standard error. */
export async function runTurns(
  contenders: readonly Contender[],
  options: TurnOptions,
): Promise<readonly Turn[]> {
  const pids = contenders.map(({ pid }) => pid);
  const turns: Turn[] = [];
  for (let roundNumber = 1; roundNumber <= options.rounds; roundNumber++) {
    for (const window of options.windows) {
      for (const contender of contenders) {
        await untilQuiet(pids);
        await using _beside = await options.beside?.(contender);
        const result = await runLoad(contender, options, window);
        const turn = { server: contender.name, window, round: roundNumber, result };
        turns.push(turn);
        console.error(progressLine(turn, options));
      }
    }
  }
  return turns;
}

/** The medians of all servers. @param reference the server that ratios are to */
export function summarize(
  turns: readonly Turn[],
  reference: string | undefined,
): readonly Summary[] {
  const windows = [...new Set(turns.map(({ window }) => window))];
  const servers = [...new Set(turns.map(({ server }) => server))];
  return windows.flatMap((window) => {
    const ofWindow = turns.filter((turn) => turn.window === window);
    const base = ofWindow.filter(({ server }) => server === reference);
    return servers.map((server) => {
      return summaryOf(ofWindow.filter((turn) => turn.server === server), base);
    });
  });
}

/** The medians as a table in Markdown. */
export function summaryTable(summaries: readonly Summary[]): string {
  const heads = ["window", "server", "messages/s", "lowest - highest", "ratio"];
  const moreHeads = ["CPU us/message", "CPU ratio", "p50 ms", "p99 ms", "RSS MiB"];
  const rows = summaries.map((summary) => [
    summary.window,
    summary.server,
    thousands(summary.msgsPerS),
    `${thousands(summary.msgsPerSMin)} - ${thousands(summary.msgsPerSMax)}`,
    summary.ratio ?? "",
    summary.cpuUsPerMsg,
    summary.cpuRatio ?? "",
    summary.p50Ms,
    summary.p99Ms,
    summary.rssMb,
  ]);
  return markdownTable([...heads, ...moreHeads], rows);
}

function summaryOf(turns: readonly Turn[], base: readonly Turn[]): Summary {
  const [first] = turns;
  if (first === undefined) throw new Error("Cannot summarize a server: it had no turn");
  const of = (pick: (result: ChatLoadResult) => number) => turns.map(({ result }) => pick(result));
  const rates = of(({ msgsPerS }) => msgsPerS);
  return {
    server: first.server,
    window: first.window,
    msgsPerS: round(median(rates)),
    msgsPerSMin: Math.min(...rates),
    msgsPerSMax: Math.max(...rates),
    ratio: ratio(turns, base, ({ msgsPerS }) => msgsPerS),
    cpuUsPerMsg: round(median(of(cpu)), 1),
    cpuRatio: ratio(turns, base, cpu),
    p50Ms: round(median(of(({ p50Ms }) => p50Ms)), 2),
    p99Ms: round(median(of(({ p99Ms }) => p99Ms)), 2),
    rssMb: round(median(of(({ rssMb }) => rssMb))),
  };
}

/** Neighbours in time are compared: a slow minute of the machine then hits both. */
function ratio(
  turns: readonly Turn[],
  base: readonly Turn[],
  pick: (result: ChatLoadResult) => number,
): number | null {
  if (base.length !== turns.length) return null;
  const ratios = turns.map(({ result }, index) => {
    const other = base[index];
    return other === undefined ? NaN : pick(result) / pick(other.result);
  });
  return round(median(ratios), 2);
}

function cpu({ serverCpuUsPerMsg }: ChatLoadResult): number {
  return serverCpuUsPerMsg ?? NaN;
}

/** The load runs in a process of its own, so that no run inherits the heap of the one before. */
async function runLoad(
  { protocol, address, pid, secret }: Contender,
  { pairs, size, secs }: TurnOptions,
  window: number,
): Promise<ChatLoadResult> {
  const options = {
    pid,
    pairs,
    size,
    secs,
    window,
    // Mailboxes and sessions outlive their connections: every run has users of its own.
    prefix: `${crypto.randomUUID().slice(0, 8)}.`,
    ...(secret === "" ? {} : { secret }),
  };
  const command = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "-A",
      fileURLToPath(new URL("../chat_load.ts", import.meta.url)),
      protocol,
      address,
      ...Object.entries(options).map(([name, value]) => `--${name}=${value}`),
    ],
    stderr: "inherit",
  });
  const { success, stdout } = await command.output();
  if (!success) throw new Error(`Chat load failed on ${address}`);
  return fromJsonLine<ChatLoadResult>(new TextDecoder().decode(stdout));
}

function progressLine({ server, window, round, result }: Turn, { rounds }: TurnOptions): string {
  const place = `round ${round}/${rounds}, window ${window}`.padEnd(24);
  const rate = thousands(result.msgsPerS).padStart(8);
  return `${place} ${server.padEnd(10)} ${rate}/s  ${result.serverCpuUsPerMsg} us CPU a message, ` +
    `p50 ${result.p50Ms} ms, load ${result.loadCores} cores`;
}
