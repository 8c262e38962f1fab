/**
 * What an operator asks of a server, answered as a test wants it.
 *
 * @module
 */
import { createCounts } from "./push/push_figures.ts";
import type { PushTrialOptions, PushTrialStep } from "./push/mod.ts";
import type { MessageTrace } from "../rpc/mod.ts";
import type { ServerAdmin, ServerStatus } from "./server_admin.ts";

/** A server that has just started. */
export const STATUS: ServerStatus = {
  version: "1.2.3",
  url: "http://127.0.0.1:3000",
  store: "memory",
  ready: 7,
  providers: { fcm: "log", apns: "apns", web: "log" },
  pushes: { ...createCounts(), waiting: 0, inFlight: 0 },
};

/** The one message that is traced. */
export const TRACE: MessageTrace = {
  id: "01JD8Z00000000000000000000",
  sender: "ann",
  to: "bob",
  expires: 100_000,
  steps: [
    { step: "accepted", at: 1000 },
    { step: "committed", at: 1003 },
    { step: "written", at: 1004, user: "bob", device: "phone", redelivered: 0 },
    { step: "push_sent", at: 6004, user: "bob", device: "phone", provider: "fcm" },
    {
      ...{ step: "push_answered", at: 6104, user: "bob", device: "phone", provider: "fcm" },
      ...{ answer: "rejected", reason: "Wrong topic" },
    },
    { step: "written", at: 61_004, user: "bob", device: "phone", redelivered: 1 },
    { step: "acknowledged", at: 61_010, user: "bob", device: "phone" },
  ],
  leftOut: 0,
};

/** Its trials have the given steps; after `"wait"` comes nothing until they are ended. */
export class FakeServerAdmin implements ServerAdmin {
  readonly #steps: readonly (PushTrialStep | "wait" | Error)[];
  /** Trials that were asked for. */
  readonly asked: { readonly user: string; readonly device: string; readonly ms: unknown }[] = [];
  /** Resolves when a trial was ended from outside. */
  readonly ended: Promise<void>;
  readonly #end = Promise.withResolvers<void>();

  constructor(...steps: readonly (PushTrialStep | "wait" | Error)[]) {
    this.#steps = steps;
    this.ended = this.#end.promise;
  }

  status(): Promise<ServerStatus> {
    return Promise.resolve(STATUS);
  }

  trace(id: string): Promise<MessageTrace | null> {
    return Promise.resolve(id === TRACE.id ? TRACE : null);
  }

  async *testPush(
    user: string,
    device: string,
    { ms, signal }: PushTrialOptions = {},
  ): AsyncGenerator<PushTrialStep> {
    this.asked.push({ user, device, ms });
    for (const step of this.#steps) {
      if (step instanceof Error) throw step;
      if (step !== "wait") yield step;
      else await new Promise<void>((resolve) => signal?.addEventListener("abort", () => resolve()));
    }
    if (signal?.aborted) this.#end.resolve();
  }
}
