/**
 * The connection under `firebase-admin`.
 *
 * @module
 */
import type { ClientRequest, IncomingMessage } from "node:http";
import { Agent, type RequestOptions } from "node:https";
import type { Duplex } from "node:stream";
import { OriginAgent } from "./origin_agent.ts";
import type { Connect } from "./tls_connection.ts";

/** How long a connection waits for its next push, in milliseconds: less than Google lets it. */
const IDLE_MS_MAX = 60_000;

/** What is seen of one push on its way. */
export class Exchange {
  readonly #lost = Promise.withResolvers<never>();
  #request: ClientRequest | undefined;
  #response: IncomingMessage | undefined;
  #retryAfter: string | undefined;
  #fault: unknown;
  #isCutOff = false;

  /** For an agent to begin. */
  constructor() {
    // Nobody listens any more when a push was answered.
    this.#lost.promise.catch(() => {});
  }

  /** The status of the answer, as soon as it has begun. */
  get status(): number | undefined {
    return this.#response?.statusCode;
  }

  /** Its `Retry-After`. */
  get retryAfter(): string | undefined {
    return this.#retryAfter;
  }

  /** What went wrong with the connection, where something did. */
  get fault(): unknown {
    return this.#fault;
  }

  /** Whether the answer has ended before it was whole. */
  get isCutOff(): boolean {
    return this.#isCutOff;
  }

  /** Rejects where the answer ends before it is whole. `firebase-admin` waits for ever then. */
  get lost(): Promise<never> {
    return this.#lost.promise;
  }

  /**
   * Takes a request: the first, and no other.
   *
   * @returns false where it must not be made
   */
  take(request: ClientRequest): boolean {
    if (this.#request !== undefined) return false;
    this.#request = request;
    request.once("error", (error) => this.#fault = error);
    request.prependListener("response", (response: IncomingMessage) => {
      this.#response = response;
      this.#retryAfter = response.headers["retry-after"];
      // `firebase-admin` would wait so long before it asks to repeat the request.
      delete response.headers["retry-after"];
      response.once("close", () => this.#check(response));
    });
    return true;
  }

  #check({ complete }: IncomingMessage): void {
    this.#isCutOff = !complete;
    if (!complete) this.#lost.reject(new Error("Answer is cut off"));
  }
}

/**
 * One connection, for one request at a time, which leads wherever it is told to. `firebase-admin`
 * has no setting for where it sends to, for how often it tries and for how long it waits, nor does
 * it tell that an answer was cut off; but all it does goes through its agent. So here
 *
 * - requests are sent to an origin,
 * - a request is made once: `firebase-admin` would repeat one that got a 503 four times, which takes
 *   it 7 seconds, or minutes where the answer has a `Retry-After`.
 */
export class FcmAgent extends OriginAgent {
  readonly #host: string;
  #exchange = new Exchange();

  /** @param origin where to send to */
  constructor(origin: URL, connect: Connect) {
    super(origin, connect, {
      keepAlive: true,
      maxSockets: 1,
      timeout: IDLE_MS_MAX,
    });
    this.#host = origin.host;
  }

  /** Begins a push: the next request is its own. */
  begin(): Exchange {
    this.#exchange = new Exchange();
    return this.#exchange;
  }

  /**
   * Gives a request a connection that was kept. Deno sends a request anew, by itself, whose kept
   * connection ends before the answer, be it that we ended it (denoland/deno#36786): a device would
   * get a push twice, and one that was given up would go out again.
   */
  override reuseSocket(socket: Duplex, outgoing: ClientRequest): void {
    super.reuseSocket(socket, outgoing);
    outgoing.reusedSocket = false;
  }

  /** Takes a request, as every agent must; its type leaves that out. */
  addRequest(request: ClientRequest, options: RequestOptions): void {
    if (this.hasEnded || !this.#exchange.take(request)) {
      // With no code to it, so that this is not repeated in its turn.
      const error = new Error("Cannot make a request: the push has had its own");
      queueMicrotask(() => request.emit("error", error));
      return;
    }
    if (!request.headersSent) request.setHeader("host", this.#host);
    addRequest.call(this, request, options);
  }
}

/** `Agent.addRequest`, which is how `node:http` hands on requests but is not in its types. */
const { addRequest } = Agent.prototype as unknown as {
  addRequest(this: Agent, request: ClientRequest, options: RequestOptions): void;
};
