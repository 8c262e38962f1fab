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

/** Takes the moment. @throws {CommandError} there is nothing to read. */
export async function openSnapshot(
  program: Program,
  { store, dataDir }: Config,
): Promise<StoreSnapshot> {
  if (store === "memory") throw new CommandError("A store in memory has no files");
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
export async function sizeOfFile(path: string): Promise<number> {
  try {
    return (await Deno.stat(path)).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw new CommandError(`Cannot read "${path}": ${messageOf(error)}`);
  }
}
