/**
 * What an operator can ask of a running server beside its users: inside it, and through the
 * operator's socket.
 *
 * @module
 */
import type { PushProvider } from "../push/mod.ts";
import type { MessageTrace } from "../rpc/mod.ts";
import type { ProviderName, PushFigures, PushTrialOptions, PushTrialStep } from "./push/mod.ts";

/** How a running server is. */
export interface ServerStatus {
  /** Its version of Titan. */
  readonly version: string;
  /** Where it listens. */
  readonly url: string;
  /** What it keeps messages in. */
  readonly store: "kv" | "shared" | "memory";
  /** When it was ready, in milliseconds since 1970. */
  readonly ready: number;
  /** What wakes devices, by what their addresses name; `log`: pushes are only logged. */
  readonly providers: Readonly<Record<ProviderName, PushProvider["name"]>>;
  /** What became of its pushes. */
  readonly pushes: PushFigures;
}

/** What an operator can ask. */
export interface ServerAdmin {
  /** Tells how the server is. */
  status(): Promise<ServerStatus>;
  /** Sends a device a push at once and tells how far it comes. The ids are normalised. */
  testPush(
    user: string,
    device: string,
    options?: PushTrialOptions,
  ): AsyncGenerator<PushTrialStep>;
  /** Tells what became of a message. @returns null where it is not traced, or not any more. */
  trace(id: string): Promise<MessageTrace | null>;
}
