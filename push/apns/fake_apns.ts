/**
 * APNs on this machine, for the tests: HTTP/2 over TLS, as Apple documents it. It accepts only what
 * Apple would: a provider token by its key that is not too old, the headers, and a payload that is
 * small enough.
 *
 * @module
 */
import { TEST_CA } from "../contract/test_certificate.ts";
import type { LocalService, SeenPush, ServiceOptions, Situation } from "../provider_contract.ts";
import type { PushTarget } from "../push.ts";
import { ApnsProvider } from "./apns_provider.ts";
import type { Field } from "./fake_hpack.ts";
import { FakeHttp2Server, type FakeStream } from "./fake_http2.ts";
import { readNotification, type Refusal } from "./fake_notification.ts";
import { FakeTokens } from "./fake_tokens.ts";

/** What the application of the tests is called. */
export const FAKE_TOPIC = "org.titan.test";

/** What a connection may have on the way once it has shown a good token. */
const STREAMS_MAX = 1000;

/** RFC 9113 §7. */
const INTERNAL_ERROR = 0x2;

/** How a local APNs is opened. */
export interface FakeApnsOptions extends ServiceOptions {
  /** Pushes that its providers have on the way at the most. */
  readonly inFlightMax: number;
  /** Streams of a connection at the most, once it has shown a good token. */
  readonly streamsMax?: number;
}

/** APNs on a free port of 127.0.0.1. */
export class FakeApns implements LocalService {
  readonly tokens: FakeTokens;
  readonly #options: FakeApnsOptions;
  readonly #server: FakeHttp2Server;
  readonly #held: FakeStream[] = [];
  readonly #seen: SeenPush[] = [];
  /** The pushes of requests that were read. */
  readonly #pushes = new WeakMap<FakeStream, SeenPush>();
  readonly #accepted: SeenPush[] = [];
  #situation: Situation = { kind: "accepted" };
  /** Requests that were read and not yet answered. */
  readonly #inHand = new Set<FakeStream>();
  #peak = 0;
  /** What went wrong here, so that no test passes with it. */
  readonly #faults: unknown[] = [];

  private constructor(options: FakeApnsOptions, tokens: FakeTokens) {
    this.#options = options;
    this.tokens = tokens;
    this.#server = new FakeHttp2Server({
      request: (stream) => {
        this.#read(stream).catch((error) => this.#faults.push(error));
      },
      changed: () => options.changed(),
    }, 1);
  }

  /** Starts to listen. */
  static async open(options: FakeApnsOptions): Promise<FakeApns> {
    return new FakeApns(options, await FakeTokens.create(options.clock));
  }

  get seen(): readonly SeenPush[] {
    return this.#seen;
  }

  /** Those of {@linkcode seen} that it accepted, in order, while their connection was there. */
  get accepted(): readonly SeenPush[] {
    return this.#accepted;
  }

  get peak(): number {
    return this.#peak;
  }

  get connections(): number {
    return this.#server.connections.size;
  }

  /** How many connections there have been. */
  get opened(): number {
    return this.#server.opened;
  }

  /** Requests that came although their connection had as many as it may have. */
  get refused(): number {
    return this.#server.refused;
  }

  get secrets(): readonly string[] {
    return [this.tokens.pem, ...this.tokens.shown];
  }

  /** Where it is reached. */
  get url(): string {
    return this.#server.url;
  }

  answer(situation: Situation): void {
    this.#situation = situation;
    this.tokens.know(situation);
  }

  release(): void {
    for (const stream of this.#held.splice(0)) this.#accept(stream);
  }

  target(index: number): PushTarget {
    return { token: "a1b2c3d4e5f60718".repeat(4).slice(8) + index.toString(16).padStart(8, "0") };
  }

  connect(trusted: boolean): Promise<ApnsProvider> {
    const { clock, inFlightMax } = this.#options;
    const { pem: key, keyId, teamId } = this.tokens;
    return ApnsProvider.open({
      url: this.url,
      key,
      keyId,
      teamId,
      topic: FAKE_TOPIC,
      clock,
      fetch,
      inFlightMax,
      ...(trusted ? { ca: TEST_CA } : {}),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
    // What an application could not understand, or a fault of this service.
    if (this.#faults.length > 0) throw this.#faults[0];
  }

  async #read(stream: FakeStream): Promise<void> {
    this.#inHand.add(stream);
    for (const other of this.#inHand) if (!other.isOpen) this.#inHand.delete(other);
    this.#peak = Math.max(this.#peak, this.#inHand.size);
    const body = await stream.body;
    const notification = readNotification(stream.headers, body, this.#options.clock.now());
    if ("status" in notification) return this.#refuse(stream, notification);
    const refusal = await this.tokens.check(stream.headers.get("authorization") ?? "");
    this.#seen.push(notification);
    this.#pushes.set(stream, notification);
    this.#options.changed();
    if (refusal !== null) return this.#refuse(stream, refusal);
    const { streamsMax = STREAMS_MAX } = this.#options;
    if (stream.connection.streamsMax !== streamsMax) stream.connection.limit(streamsMax);
    this.#act(stream, JSON.stringify([...stream.headers]) + body);
  }

  #act(stream: FakeStream, request: string): void {
    const situation = this.#situation;
    switch (situation.kind) {
      case "unregistered": {
        const timestamp = situation.since;
        return this.#refuse(stream, { status: 410, reason: "Unregistered", timestamp });
      }
      case "bad_token":
        return this.#refuse(stream, { status: 400, reason: "BadDeviceToken" });
      case "wrong_topic":
        return this.#refuse(stream, { status: 400, reason: "DeviceTokenNotForTopic" });
      case "too_large":
        return this.#refuse(stream, { status: 413, reason: "PayloadTooLarge" });
      case "rate_limited":
        return this.#refuse(stream, { status: 429, reason: "TooManyRequests", ...situation });
      case "server_error": {
        const reason = situation.status === 500 ? "InternalServerError" : "ServiceUnavailable";
        return this.#refuse(stream, { reason, ...situation });
      }
      case "gibberish":
        return stream.respond(400, [], request.repeat(20));
      case "hang":
        this.#held.push(stream);
        return;
      default:
        return this.#breakOff(stream, situation.kind);
    }
  }

  #breakOff(stream: FakeStream, kind: Situation["kind"]): void {
    const { connection } = stream;
    switch (kind) {
      case "reset":
        return stream.reset(INTERNAL_ERROR);
      case "killed":
        return connection.cut();
      case "goaway":
        // All that came before is still answered; this push is left out.
        return connection.goAway(Math.max(0, stream.id - 2));
      case "truncated":
        stream.respond(410, [], '{"reason":"Unregis', false);
        return connection.cutWhenWritten();
      default:
        return this.#accept(stream);
    }
  }

  #accept(stream: FakeStream): void {
    const push = this.#pushes.get(stream);
    if (push !== undefined && stream.isOpen) this.#accepted.push(push);
    stream.respond(200, [["apns-id", "eabeae54-14a8-11e5-b60b-1697f925ec7b"]], "");
    this.#options.changed();
  }

  #refuse(stream: FakeStream, refusal: Refusal): void {
    const { status, retryAfter, reason, timestamp } = refusal;
    const fields: Field[] = retryAfter === undefined ? [] : [["retry-after", retryAfter]];
    stream.respond(status, fields, JSON.stringify({ reason, timestamp }));
  }
}
