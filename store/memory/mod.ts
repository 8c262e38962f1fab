/**
 * The store in memory.
 *
 * @module
 */
export { MemoryStore, type MemoryStoreOptions } from "./memory_store.ts";
