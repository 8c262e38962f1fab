/**
 * The push services on a thread of their own.
 *
 * @module
 */
export { PushWorker, type PushWorkerOptions, type Thread } from "./push_worker.ts";
export { spawnPushThread } from "./push_thread.ts";
