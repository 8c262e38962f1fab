/**
 * The chaos script: `deno task chaos`. Under full chat load the server is stopped, killed and
 * suspended, its disk is filled, its clock jumps, and it is backed up; the records of the clients
 * tell whether anything that was accepted is lost (I1 to I9), and how long each recovery took.
 *
 * @module
 */
import { InvalidArgumentError } from "commander";
import { createCommand, runCommand, wholeNumber } from "../../bench/harness/command_line.ts";
import { describeMachine, machineLine } from "../../bench/harness/machine.ts";
import { markdownTable, round, thousands, toJsonLine } from "../../bench/harness/report.ts";
import type { Fault } from "../crash/fault.ts";
import { testSeed } from "../crash/seeded.ts";
import { CHAOS_EVENTS, type ChaosEvent } from "./chaos_events.ts";
import { BrokenError, type EventReport, runChaos } from "./chaos_run.ts";
import { findFaketime } from "./wall_clock.ts";

/** The exit code of what SIGINT ended, as shells have it. */
const INTERRUPTED = 130;

interface Options {
  readonly seed: number;
  readonly seconds: number;
  readonly pairs: number;
  readonly window: number;
  readonly only?: readonly ChaosEvent[];
  readonly dir: string;
  readonly fault?: Fault;
}

async function main(): Promise<void> {
  const command = createCommand("chaos", "Harms a server under chat load, and checks what is lost")
    .option("--seed <number>", "of the run", seedNumber, testSeed())
    .option("--seconds <count>", "of chat before each event, and after it", wholeNumber, 12)
    .option("--pairs <count>", "senders, and receivers", wholeNumber, 50)
    .option("--window <count>", "messages of a sender that wait for their ACK", wholeNumber, 4)
    .option("--only <events>", "some of the events, with commas between them", eventNames)
    .option("--fault <json>", "run a server with a fault of tests/crash/fault.ts", faultOf)
    .addHelpText("after", `\nEvents:\n${eventLines()}\n\n${COLUMNS_HELP}`)
    .parse(Deno.args, { from: "user" });
  const { dir, only: events = CHAOS_EVENTS, ...options } = command.opts<Options>();
  const machine = await describeMachine();
  console.error(machineLine(machine));
  console.error(`Seed ${options.seed}, ${events.length} events`);
  const directory = await Deno.makeTempDir({ dir, prefix: "titan-chaos-" });
  const { signal } = interruption();
  try {
    const tell = (line: string) => console.error(line);
    const faketime = await findFaketime();
    const report = await runChaos({ ...options, events, directory, faketime, tell, signal });
    console.log(tableOf(report.events));
    for (const line of report.leftOut) console.log(`Left out: ${line}`);
    console.log(toJsonLine({ machine, ...options, ...report }));
  } catch (error) {
    if (!signal.aborted && !(error instanceof BrokenError)) throw error;
    const said = error instanceof BrokenError ? error.message : "";
    console.error(signal.aborted ? "Interrupted" : `error: seed ${options.seed}: ${said}`);
    Deno.exitCode = signal.aborted ? INTERRUPTED : 1;
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Aborted by SIGINT and SIGTERM, so that no server and no disk is left behind. */
function interruption(): AbortController {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(name, () => controller.abort());
  }
  return controller;
}

/** Heads of the columns, and what is in them. */
const COLUMNS: readonly (readonly [head: string, cell: (report: EventReport) => string])[] = [
  ["event", ({ event }) => event],
  ["harm s", ({ figures }) => seconds(figures.harmMs)],
  ["first ACK s", ({ figures }) => seconds(figures.firstAckMs)],
  ["all there s", ({ figures }) => seconds(figures.deliveredMs)],
  ["pause s", ({ figures }) => seconds(figures.pauseMs)],
  ["before s", ({ figures }) => seconds(figures.pauseBeforeMs)],
  ["load s", ({ stallMs }) => seconds(stallMs)],
  ["accepted", ({ figures }) => thousands(figures.accepted)],
  ["delivered", ({ figures }) => thousands(figures.delivered)],
  ["again", ({ figures }) => thousands(figures.redelivered)],
  ["resent", ({ figures }) => thousands(figures.resent)],
  ["known", ({ figures }) => thousands(figures.duplicates)],
  ["refused", ({ figures }) => thousands(figures.refused)],
  ["p99 ms", ({ figures }) => milliseconds(figures.p99BeforeMs)],
  ["after ms", ({ figures }) => milliseconds(figures.p99AfterMs)],
];

const COLUMNS_HELP = `Columns of the table:
  harm s       from the event to its end, such as SIGCONT; 0: it has none
  first ACK s  from that end to the first acknowledgement
  all there s  from that end until all that was accepted before is delivered
  pause s      the longest time without any acknowledgement, from the event on
  before s     the same before the event
  load s       the longest time in which the load itself stood still
  again        messages that came to a device again, under their id
  resent       messages that were sent again under their cid; known: those that were stored already
  refused      refusals with an error that says to try again
  p99 ms       from a message to its acknowledgement, before the event; after ms: after it`;

function tableOf(reports: readonly EventReport[]): string {
  const table = markdownTable(
    COLUMNS.map(([head]) => head),
    reports.map((report) => COLUMNS.map(([, cell]) => cell(report))),
  );
  const backups = reports.flatMap(({ backup }) => backup ?? []);
  const lines = backups.map((backup) =>
    `Backup: ${seconds(backup.backupMs)} s, ${thousands(backup.bytes)} bytes; restored in ` +
    `${seconds(backup.restoreMs)} s, served after ${seconds(backup.startMs)} s; ` +
    `${thousands(backup.acceptedBefore)} messages accepted before its moment, ` +
    `${thousands(backup.due)} deliveries due of it, ${thousands(backup.came)} came, ` +
    `${thousands(backup.repeated)} repeats known`
  );
  return [table, ...lines].join("\n");
}

function seconds(ms: number | undefined): string {
  return ms === undefined ? "never" : (ms / 1000).toFixed(2);
}

function milliseconds(ms: number | undefined): string {
  return ms === undefined ? "-" : String(round(ms, 1));
}

function eventLines(): string {
  return CHAOS_EVENTS.map(({ name, about }) => `  ${name.padEnd(10)}${about}`).join("\n");
}

function eventNames(text: string): readonly ChaosEvent[] {
  return [...new Set(text.split(","))].map((name) => {
    const event = CHAOS_EVENTS.find((one) => one.name === name);
    if (event !== undefined) return event;
    const known = CHAOS_EVENTS.map((one) => one.name).join(", ");
    throw new InvalidArgumentError(`Give some of ${known}`);
  });
}

function faultOf(text: string): Fault {
  try {
    return JSON.parse(text);
  } catch {
    throw new InvalidArgumentError('Give JSON, such as {"acceptEarlyMs":20}');
  }
}

function seedNumber(text: string): number {
  if (!/^\d{1,10}$/.test(text) || Number(text) >= 2 ** 32) {
    throw new InvalidArgumentError("Give a whole number below 2^32");
  }
  return Number(text);
}

if (import.meta.main) await runCommand(main);
