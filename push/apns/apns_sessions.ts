/**
 * The connections to APNs: one that takes new requests, and those that only end what they have.
 *
 * @module
 */
import { ApnsSession, type ApnsSessionOptions } from "./apns_session.ts";

/** A place on a connection; to dispose it gives the place back. */
export interface ApnsPlace extends Disposable {
  /** Where. */
  readonly session: ApnsSession;
}

/** How many requests may be on the way. */
export interface ApnsSessionsOptions extends ApnsSessionOptions {
  /** On all connections together; APNs' own limit for a connection is heeded too. */
  readonly inFlightMax: number;
}

type Waiting = (place: ApnsPlace | string) => void;

/** Shares connections among requests. */
export class ApnsSessions implements Disposable {
  readonly #options: ApnsSessionsOptions;
  /** In the order in which they came. */
  readonly #waiting = new Set<Waiting>();
  #current: ApnsSession | undefined;
  #inFlight = 0;

  /** Connects as soon as there is something to send, and not before. */
  constructor(options: ApnsSessionsOptions) {
    this.#options = options;
  }

  /**
   * Waits for a place.
   *
   * @param signal ends the wait; its reason is answered
   * @returns why there is none, where there was no connection
   */
  enter(signal: AbortSignal): Promise<ApnsPlace | string> {
    if (signal.aborted) return Promise.resolve(`${signal.reason}`);
    return new Promise((resolve) => {
      const aborted = () => waiting(`${signal.reason}`);
      const waiting: Waiting = (place) => {
        this.#waiting.delete(waiting);
        signal.removeEventListener("abort", aborted);
        resolve(place);
      };
      signal.addEventListener("abort", aborted, { once: true });
      this.#waiting.add(waiting);
      this.#admit();
    });
  }

  /** Ends the connection. Nobody may wait for a place any more, nor for an answer. */
  [Symbol.dispose](): void {
    this.#current?.retire();
  }

  /** Lets in who waits, as far as there is room. */
  #admit(): void {
    for (const waiting of this.#waiting) {
      if (this.#inFlight >= this.#options.inFlightMax) return;
      const session = this.#usable();
      if (session === null || !session.hasRoom) return;
      waiting(this.#place(session));
    }
  }

  #place(session: ApnsSession): ApnsPlace {
    const leave = session.enter();
    this.#inFlight++;
    return {
      session,
      [Symbol.dispose]: () => {
        this.#inFlight--;
        leave();
      },
    };
  }

  /** The connection for new requests. One that is of no more use ends with its last request. */
  #usable(): ApnsSession | null {
    if (this.#current?.isOfUse) return this.#current;
    try {
      this.#current = new ApnsSession(this.#options, {
        roomier: () => this.#admit(),
        failed: (reason) => this.#fail(reason),
      });
      return this.#current;
    } catch {
      // Deno reads the file of `DENO_CERT` here.
      this.#fail("Cannot connect to APNs: the certificates to be trusted cannot be read");
      return null;
    }
  }

  /**
   * Where there is no connection, all that wait for one are told: to try once for each of them
   * would be a storm.
   */
  #fail(reason: string): void {
    for (const waiting of this.#waiting) waiting(reason);
  }
}
