/**
 * The embedded store.
 *
 * @module
 */
import type { Store } from "../store.ts";
import { DenoDatabase } from "./deno_database.ts";
import { DenoJournalDirectory } from "./journal_files/mod.ts";
import { KvStore, type KvStoreOptions } from "./kv_store.ts";

export type { KvStoreOptions } from "./kv_store.ts";

/**
 * Opens the store in a file; those of its journal are beside it.
 *
 * @param path of the file, which is made where it is missing
 * @throws {StoreUnavailableError} the disk refused, or another process is just opening it.
 */
export async function openKvStore(path: string, options: KvStoreOptions): Promise<Store> {
  const database = await DenoDatabase.open(path);
  try {
    return await KvStore.open(database, options, directoryOf(path));
  } catch (error) {
    database.close();
    throw error;
  }
}

/**
 * Where the journal has files. On Windows it has none: a lock keeps others there from reading too,
 * so that no backup could be made while a server runs, and a directory cannot be synced.
 */
function directoryOf(path: string): DenoJournalDirectory | null {
  return Deno.build.os === "windows" ? null : new DenoJournalDirectory(path);
}
