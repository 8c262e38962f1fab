/**
 * Reaching the users: through the server where one runs, else in the data directory.
 *
 * @module
 */
import { DataDir, dataDirExists, DataDirTakenError } from "../data_dir.ts";
import { StoreUserAdmin, type UserAdmin } from "../user_admin.ts";
import { askServer, sharedError } from "./ask_server.ts";
import { CommandError } from "./exit.ts";
import { openStore } from "./open_store.ts";
import type { Program } from "./program.ts";

/** What to do with users. */
export type UserWork<T> = (users: UserAdmin) => Promise<T>;

/**
 * Works on the users. The lock of the data directory decides who is asked, so that nothing happens
 * behind the back of a server that is just starting.
 *
 * @param make whether to make a data directory where there is none
 * @throws {CommandError} there are no users to work on.
 * @throws {OperatorError} the server cannot be asked.
 */
export async function withUsers<T>(
  program: Program,
  make: boolean,
  work: UserWork<T>,
): Promise<T> {
  const config = program.config();
  if (config.store === "shared") throw sharedError();
  if (!make && !await dataDirExists(config.dataDir)) {
    throw new CommandError(`There is no data directory "${config.dataDir}"`);
  }
  try {
    using dir = await DataDir.open(config.dataDir);
    return await workOnStore(program, dir, work);
  } catch (error) {
    if (error instanceof DataDirTakenError) return await askServer(config.dataDir, error, work);
    throw error;
  }
}

async function workOnStore<T>(program: Program, dir: DataDir, work: UserWork<T>): Promise<T> {
  const config = program.config();
  if (config.store === "memory") {
    throw new CommandError("No server runs, and a store in memory ends with its server");
  }
  const events = { lost() {}, failed() {} };
  await using store = await openStore(program, config, dir, events);
  return await work(new StoreUserAdmin({ store, now: () => program.clock.now() }));
}
