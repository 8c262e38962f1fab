/**
 * How much is asked and what comes of it, in plain numbers: every message passes here.
 *
 * @module
 */
import { RPC_ERRORS, type RpcErrorName } from "./rpc_error.ts";

/** The table has these keys and no others. */
const NAMES = Object.keys(RPC_ERRORS) as RpcErrorName[];

/** Counts since the start. */
export class RpcTally {
  /** Requests and notifications. */
  calls = 0;
  /** Of those, the ones that were done. */
  results = 0;
  /** Answers of clients to requests of ours: acknowledgements, most of all. */
  replies = 0;
  /** What was refused, by the name of every error: what never came is 0, so that a first is seen. */
  readonly errors: Map<RpcErrorName, number> = new Map(NAMES.map((name) => [name, 0]));

  /** Something was refused. */
  refused(name: RpcErrorName): void {
    this.errors.set(name, (this.errors.get(name) ?? 0) + 1);
  }
}
