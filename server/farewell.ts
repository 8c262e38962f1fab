/**
 * The end of a listener's connections.
 *
 * @module
 */
import type { AcceptedTransport } from "./accepted_transport.ts";
import { CLOSE } from "./close_code.ts";

/** Closes transports, and knows when they are gone. */
export class Farewell {
  /** Resolves when all are gone but those that lingered already. */
  readonly done: Promise<void>;
  readonly #staying: Set<AcceptedTransport>;
  readonly #resolve: () => void;

  /** Tells each peer that the server is going. */
  constructor(transports: Iterable<AcceptedTransport>) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.done = promise;
    this.#resolve = resolve;
    this.#staying = new Set([...transports].filter(({ stage }) => stage !== "over"));
    const { code, reason } = CLOSE.goingAway;
    for (const transport of this.#staying) transport.close(code, reason);
    if (this.#staying.size === 0) resolve();
  }

  /** A transport is gone. */
  left(transport: AcceptedTransport): void {
    this.#staying.delete(transport);
    if (this.#staying.size === 0) this.#resolve();
  }
}
