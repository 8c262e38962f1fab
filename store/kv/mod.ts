/**
 * The embedded store.
 *
 * @module
 */
import type { Store } from "../store.ts";
import { DenoDatabase } from "./deno_database.ts";
import { KvStore, type KvStoreOptions } from "./kv_store.ts";

export type { KvStoreOptions } from "./kv_store.ts";

/**
 * Opens the store in a file.
 *
 * @param path of the file, which is made where it is missing
 * @throws {StoreUnavailableError} the disk refused, or another process is just opening it.
 */
export async function openKvStore(path: string, options: KvStoreOptions): Promise<Store> {
  const database = await DenoDatabase.open(path);
  try {
    return await KvStore.open(database, options);
  } catch (error) {
    database.close();
    throw error;
  }
}
