/**
 * The provider for the Apple Push Notification service: HTTP/2 with provider tokens ("Sending
 * notification requests to APNs").
 *
 * @module
 */
import { checkOf } from "../check_of.ts";
import type { Push, PushCheck, PushOutcome, PushProvider } from "../push.ts";
import type { PushClock } from "../push_world.ts";
import { apnsOutcome, type ApnsResponse, isAboutTopic, isExpiredToken } from "./apns_outcome.ts";
import { type ApnsRequest, apnsRequest } from "./apns_request.ts";
import type { ApnsFetch, ApnsSession } from "./apns_session.ts";
import { ApnsSessions } from "./apns_sessions.ts";
import { ProviderToken } from "./provider_token.ts";

/** Where applications from the App Store and TestFlight are reached. */
export const APNS_PRODUCTION_URL = "https://api.push.apple.com";

/** Where applications are reached that were built for development. */
export const APNS_SANDBOX_URL = "https://api.sandbox.push.apple.com";

/** Pushes on the way at the most: 1,500 a second where APNs takes 170 ms for one. */
export const APNS_IN_FLIGHT_MAX = 256;

/** How long a push may take, with its wait for a turn, in milliseconds (`PushProvider.send`). */
const SEND_MS_MAX = 10_000;

/** What an application is called, and what is added to that for some kinds of pushes. */
const BUNDLE_ID = /^[A-Za-z0-9.-]+$/;

/** A push to a device that there is not: APNs looks at the provider token and the topic first. */
const NO_PUSH: Omit<Push, "expires"> = {
  target: { token: "0".repeat(64) },
  content: { badge: 0, fetch: false },
  urgent: false,
  collapse: "titan-check",
};

/** What a deployment has of APNs. */
export interface ApnsOptions {
  /** Base URL, https. @default {APNS_PRODUCTION_URL} */
  readonly url?: string;
  /** The key that Apple gave out as a `.p8` file, in PEM. */
  readonly key: string;
  /** Its id: ten letters and digits. */
  readonly keyId: string;
  /** The id of the team: ten letters and digits. */
  readonly teamId: string;
  /** What APNs calls the application, as its bundle id; a target may name another one. */
  readonly topic: string;
  /** Ends what takes too long, and dates provider tokens. */
  readonly clock: PushClock;
  /** Deno's own `fetch`. */
  readonly fetch: ApnsFetch;
  /** Certificates to trust besides the system's, in PEM. */
  readonly ca?: string;
  /** Pushes on the way at the most. @default {APNS_IN_FLIGHT_MAX} */
  readonly inFlightMax?: number;
}

/** Sends pushes to APNs over one connection, many at a time. */
export class ApnsProvider implements PushProvider {
  readonly name = "apns";
  readonly #options: ApnsOptions;
  readonly #token: ProviderToken;
  readonly #sessions: ApnsSessions;
  readonly #disposed = new AbortController();
  /** Pushes that have no outcome yet. */
  readonly #sending = new Set<Promise<PushOutcome>>();

  private constructor(options: ApnsOptions, token: ProviderToken, url: string) {
    const { fetch: send, clock, ca, inFlightMax = APNS_IN_FLIGHT_MAX } = options;
    this.#options = options;
    this.#token = token;
    this.#sessions = new ApnsSessions({
      url,
      fetch: send,
      clock,
      inFlightMax,
      ...(ca === undefined ? {} : { ca }),
    });
  }

  /**
   * Reads the key. A connection is made for the first push.
   *
   * @throws {TypeError} the URL, the key, an id or the topic is none
   */
  static async open(options: ApnsOptions): Promise<ApnsProvider> {
    const url = originOf(options.url ?? APNS_PRODUCTION_URL);
    if (!BUNDLE_ID.test(options.topic)) {
      throw new TypeError("Cannot use APNs: the topic is no bundle id");
    }
    return new ApnsProvider(options, await ProviderToken.open(options), url);
  }

  /** Sends one push; see {@linkcode PushProvider.send}. */
  send(push: Push): Promise<PushOutcome> {
    const sending = this.#send(push).finally(() => this.#sending.delete(sending));
    this.#sending.add(sending);
    return sending;
  }

  /** Shows APNs a provider token and the topic; see {@linkcode PushProvider.check}. */
  async check(): Promise<PushCheck> {
    const outcome = await this.send({ ...NO_PUSH, expires: this.#options.clock.now() });
    return isAboutTopic(outcome) ? { ...outcome, kind: "misconfigured" } : checkOf(outcome);
  }

  /**
   * Cuts what is on the way, which is answered as to be tried again, and ends the connections. Who
   * wants no push twice waits for the outcomes before.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed.abort();
    await Promise.all(this.#sending);
    this.#sessions[Symbol.dispose]();
  }

  async #send(push: Push): Promise<PushOutcome> {
    const ending = new AbortController();
    const stop = () => ending.abort("Provider is disposed");
    if (this.#disposed.signal.aborted) stop();
    this.#disposed.signal.addEventListener("abort", stop, { once: true });
    const reason = `APNs did not answer within ${SEND_MS_MAX / 1000} seconds`;
    const cancelTimer = this.#options.clock.after(SEND_MS_MAX, () => ending.abort(reason));
    try {
      return await this.#deliver(push, ending.signal);
    } finally {
      cancelTimer();
      this.#disposed.signal.removeEventListener("abort", stop);
    }
  }

  async #deliver(push: Push, signal: AbortSignal): Promise<PushOutcome> {
    const { clock, topic } = this.#options;
    const place = await this.#sessions.enter(signal);
    if (typeof place === "string") return { kind: "retry", reason: place };
    using held = place;
    // It is made here, not before its turn: so much less is in memory while many wait.
    const request = apnsRequest(push, topic, clock.now());
    if (typeof request === "string") return { kind: "rejected", reason: request };
    const response = await this.#exchange(held.session, request, signal);
    if (typeof response === "string") return { kind: "retry", reason: response };
    return apnsOutcome(response, clock.now());
  }

  /** Sends a request; once more where the provider token turns out to be too old. */
  async #exchange(
    session: ApnsSession,
    request: ApnsRequest,
    signal: AbortSignal,
  ): Promise<ApnsResponse | string> {
    const token = await this.#token.current();
    const response = await session.request(request, `bearer ${token}`, signal);
    if (typeof response === "string" || !isExpiredToken(response)) return response;
    if (!await this.#token.renew(token)) return response;
    return await session.request(request, `bearer ${await this.#token.current()}`, signal);
  }
}

/** The origin of a base URL. */
function originOf(text: string): string {
  const url = URL.parse(text);
  if (url === null || url.protocol !== "https:" || url.pathname !== "/" || url.search !== "") {
    throw new TypeError("Cannot use APNs: its URL is not https with a host and nothing more");
  }
  return url.origin;
}
