/**
 * The push services on a thread of their own.
 *
 * @module
 */
export type { ProviderName } from "../push/mod.ts";
export type { Answer, Call, FromWorker, Job, PackedConfig, ToWorker } from "./messages.ts";
export {
  PushWorker,
  type PushWorkerOptions,
  type Thread,
  type ThreadListener,
} from "./push_worker.ts";
export { spawnPushThread } from "./push_thread.ts";
