/**
 * Web Push: wakes browsers through the push service that each of them chose (RFC 8030).
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { fitPayload } from "../payload.ts";
import type { Push, PushCheck, PushOutcome, PushProvider, PushTarget } from "../push.ts";
import type { PushClock, PushRandom } from "../push_world.ts";
import {
  createSenderKeys,
  encryptPush,
  PLAINTEXT_BYTES_MAX,
  type ReceiverKeys,
  ReceiverKeysError,
  SALT_BYTES,
} from "./encrypt_push.ts";
import { type Endpoint, readEndpoint } from "./endpoint.ts";
import { post, type PostAnswer, type ResolveHost } from "./https_post.ts";
import { type PushService, PushServices } from "./push_services.ts";
import { Slots } from "../slots.ts";
import { findVapidFaults, type VapidIdentity } from "../vapid.ts";
import { createVapidSigner, type VapidSigner, VapidToken } from "./vapid_token.ts";
import { isRefusal, outcomeOfAnswer, outcomeOfError } from "./web_outcome.ts";

/** What a {@linkcode WebPushProvider} needs. */
export interface WebPushOptions {
  /** Who the deployment is to push services. */
  readonly vapid: VapidIdentity;
  /** The time: of expiry, of tokens, and within which a push has its outcome. */
  readonly clock: PushClock;
  /** Makes the salts. Keys are WebCrypto's own. */
  readonly random: PushRandom;
  /** Resolves the hosts of endpoints; `resolveBySystem` outside of tests. */
  readonly resolve: ResolveHost;
  /**
   * Origins that need not be public, such as a push service of one's own, as `URL.origin` has them.
   * @default {[]}
   */
  readonly allowOrigins?: readonly string[];
  /** Whom to trust in place of what Deno trusts: certificates in PEM. */
  readonly ca?: string;
}

/** Pushes on the way to one push service: each takes a connection of its own. */
export const SERVICE_IN_FLIGHT_MAX = 100;

/** Pushes on the way to all push services: one that hangs leaves room for others. */
export const IN_FLIGHT_MAX = 300;

/** Within which time a push has its outcome, in milliseconds (`PushProvider.send`). */
const SEND_MS_MAX = 10_000;

/** Four weeks, in seconds: the most that all the push services of browsers take. */
const TTL_SECONDS_MAX = 28 * 24 * 3600;

/** RFC 8030 §5.4. */
const TOPIC = /^[\w-]{1,32}$/;

/**
 * Sends pushes to the endpoints of Web Push subscriptions, encrypted for the browser (RFC 8291) and
 * signed for the service (RFC 8292).
 *
 * An endpoint is what a client says it is, so the server lets itself be sent only to `https` on
 * public addresses: no literal of another network passes, nor a name of which a single address is
 * none. A connection is made to the addresses that were looked at, so a name that changes between
 * (DNS rebinding) leads nowhere else; a connection that is kept leads where it was made to. Redirects
 * are not followed, at most 16 KiB of an answer are read, and no outcome tells what it says. What
 * stays open: any port of a public host, and a host on the public internet that trusts the server's
 * address.
 */
export class WebPushProvider implements PushProvider {
  readonly name = "web";
  readonly #clock: PushClock;
  readonly #random: PushRandom;
  readonly #sign: VapidSigner;
  readonly #allowOrigins: ReadonlySet<string>;
  readonly #services: PushServices;
  readonly #slots = new Slots(IN_FLIGHT_MAX);
  readonly #pending = new Map<AbortController, Promise<PushOutcome>>();
  #isClosed = false;

  /** Connects to nobody yet. @throws {TypeError} the identity has faults */
  constructor({ vapid, clock, random, resolve, allowOrigins = [], ca }: WebPushOptions) {
    const faults = findVapidFaults(vapid).map(({ part, message }) => `${part} ${message}`);
    if (faults.length > 0) {
      throw new TypeError(`Cannot identify to push services: ${faults.join("; ")}`);
    }
    this.#sign = createVapidSigner(vapid, clock);
    this.#clock = clock;
    this.#random = random;
    this.#allowOrigins = new Set(allowOrigins);
    this.#services = new PushServices({
      resolve,
      ca,
      inFlightMax: SERVICE_IN_FLIGHT_MAX,
      createToken: (origin) => new VapidToken(() => this.#sign(origin), clock),
    });
  }

  /** Sends one push. Its time runs while it waits for its turn, too. */
  async send(push: Push): Promise<PushOutcome> {
    if (this.#isClosed) return { kind: "retry", reason: "Provider is closed" };
    const stop = new AbortController();
    const cancel = this.#clock.after(
      SEND_MS_MAX,
      () => stop.abort(`No answer came within ${SEND_MS_MAX / 1000} seconds`),
    );
    const outcome = this.#attempt(push, stop.signal);
    this.#pending.set(stop, outcome);
    try {
      return await outcome;
    } finally {
      cancel();
      this.#pending.delete(stop);
    }
  }

  /**
   * Signs a token; that the keys are a pair was looked at before. Each browser has a push service of
   * its own, so there is none to ask.
   */
  async check(): Promise<PushCheck> {
    if (this.#isClosed) return { kind: "retry", reason: "Provider is closed" };
    await this.#sign("https://push.invalid");
    return { kind: "unasked", reason: "Browsers bring their own push services, so none was asked" };
  }

  /** Ends all connections; what is on the way is to be tried again. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    for (const stop of this.#pending.keys()) stop.abort("Provider is closed");
    await Promise.all(this.#pending.values());
    this.#services[Symbol.dispose]();
  }

  async #attempt(push: Push, signal: AbortSignal): Promise<PushOutcome> {
    let host = "";
    try {
      const endpoint = readEndpoint(push.target.token, this.#allowOrigins);
      host = endpoint.host;
      return await this.#services.use(
        endpoint,
        (service) => this.#deliver(push, endpoint, { service, signal }),
      );
    } catch (error) {
      if (signal.aborted) return { kind: "retry", reason: String(signal.reason) };
      return outcomeOfError(error, host);
    }
  }

  async #deliver(
    push: Push,
    endpoint: Endpoint,
    { service, signal }: { readonly service: PushService; readonly signal: AbortSignal },
  ): Promise<PushOutcome> {
    const fitted = fitPayload(push.content, { bytesMax: PLAINTEXT_BYTES_MAX });
    if (fitted === null) return { kind: "rejected", reason: "Content is too large" };
    if (!TOPIC.test(push.collapse)) {
      return { kind: "rejected", reason: "Collapse key must be 1 to 32 characters of base64url" };
    }
    const receiver = receiverKeysOf(push.target);
    using _turn = await service.slots.take(signal);
    using _slot = await this.#slots.take(signal);
    const salt = this.#random(new Uint8Array(SALT_BYTES));
    const body = await encryptPush(fitted.payload, receiver, await createSenderKeys(salt));
    const attempt = (authorization: string): Promise<PostAnswer> => {
      const headers = { ...this.#headersOf(push), "Content-Length": body.length };
      const request = { headers: { ...headers, Authorization: authorization }, body };
      return post(endpoint, request, { agent: service.agent, signal });
    };
    const authorization = await service.token.header();
    let answer = await attempt(authorization);
    if (isRefusal(answer)) answer = await attempt(await service.token.renew(authorization));
    return outcomeOfAnswer(answer, { host: endpoint.host, now: this.#clock.now() });
  }

  /** RFC 8030 §5.2 to §5.4, RFC 8291 §4. */
  #headersOf({ urgent, collapse, expires }: Push): Record<string, string> {
    const seconds = Math.ceil((expires - this.#clock.now()) / 1000);
    return {
      TTL: String(Math.min(Math.max(seconds, 0), TTL_SECONDS_MAX)),
      Urgency: urgent ? "high" : "normal",
      Topic: collapse,
      "Content-Encoding": "aes128gcm",
      "Content-Type": "application/octet-stream",
    };
  }
}

function receiverKeysOf({ keys }: PushTarget): ReceiverKeys {
  if (keys === undefined) throw new ReceiverKeysError("Keys of the subscription are missing");
  const bytesOf = (text: string) => Uint8Array.from(Buffer.from(text, "base64url"));
  return { p256dh: bytesOf(keys.p256dh), auth: bytesOf(keys.auth) };
}
