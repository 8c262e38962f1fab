/**
 * Opening the configured store in a data directory.
 *
 * @module
 */
import type { Store } from "../../store/mod.ts";
import type { Config } from "../config.ts";
import type { DataDir } from "../data_dir.ts";
import { CommandError, messageOf } from "./exit.ts";
import type { Program, StoreOpening } from "./program.ts";

/**
 * Opens the store.
 *
 * @param dir null for a store that has none
 * @throws {CommandError} it cannot be opened.
 */
export async function openStore(
  program: Program,
  config: Config,
  dir: DataDir | null,
  events: Omit<StoreOpening, "database">,
): Promise<Store> {
  try {
    return await program.openStore(config, {
      ...events,
      database: () => (dir ?? noDirectory()).database(),
    });
  } catch (error) {
    const where = dir === null ? "" : ` in "${config.dataDir}"`;
    throw new CommandError(`Cannot open the store${where}: ${causesOf(error)}`);
  }
}

/** Only a store with a directory asks where its database is. */
function noDirectory(): never {
  throw new TypeError("Cannot name the database: there is no data directory");
}

/** What the store says, and what the disk said to it. */
function causesOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause === undefined ? messageOf(error) : `${messageOf(error)}: ${messageOf(cause)}`;
}
