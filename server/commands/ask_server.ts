/**
 * Reaching the server that has a data directory.
 *
 * @module
 */
import type { Config } from "../config.ts";
import { DataDir, dataDirExists, DataDirTakenError, socketPathOf } from "../data_dir.ts";
import { loadUnsampled } from "../otel_switch.ts";
import { OperatorClient, OperatorError } from "../operator_client.ts";
import { CommandError } from "./exit.ts";

/** The lock is held for a moment longer than there is a socket, and by other commands as well. */
const HINT = "If it is starting, stopping or another command, try again";

/** There is no directory by which a server could be found, nor one that has the store alone. */
export function sharedError(): CommandError {
  return new CommandError("A shared store has no data directory: there are no commands for it");
}

/**
 * Asks the server that has a data directory.
 *
 * @throws {CommandError} it has no socket.
 * @throws {OperatorError} it cannot be asked.
 */
export async function askServer<T>(
  dataDir: string,
  taken: DataDirTakenError,
  work: (server: OperatorClient) => Promise<T>,
): Promise<T> {
  const path = socketPathOf(dataDir);
  if (path === null) {
    throw new CommandError(`${taken.message}. Stop it first: the path is too long for its socket`);
  }
  const unsampled = await loadUnsampled();
  using server = new OperatorClient(path, (url, init) => unsampled(() => fetch(url, init)));
  try {
    return await work(server);
  } catch (error) {
    // What the server answered speaks for itself, and has no cause here.
    if (!(error instanceof OperatorError) || error.cause === undefined) throw error;
    throw new OperatorError(`${taken.message}. ${error.message}. ${HINT}`, { cause: error });
  }
}

/**
 * Asks the server that runs.
 *
 * @throws {CommandError} none runs, or none that can be asked: the store is a shared one.
 * @throws {OperatorError} it cannot be asked.
 */
export async function askRunningServer<T>(
  { dataDir, store }: Pick<Config, "dataDir" | "store">,
  work: (server: OperatorClient) => Promise<T>,
): Promise<T> {
  if (store === "shared") throw sharedError();
  if (!await dataDirExists(dataDir)) {
    throw new CommandError(`No server runs: there is no data directory "${dataDir}"`);
  }
  try {
    using _dir = await DataDir.open(dataDir);
  } catch (error) {
    if (error instanceof DataDirTakenError) return await askServer(dataDir, error, work);
    throw error;
  }
  throw new CommandError(`No server runs on the data directory "${dataDir}"`);
}
