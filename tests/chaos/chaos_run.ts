/**
 * A run: one thing after the other happens to a server under chat load, and the records of the
 * clients are checked after each of them.
 *
 * @module
 */
import { join } from "node:path";
import type { Fault } from "../crash/fault.ts";
import { isRoot, SmallDisk } from "../crash/small_disk.ts";
import type { ChatSize } from "./chat_habits.ts";
import { ChatLoad } from "./chat_load.ts";
import { type BackupFigures, type ChaosEvent, pause, type Scene } from "./chaos_events.ts";
import { Host } from "./host.ts";
import type { RoundFigures } from "./round_figures.ts";
import { WallClock } from "./wall_clock.ts";

/** What a run is. */
export interface ChaosOptions extends ChatSize {
  readonly seed: number;
  /** Of chat before each event, and after it. */
  readonly seconds: number;
  readonly events: readonly ChaosEvent[];
  /** A directory to work in. */
  readonly directory: string;
  /** What is wrong with the server, to see that it is found. @default {nothing} */
  readonly fault?: Fault | undefined;
  /** Where libfaketime is; undefined: it is not installed. */
  readonly faketime: string | undefined;
  /** Ends the run. */
  readonly signal: AbortSignal;
  /** Hears what is done, in words. */
  readonly tell: (line: string) => void;
}

/** What came of one event. */
export interface EventReport {
  readonly event: string;
  readonly figures: RoundFigures;
  /** The longest time in which the load itself stood still, from the harm on, in milliseconds. */
  readonly stallMs: number;
  readonly backup?: BackupFigures;
}

/** What came of a run. */
export interface ChaosReport {
  readonly events: readonly EventReport[];
  /** Events that were left out, and why. */
  readonly leftOut: readonly string[];
}

/** A promise was not kept; the message tells which, and how. */
export class BrokenError extends Error {
  override readonly name = "BrokenError";
}

/** The room of a small disk, in MiB: for the server itself, and for a second of chat. */
const DISK_MEBIBYTES = 64;
const DISK_MEBIBYTES_PER_SECOND = 30;

/** Lets everything happen. @throws {BrokenError} a promise was not kept. */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { events, directory, fault, faketime, tell, signal } = options;
  const reports: EventReport[] = [];
  const leftOut: string[] = [];
  await using load = new ChatLoad(signal);
  const home = await directoryIn(directory, "home");
  await using plain = new Host({ directory: home, fault });
  const clock = faketime === undefined ? undefined : await WallClock.create(faketime, home);
  await using moved = new Host({ directory: home, fault, launcher: clock?.launcher });
  for (const event of events) {
    const obstacle = await obstacleTo(event, faketime);
    if (obstacle !== undefined) {
      leftOut.push(`${event.name}: ${obstacle}`);
      tell(`${event.name}: left out, ${obstacle}`);
      continue;
    }
    if (event.needs === "a small disk") {
      const mebibytes = DISK_MEBIBYTES + DISK_MEBIBYTES_PER_SECOND * options.seconds;
      await using disk = await SmallDisk.mount(mebibytes);
      await using host = new Host({ directory: disk.path, fault });
      reports.push(await round(event, options, { load, host, disk, clock: undefined }));
      continue;
    }
    // One directory, and one server at a time: a clock that can jump has to be there from its start.
    const [host, other] = event.needs === "faketime" ? [moved, plain] : [plain, moved];
    await other.end();
    reports.push(await round(event, options, { load, host, disk: undefined, clock }));
  }
  await revisit(load, plain, moved, tell);
  return { events: reports, leftOut };
}

/** One event. */
async function round(
  event: ChaosEvent,
  { seed, seconds, directory, tell, ...size }: ChaosOptions,
  { load, host, ...rest }: Pick<Scene, "load" | "host" | "disk" | "clock">,
): Promise<EventReport> {
  const { name, refusals } = event;
  const started = performance.now();
  try {
    await host.start();
    const { url, dataDir } = host;
    const holdMs = seconds * 1000;
    await load.ask({ do: "join", name, seed, url, dataDir, refusals, ...pick(size) });
    await pause(holdMs);
    const scene = { load, host, ...rest, directory, holdMs };
    const { mend, more, inspect, ...moments } = await event.happen(scene);
    await load.ask({ do: "recovered", since: moments.released });
    await pause(holdMs);
    await mend?.();
    const end = await load.now();
    await more?.();
    await load.ask({ do: "drain" });
    const inspection = await inspect?.();
    const { broken = "", figures, stallMs = 0 } = await load.ask({ do: "finish", moments, end });
    if (figures === undefined) throw new Error("The load told no figures");
    const all = [broken, inspection?.broken ?? ""].filter((text) => text !== "").join("\n");
    if (all !== "") throw new BrokenError(all);
    const doubt = event.doubt?.(figures);
    if (doubt !== undefined) throw new Error(doubt);
    const tookS = (performance.now() - started) / 1000;
    tell(`${name}: ${event.about}: good, ${figures.accepted} accepted, ${tookS.toFixed(0)} s`);
    const backup = inspection === undefined ? {} : { backup: inspection.backup };
    return { event: name, figures, stallMs, ...backup };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new BrokenError(`Event "${name}": ${reason}\n-- the server wrote:\n${host.output()}`);
  }
}

/** After all of it everybody of all rounds comes back to a new server, and sends again. */
async function revisit(
  load: ChatLoad,
  plain: Host,
  moved: Host,
  tell: ChaosOptions["tell"],
): Promise<void> {
  const isAnybodyThere = await Deno.stat(plain.dataDir).then(() => true, () => false);
  if (!isAnybodyThere) return;
  await moved.end();
  await plain.end();
  await plain.start();
  const { url, dataDir } = plain;
  const { broken = "", repeated = 0 } = await load.ask({ do: "revisit", url, dataDir });
  if (broken !== "") throw new BrokenError(`After all events: ${broken}`);
  if (repeated === 0) throw new BrokenError("After all events: nobody had anything to send again");
  tell(`After all events: nothing came again, ${repeated} repeats were known`);
  await plain.end();
}

async function obstacleTo(
  { needs }: ChaosEvent,
  faketime: string | undefined,
): Promise<string | undefined> {
  if (needs === "faketime" && faketime === undefined) {
    return "libfaketime is not installed (Debian: apt-get install faketime)";
  }
  if (needs === "a small disk" && !await isRoot()) return "only root may mount a small disk";
  return undefined;
}

async function directoryIn(parent: string, name: string): Promise<string> {
  const path = join(parent, name);
  await Deno.mkdir(path);
  return path;
}

function pick({ pairs, window }: ChatSize): ChatSize {
  return { pairs, window };
}
