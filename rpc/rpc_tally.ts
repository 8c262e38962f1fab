/**
 * How much is asked and what comes of it, in plain numbers: every message passes here.
 *
 * @module
 */
import type { RpcErrorName } from "./rpc_error.ts";

/** Counts since the start. */
export class RpcTally {
  /** Requests and notifications. */
  calls = 0;
  /** Of those, the ones that were done. */
  results = 0;
  /** Answers of clients to requests of ours: acknowledgements, most of all. */
  replies = 0;
  /** What was refused, by the name of the error. */
  readonly errors = new Map<RpcErrorName, number>();

  /** Something was refused. */
  refused(name: RpcErrorName): void {
    this.errors.set(name, (this.errors.get(name) ?? 0) + 1);
  }
}
