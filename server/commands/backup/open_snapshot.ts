/**
 * Reading what is in the configured data directory, whoever uses it.
 *
 * @module
 */
import { type StoreSnapshot, StoreUnavailableError } from "../../../store/mod.ts";
import type { Config } from "../../config.ts";
import { databasePathOf } from "../../data_dir.ts";
import { CommandError, messageOf } from "../exit.ts";
import type { Program } from "../program.ts";

/** @throws {CommandError} the configured store has no files of its own. */
export function assertFiles({ store }: Pick<Config, "store">): void {
  if (store === "memory") throw new CommandError("A store in memory has no files");
  if (store === "shared") throw new CommandError("A shared store has no files");
}

/** Takes the moment. @throws {CommandError} there is nothing to read. */
export async function openSnapshot(
  program: Program,
  config: Config,
): Promise<StoreSnapshot> {
  assertFiles(config);
  const { dataDir } = config;
  const path = databasePathOf(dataDir);
  const size = await sizeOfFile(path);
  if (size === 0) throw new CommandError(`There is no database in the data directory "${dataDir}"`);
  const files = await program.loadStoreFiles();
  try {
    return files.open(path);
  } catch (error) {
    if (!(error instanceof StoreUnavailableError)) throw error;
    throw new CommandError(`Cannot read "${path}": ${messageOf(error.cause ?? error)}`);
  }
}

/** Bytes of a file; 0 where there is none. */
async function sizeOfFile(path: string): Promise<number> {
  try {
    return (await Deno.stat(path)).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw new CommandError(`Cannot read "${path}": ${messageOf(error)}`);
  }
}
