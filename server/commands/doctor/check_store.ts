/**
 * Whether the data directory and what is in it can be used, and who uses it now.
 *
 * @module
 */
import { secretsProblem } from "../../auth/mod.ts";
import type { Config } from "../../config.ts";
import { DataDir, DataDirError, DataDirTakenError } from "../../data_dir.ts";
import { OperatorError } from "../../operator_client.ts";
import type { ServerStatus } from "../../server_admin.ts";
import { askServer } from "../ask_server.ts";
import { CommandError } from "../exit.ts";
import { localDateTime } from "../local_time.ts";
import { openStore } from "../open_store.ts";
import type { Program } from "../program.ts";
import { sizeOf } from "../table.ts";
import { type Finding, ok, skipped, warn, wrong } from "./finding.ts";

/** What was found of the data directory. */
export interface StoreReport {
  /** How the server is that has the directory; undefined where none runs or it does not say. */
  readonly server: ServerStatus | undefined;
  readonly findings: readonly Finding[];
}

/** What the files of the database begin with. */
const DATABASE = "titan.kv";

/** Where others than the owner may do something. */
const OTHERS = 0o077;

const [DIR, STORE, SERVER, SECRET] = ["data directory", "store", "server", "secret"];

/** What must have room in the data directory, in bytes: a commit or two. */
const ROOM_BYTES = 1024 * 1024;

/**
 * Looks at the data directory. Where a server has it, the server is asked; else the store is opened
 * and closed. Nothing is made that is not there.
 */
export async function checkStore(program: Program, config: Config): Promise<StoreReport> {
  const { dataDir, store } = config;
  if (store === "shared") {
    return found(skipped(STORE, "It is shared and has no data directory: nothing was opened"));
  }
  const missing = await checkThere(dataDir);
  if (missing !== undefined) return found(missing);
  const open = [...await checkMode(dataDir), ...await checkSecret(config)];
  try {
    using dir = await DataDir.open(dataDir);
    const writable = await checkRoom(dataDir, "can be written");
    return found(writable, ...open, noServer(), await checkClosed(program, config, dir));
  } catch (error) {
    if (error instanceof DataDirTakenError) {
      const used = await checkRoom(dataDir, "is in use");
      const { server, findings } = await checkServer(program, dataDir, error);
      return { server, findings: [used, ...open, ...findings] };
    }
    if (!(error instanceof DataDirError)) throw error;
    return found(wrong(DIR, error.message, "It must belong to whoever runs this"), ...open);
  }
}

/** Why there is nothing to look at; undefined where there is a directory. */
async function checkThere(path: string): Promise<Finding | undefined> {
  try {
    const { isDirectory } = await Deno.stat(path);
    if (isDirectory) return undefined;
    return wrong(DIR, `"${path}" is no directory`, "Look at TITAN_DATA_DIR");
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) {
      return wrong(DIR, `Cannot look at "${path}": ${told(error)}`, "Look at TITAN_DATA_DIR");
    }
    const advice = "The first titan serve makes it; else look at TITAN_DATA_DIR";
    return warn(DIR, `There is none at "${path}" yet`, advice);
  }
}

/** Whether there is room; a server with a full disk lives, and so says nothing of it. */
async function checkRoom(path: string, well: string): Promise<Finding> {
  try {
    const file = await Deno.makeTempFile({ dir: path, prefix: "doctor-", suffix: ".tmp" });
    try {
      await Deno.writeFile(file, new Uint8Array(ROOM_BYTES));
    } finally {
      await Deno.remove(file);
    }
    return ok(DIR, `"${path}" ${well}`);
  } catch (error) {
    const advice = "Until it can be written, what is sent is refused";
    return wrong(DIR, `Cannot write 1 MiB in "${path}": ${told(error)}`, advice);
  }
}

/** The secrets that a server would not start with. */
async function checkSecret({ jwtSecrets, dataDir }: Config): Promise<readonly Finding[]> {
  if (jwtSecrets !== undefined) return [];
  const problem = await secretsProblem(dataDir);
  return problem === null ? [] : [wrong(SECRET, problem)];
}

/** What the system says of a failure; its messages name files and never hold what is in them. */
function told(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function found(...findings: readonly Finding[]): StoreReport {
  return { server: undefined, findings };
}

function noServer(): Finding {
  return skipped(SERVER, "None runs here");
}

async function checkMode(path: string): Promise<readonly Finding[]> {
  const { mode } = await Deno.stat(path);
  if (mode === null || (mode & OTHERS) === 0) return [];
  const advice = `Take that away: chmod 700 "${path}"`;
  return [warn(DIR, "Other users of this machine may look into it", advice)];
}

/** Opens the store that nobody has open. */
async function checkClosed(program: Program, config: Config, dir: DataDir): Promise<Finding> {
  if (config.store === "memory") return ok(STORE, "It is in memory, and ends with its server");
  const bytes = await databaseBytes(dir.path);
  if (bytes === undefined) return ok(STORE, "Nothing is stored yet");
  try {
    await using _store = await openStore(program, config, dir, { lost() {}, failed() {} });
    return ok(STORE, `It opens; its files have ${sizeOf(bytes)}`);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return wrong(STORE, error.message, "Look at the disk, and keep a copy before you try more");
  }
}

/** The bytes of all files of the database; undefined where there are none. */
async function databaseBytes(path: string): Promise<number | undefined> {
  const files = await Array.fromAsync(Deno.readDir(path));
  const names = files.map(({ name }) => name).filter((name) => name.startsWith(DATABASE));
  if (names.length === 0) return undefined;
  const sizes = await Promise.all(names.map((name) => Deno.stat(`${path}/${name}`)));
  return sizes.reduce((sum, { size }) => sum + size, 0);
}

async function checkServer(
  program: Program,
  dataDir: string,
  taken: DataDirTakenError,
): Promise<StoreReport> {
  try {
    const server = await askServer(dataDir, taken, (client) => client.status());
    const { version, url, ready, store } = server;
    const pid = taken.pid === undefined ? "" : `Process ${taken.pid} is `;
    const since = localDateTime(ready);
    const text = `${pid}Titan ${version} at ${url} since ${since}, store ${store}`;
    if (version === program.version) return { server, findings: [ok(SERVER, text)] };
    const advice = `This is Titan ${program.version}: restart the server to have it run the same`;
    return { server, findings: [warn(SERVER, text, advice)] };
  } catch (error) {
    if (!(error instanceof OperatorError || error instanceof CommandError)) throw error;
    return found(wrong(SERVER, error.message, "It may be of another version, starting or ending"));
  }
}
