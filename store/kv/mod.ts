/**
 * The embedded store: mailboxes in a journal on an ordered key-value database.
 *
 * @module
 */
export type { Check, Database, Key, Range, Row, Write } from "./database.ts";
export { DenoDatabase } from "./deno_database.ts";
export { KvStore, type KvStoreOptions } from "./kv_store.ts";
