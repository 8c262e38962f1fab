/**
 * What happens to the server, each thing while everybody chats.
 *
 * @module
 */
import { join } from "node:path";
import { RPC_ERRORS } from "../../rpc/rpc_error.ts";
import type { SmallDisk } from "../crash/small_disk.ts";
import { startServer } from "../harness/server_process.ts";
import { TitanProcess } from "../harness/titan_process.ts";
import { within } from "../harness/wait_for.ts";
import type { ChatLoad } from "./chat_load.ts";
import type { Host } from "./host.ts";
import type { RestoredFigures } from "./restored.ts";
import { doubtDisk, doubtNothing, doubtServer, doubtStop } from "./doubts.ts";
import type { Moments, RoundFigures } from "./round_figures.ts";
import { WallClock } from "./wall_clock.ts";

/** Where something happens. */
export interface Scene {
  readonly load: ChatLoad;
  readonly host: Host;
  /** A directory to work in. */
  readonly directory: string;
  /** Where the host's data directory is, in a round that fills the disk. */
  readonly disk: SmallDisk | undefined;
  /** The host's clock, in a round that moves it. */
  readonly clock: WallClock | undefined;
  /** How long a state lasts that has no length of its own, in milliseconds. */
  readonly holdMs: number;
}

/** What has to be seen to afterwards. */
export interface Aftermath extends Moments {
  /** Puts right what is still wrong, while everybody chats. */
  readonly mend?: () => Promise<void>;
  /** More of the same, while everybody chats; the figures do not measure it. */
  readonly more?: () => Promise<void>;
  /** Looks at what came of it, when everything was drained. */
  readonly inspect?: () => Promise<Inspection>;
}

/** What an inspection found. */
export interface Inspection {
  /** What was broken, in words; empty where nothing was. */
  readonly broken: string;
  readonly backup: BackupFigures;
}

/** A backup under load, in numbers. */
export interface BackupFigures extends RestoredFigures {
  /** How long the command took. */
  readonly backupMs: number;
  readonly bytes: number;
  /** How long it took to make a data directory of it, and to start a server there. */
  readonly restoreMs: number;
  readonly startMs: number;
}

/** One thing that happens. */
export interface ChaosEvent {
  readonly name: string;
  /** What happens, in words. */
  readonly about: string;
  /** What of the machine it needs. */
  readonly needs?: "a small disk" | "faketime";
  /** Error codes that may refuse a message. */
  readonly refusals: readonly number[];
  /** Says why the figures of a round do not show that anything was harmed; then it showed nothing. */
  readonly doubt: (figures: RoundFigures) => string | undefined;
  happen(scene: Scene): Promise<Aftermath>;
}

/** How long the server is stopped by SIGSTOP, in milliseconds. */
const STOPPED_MS = 10_000;

/** One kill alone seldom comes between a commit and the answers to it. */
const KILLS = 10;

/** After so many milliseconds of chat a part of it is rows, and no longer only in the journal. */
const ROWS_MS = 5000;

const HOUR_MS = 3600 * 1000;

/** How long a backup, or making a data directory of it, may take under load, in milliseconds. */
const BACKUP_MS_MAX = 300_000;

/** A server whose event loop was late sends people away for a moment. */
const BUSY = [RPC_ERRORS.busy.code];

/** All of them, in their order. */
export const CHAOS_EVENTS: readonly ChaosEvent[] = [
  {
    name: "sigterm",
    about: "SIGTERM, and a new server",
    refusals: BUSY,
    doubt: doubtServer,
    happen: terminate,
  },
  {
    name: "kill",
    about: "kill -9, and a new server",
    refusals: BUSY,
    doubt: doubtServer,
    happen: kill,
  },
  {
    name: "stop",
    about: "SIGSTOP for 10 s, then SIGCONT",
    refusals: BUSY,
    doubt: doubtStop,
    happen: suspend,
  },
  {
    name: "disk",
    about: "the disk is full for a while",
    needs: "a small disk",
    refusals: [...BUSY, RPC_ERRORS.unavailable.code],
    doubt: doubtDisk,
    happen: fillDisk,
  },
  {
    name: "forward",
    about: "the clock jumps an hour ahead, and later back",
    needs: "faketime",
    refusals: BUSY,
    doubt: doubtNothing,
    happen: (scene) => jump(scene, HOUR_MS),
  },
  {
    name: "back",
    about: "the clock jumps an hour back, and later ahead",
    needs: "faketime",
    refusals: BUSY,
    doubt: doubtNothing,
    happen: (scene) => jump(scene, -HOUR_MS),
  },
  {
    name: "backup",
    about: "titan backup, restored elsewhere",
    refusals: BUSY,
    doubt: doubtNothing,
    happen: backUp,
  },
];

async function terminate({ load, host }: Scene): Promise<Aftermath> {
  const harmed = await load.now();
  await host.stop("SIGTERM");
  const released = await load.now();
  await host.start();
  return { harmed, released, isNewServer: true };
}

async function kill({ load, host }: Scene): Promise<Aftermath> {
  const once = async () => {
    const at = await load.now();
    await host.stop("SIGKILL");
    await load.ask({ do: "died", at });
    await host.start();
    return at;
  };
  const harmed = await once();
  const more = async () => {
    for (let kills = 1; kills < KILLS; kills++) {
      await load.ask({ do: "recovered", since: await once() });
    }
  };
  // Whoever watches over a server starts it again at once.
  return { harmed, released: harmed, isNewServer: true, more };
}

async function suspend({ load, host }: Scene): Promise<Aftermath> {
  const harmed = await load.now();
  host.server.kill("SIGSTOP");
  await pause(STOPPED_MS);
  const released = await load.now();
  host.server.kill("SIGCONT");
  return { harmed, released, isNewServer: false };
}

async function fillDisk({ load, disk, holdMs }: Scene): Promise<Aftermath> {
  if (disk === undefined) throw new Error("There is no disk to fill");
  const harmed = await load.now();
  await disk.takeAll();
  // The files of the journal have some room of their own.
  await load.ask({ do: "refused", since: harmed });
  await pause(holdMs);
  const released = await load.now();
  await disk.giveBack();
  return { harmed, released, isNewServer: false };
}

async function jump({ load, host, clock, holdMs }: Scene, shiftMs: number): Promise<Aftermath> {
  if (clock === undefined) throw new Error("There is no clock to move");
  const { url } = host;
  await load.ask({ do: "post", url });
  const harmed = await load.now();
  await clock.jump(shiftMs);
  await pause(WallClock.seenMs);
  // This also shows that the server's clock has jumped.
  await load.ask({ do: "jumped", url, shiftMs, jumpMs: shiftMs });
  const mend = async () => {
    await load.ask({ do: "post", url });
    await clock.jump(0);
    await pause(Math.max(WallClock.seenMs, holdMs));
    await load.ask({ do: "jumped", url, shiftMs: 0, jumpMs: -shiftMs });
  };
  return { harmed, released: harmed, isNewServer: false, mend };
}

async function backUp(scene: Scene): Promise<Aftermath> {
  const { load, host, directory } = scene;
  const file = join(directory, "backup.gz");
  await pause(ROWS_MS);
  const harmed = await load.now();
  const started = performance.now();
  const told = await titan(host.dataDir, directory, "backup", file, "--with-secret", "--json");
  const backupMs = performance.now() - started;
  const released = await load.now();
  const made = { file, backupMs, released, bytes: told["bytes"], taken: told["taken"] };
  return { harmed, released, isNewServer: false, inspect: () => restore(scene, made) };
}

interface Made {
  readonly file: string;
  readonly backupMs: number;
  readonly released: number;
  readonly bytes: unknown;
  readonly taken: unknown;
}

/** Makes another server of a backup, and has the load look at it. */
async function restore({ load, host, directory }: Scene, made: Made): Promise<Inspection> {
  const dataDir = join(directory, "restored");
  const started = performance.now();
  await titan(dataDir, directory, "restore", made.file, "--json");
  const restored = performance.now();
  await using server = await startServer({ dataDir, env: { TITAN_SEND_RATE: "0" } });
  const startMs = performance.now() - restored;
  const { broken = "", restored: figures } = await load.ask({
    do: "restored",
    backup: {
      url: server.url,
      dataDir,
      original: host.url,
      taken: Date.parse(String(made.taken)),
      done: made.released,
    },
  });
  if (figures === undefined) throw new Error("The load told nothing of the restored server");
  const { backupMs, bytes } = made;
  const restoreMs = restored - started;
  return { broken, backup: { ...figures, backupMs, bytes: Number(bytes), restoreMs, startMs } };
}

/** Runs a command to its end and reads the JSON that it prints. */
async function titan(
  dataDir: string,
  directory: string,
  ...args: readonly string[]
): Promise<Readonly<Record<string, unknown>>> {
  const denoArgs = [`--allow-read=${directory}`, `--allow-write=${directory}`];
  await using process = new TitanProcess({ dataDir, args, denoArgs });
  await process.endInput();
  const what = `the end of titan ${args[0]}`;
  const { code, stdout, stderr } = await within(process.ended, BACKUP_MS_MAX, what);
  if (code !== 0) throw new Error(`titan ${args[0]} ended with ${code}: ${stderr}`);
  return JSON.parse(stdout);
}

/** Waits. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
