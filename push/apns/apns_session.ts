/**
 * One HTTP/2 connection to APNs.
 *
 * It is Deno's `fetch` that speaks HTTP/2, not `node:http2`: in Deno 2.9.6 that kills the process
 * when a server sends GOAWAY, as APNs does every now and then, on a connection that had some hundred
 * streams (denoland/deno#36788). `fetch` heeds `SETTINGS_MAX_CONCURRENT_STREAMS`, connects again
 * where its connection is gone, and sends again what APNs had not looked at before GOAWAY.
 *
 * @module
 */
import type { PushClock } from "../push_world.ts";
import type { ApnsResponse } from "./apns_outcome.ts";
import type { ApnsRequest } from "./apns_request.ts";
import { connectionFault } from "./connection_fault.ts";
import { readResponse } from "./read_response.ts";

/** For how long an answer shows that the connection is good, in milliseconds. */
const PROOF_MS_MAX = 60_000;

/**
 * How long a first answer may take, in milliseconds, before others try another connection. Half of
 * the time that a push has, so that those that wait can still go.
 */
const PROBE_MS_MAX = 5000;

/** An idle connection ends after this time, in milliseconds: before a NAT forgets it in silence. */
const IDLE_MS_MAX = 180_000;

/** `fetch` of Deno. */
export type ApnsFetch = (
  url: string,
  options: RequestInit & { readonly client: Deno.HttpClient },
) => Promise<Response>;

/** Where and how to connect. */
export interface ApnsSessionOptions {
  /** The origin. */
  readonly url: string;
  /** Sends requests. */
  readonly fetch: ApnsFetch;
  /** Certificates to trust besides the system's, in PEM. */
  readonly ca?: string;
  /** Ends what takes too long. */
  readonly clock: PushClock;
}

/** Who has the connection. */
export interface ApnsSessionOwner {
  /** More requests may go than before, on this connection or on another. */
  roomier(): void;
  /** There is no connection: why. */
  failed(reason: string): void;
}

/** One connection: made for the first request, and made again while it is of use. */
export class ApnsSession {
  readonly #options: ApnsSessionOptions;
  readonly #owner: ApnsSessionOwner;
  readonly #client: Deno.HttpClient;
  #isRetired = false;
  #isClosed = false;
  #inUse = 0;
  /** When the last answer came. */
  #heard = -Infinity;
  /** Answers that came. */
  #answers = 0;

  /** Connects nowhere yet. */
  constructor(options: ApnsSessionOptions, owner: ApnsSessionOwner) {
    this.#options = options;
    this.#owner = owner;
    this.#client = Deno.createHttpClient({
      http1: false,
      http2: true,
      poolIdleTimeout: IDLE_MS_MAX,
      ...(options.ca === undefined ? {} : { caCerts: [options.ca] }),
    });
  }

  /** Whether it may have room at some time. */
  get isOfUse(): boolean {
    return !this.#isRetired;
  }

  /**
   * Whether another request may go now. The first goes alone, and so does the first after a pause:
   * APNs takes one until it has seen a provider token on the connection, and where there is none
   * any more only one has waited for it in vain.
   */
  get hasRoom(): boolean {
    return this.isOfUse && (this.#isProven || this.#inUse === 0);
  }

  /** Takes a place; the answer gives it back. */
  enter(): () => void {
    this.#inUse++;
    return () => {
      this.#inUse--;
      if (this.#isRetired && this.#inUse === 0) this.#close();
      this.#owner.roomier();
    };
  }

  /**
   * Sends a request from a place that was taken.
   *
   * @param signal ends the wait; its reason is answered
   * @returns why there is no answer, where none came
   */
  async request(
    request: ApnsRequest,
    authorization: string,
    signal: AbortSignal,
  ): Promise<ApnsResponse | string> {
    if (signal.aborted) return `${signal.reason}`;
    const heard = this.#answers;
    const cancelTimer = this.#probe();
    try {
      return await this.#fetch(request, authorization, signal);
    } catch (error) {
      if (!signal.aborted) return this.#fail(error);
      // Nothing at all came while it waited: the connection is dead, and nobody was told.
      if (this.#answers === heard) this.retire();
      return `${signal.reason}`;
    } finally {
      cancelTimer();
    }
  }

  /** Lets no more requests in; ends when those that are on the way have ended. */
  retire(): void {
    if (this.#isRetired) return;
    this.#isRetired = true;
    if (this.#inUse === 0) this.#close();
    this.#owner.roomier();
  }

  get #isProven(): boolean {
    // Where the clock was set back, nobody knows how long ago the answer came.
    return Math.abs(this.#options.clock.now() - this.#heard) < PROOF_MS_MAX;
  }

  async #fetch(
    { path, headers, body }: ApnsRequest,
    authorization: string,
    signal: AbortSignal,
  ): Promise<ApnsResponse> {
    const { fetch: send, url, clock } = this.#options;
    const answer = await send(`${url}${path}`, {
      method: "POST",
      headers: { ...headers, authorization },
      body,
      client: this.#client,
      // APNs has none, and who else answers is not to be shown the push.
      redirect: "manual",
      signal,
    });
    const response = await readResponse(answer);
    this.#answers++;
    this.#heard = clock.now();
    return response;
  }

  /** Gives up a connection whose first answer does not come; the request may go on waiting. */
  #probe(): () => void {
    if (this.#isProven) return () => {};
    return this.#options.clock.after(PROBE_MS_MAX, () => this.retire());
  }

  #fail(error: unknown): string {
    const { ended, reason } = connectionFault(error);
    // Where there is no connection, the next request would have none either.
    if (ended === "attempt") this.#owner.failed(reason);
    // The next connection has not been proven.
    if (ended !== "request") this.retire();
    return reason;
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#client.close();
  }
}
