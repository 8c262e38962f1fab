/**
 * A log for commands that tell what there is to tell themselves.
 *
 * @module
 */
import type { Log } from "../log.ts";

/** Takes events and forgets them. */
export const SILENT_LOG: Log = { event() {}, warn() {}, error() {} };
