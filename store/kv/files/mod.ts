/**
 * The files of the embedded store, for commands: a server does without what reads them.
 *
 * @module
 */
export { kvFiles } from "./kv_files.ts";
