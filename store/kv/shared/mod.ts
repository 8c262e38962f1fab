/**
 * The store on a Deno KV that several servers share.
 *
 * @module
 */
import type { Store } from "../../store.ts";
import { DenoDatabase } from "../deno_database.ts";
import { SharedStore, type SharedStoreOptions } from "./shared_store.ts";

export type { SharedWorld } from "./mailroom.ts";
export type { SharedStoreOptions } from "./shared_store.ts";

/**
 * Joins the servers on a Deno KV.
 *
 * @param kv stays open when the store is disposed of
 * @throws {StoreUnavailableError} the database refused, or holds something else.
 */
export async function openSharedStore(kv: Deno.Kv, options: SharedStoreOptions): Promise<Store> {
  return await SharedStore.open(new DenoDatabase(kv), options);
}
