/**
 * The ports of the store, and nothing of any backend.
 *
 * @module
 */
export * from "./store.ts";
export { isSamePush } from "./directory.ts";
