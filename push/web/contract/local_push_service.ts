/**
 * A push service on this machine, for the tests: HTTP/1.1 over TLS, as RFC 8030 and those who build
 * on it have it. It takes only what a push service would, and reads it as only the browser does.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { TEST_CA, TEST_CERTIFICATE, TEST_KEY } from "../../contract/test_certificate.ts";
import type { LocalService, SeenPush, ServiceOptions, Situation } from "../../provider_contract.ts";
import { PAYLOAD_BYTES_MAX, type PushTarget } from "../../push.ts";
import { generateVapidKeys, type VapidIdentity } from "../../vapid.ts";
import { type WebPushOptions, WebPushProvider } from "../web_push_provider.ts";
import { decryptPush } from "./decrypt_push.ts";
import { LocalSubscriptions } from "./local_subscriptions.ts";
import { LocalVapid } from "./local_vapid.ts";

/** An answer: its status, and what it says besides. */
interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A request that was read whole. */
interface Received {
  readonly request: IncomingMessage;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** The host of its endpoints: a name, which has to be resolved. */
const HOST = "localhost";

/** What the services of Google and of Mozilla answer, word by word. */
const OTHER_KEY = "the VAPID credentials in the authorization header do not correspond to the " +
  "credentials used to create the subscriptions.\n";

/** A push service on a free port of 127.0.0.1. */
export class LocalPushService implements LocalService {
  readonly vapid: LocalVapid;
  readonly identity: VapidIdentity;
  readonly #options: ServiceOptions;
  readonly #server = createServer({ cert: TEST_CERTIFICATE, key: TEST_KEY });
  readonly #sockets = new Set<Socket>();
  readonly #subscriptions = new LocalSubscriptions();
  readonly #held: ServerResponse[] = [];
  readonly #seen: SeenPush[] = [];
  #situation: Situation = { kind: "accepted" };
  #custom: Answer | undefined;
  #port = 0;
  #inHand = 0;
  #peak = 0;
  /** How many connections there have been. */
  opened = 0;

  private constructor(options: ServiceOptions, identity: VapidIdentity) {
    this.#options = options;
    this.identity = identity;
    this.vapid = new LocalVapid({ ...identity, clock: options.clock });
    this.#server.on("connection", (socket: Socket) => this.#follow(socket));
    // A client that does not trust it leaves.
    this.#server.on("tlsClientError", ignore);
    this.#server.on("request", (request, response) => {
      request.on("error", ignore);
      response.on("error", ignore);
      this.#serve(request, response).catch((error) => response.destroy(error));
    });
  }

  /** Starts to listen. */
  static async open(options: ServiceOptions): Promise<LocalPushService> {
    const identity = { ...await generateVapidKeys(), subject: "mailto:ops@titan.example" };
    const service = new LocalPushService(options, identity);
    service.#server.listen(0, "127.0.0.1");
    await once(service.#server, "listening");
    service.#port = (service.#server.address() as AddressInfo).port;
    return service;
  }

  get seen(): readonly SeenPush[] {
    return this.#seen;
  }

  get peak(): number {
    return this.#peak;
  }

  get connections(): number {
    return this.#sockets.size;
  }

  get secrets(): readonly string[] {
    // A header ends with the public key.
    return [
      this.identity.privateKey,
      ...this.vapid.shown.map((header) => header.split(",")[0] ?? ""),
    ];
  }

  /** The origin of its endpoints. */
  get origin(): string {
    return `https://${HOST}:${this.#port}`;
  }

  answer(situation: Situation): void {
    this.#situation = situation;
    this.#custom = undefined;
    this.vapid.know(situation);
  }

  /** Says what it answers to every push from now on, beyond the situations of the contract. */
  answerWith(answer: Answer): void {
    this.answer({ kind: "accepted" });
    this.#custom = answer;
  }

  release(): void {
    for (const response of this.#held.splice(0)) this.#reply(response, { status: 201 });
  }

  target(index: number): PushTarget {
    return this.#subscriptions.target(index, this.origin);
  }

  connect(trusted: boolean): Promise<WebPushProvider> {
    return Promise.resolve(new WebPushProvider(this.options(trusted)));
  }

  /** What a provider needs that talks to it. */
  options(trusted = true): WebPushOptions {
    const { clock, random } = this.#options;
    return {
      vapid: this.identity,
      clock,
      random,
      resolve: () => Promise.resolve(["127.0.0.1"]),
      allowOrigins: [this.origin],
      ...(trusted ? { ca: TEST_CA } : {}),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#server.listening) return;
    const closed = Promise.withResolvers<void>();
    this.#server.close(() => closed.resolve());
    for (const socket of this.#sockets) socket.destroy();
    await closed.promise;
  }

  #follow(socket: Socket): void {
    this.opened++;
    this.#sockets.add(socket);
    socket.on("error", ignore);
    socket.once("close", () => {
      this.#sockets.delete(socket);
      this.#options.changed();
    });
    this.#options.changed();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const received = { request, body: await readBody(request) };
    const seen = await this.#read(received);
    if (seen === undefined) return this.#send(response, { status: 400 });
    const { authorization = "", host } = request.headers;
    const isBelieved = await this.vapid.believes(authorization, `https://${host}`);
    // From here on at one go: who waits until it was seen may then say what comes of the next.
    this.#seen.push(seen);
    this.#peak = Math.max(this.#peak, ++this.#inHand);
    if (isBelieved) this.#act(response, received);
    else this.#reply(response, { status: 403, body: "invalid JWT provided\n" });
    this.#options.changed();
  }

  /** What a request says; undefined where it is none that the RFCs know. */
  async #read({ request, body }: Received): Promise<SeenPush | undefined> {
    const { method, url = "", headers } = request;
    const { ttl = "", urgency = "normal", topic } = headers;
    const [token, keys] = [this.#subscriptions.tokenAt(url), await this.#subscriptions.keysAt(url)];
    if (method !== "POST" || token === undefined || keys === undefined) return undefined;
    if (headers["content-encoding"] !== "aes128gcm" || body.length > PAYLOAD_BYTES_MAX) {
      return undefined;
    }
    // RFC 8030 §5.2 to §5.4
    if (!/^\d+$/.test(`${ttl}`) || !/^(very-low|low|normal|high)$/.test(`${urgency}`)) {
      return undefined;
    }
    if (!/^[\w-]{1,32}$/.test(`${topic}`)) return undefined;
    const text = new TextDecoder("utf-8", { fatal: true }).decode(await decryptPush(body, keys));
    return {
      token,
      content: JSON.parse(text),
      payloadBytes: body.length,
      urgent: urgency === "high",
      collapse: `${topic}`,
      expires: this.#options.clock.now() + Number(ttl) * 1000,
    };
  }

  /** Does with a push what it was told. */
  #act(response: ServerResponse, received: Received): void {
    const { kind } = this.#situation;
    if (kind === "hang") {
      this.#held.push(response);
    } else if (kind === "reset" || kind === "killed" || kind === "truncated") {
      this.#inHand--;
      cut(response, kind);
    } else {
      this.#reply(response, this.#custom ?? answerOf(this.#situation, received));
    }
  }

  #reply(response: ServerResponse, answer: Answer): void {
    this.#inHand--;
    this.#send(response, answer);
  }

  #send(response: ServerResponse, { status, headers = {}, body = "" }: Answer): void {
    response.writeHead(status, headers).end(body);
  }
}

/** What push services answer, by their documentation. */
function answerOf(situation: Situation, { request, body }: Received): Answer {
  switch (situation.kind) {
    case "unregistered":
      return { status: 410, body: "push subscription has unsubscribed or expired.\n" };
    case "bad_token":
      return { status: 400, body: '{"code":400,"errno":102,"error":"Bad Request"}' };
    case "wrong_topic":
      return { status: 403, body: OTHER_KEY };
    case "too_large":
      return { status: 413, body: '{"reason":"PayloadTooLarge"}' };
    case "rate_limited":
      return { status: 429, headers: retryAfterOf(situation) };
    case "server_error":
      return { status: situation.status, headers: retryAfterOf(situation) };
    case "gibberish":
      return { status: 400, body: repeat(request, body) };
    default:
      return { status: 201, headers: { Location: "https://push.example/m/1", TTL: "60" } };
  }
}

function retryAfterOf({ retryAfter }: { readonly retryAfter?: string }): Record<string, string> {
  return retryAfter === undefined ? {} : { "Retry-After": retryAfter };
}

/** The whole request, over and over. */
function repeat({ url, rawHeaders }: IncomingMessage, body: Uint8Array): string {
  return `${url}\n${rawHeaders.join("\n")}\n${Buffer.from(body).toString("latin1")}`.repeat(200);
}

/** Ends a connection without an answer, or in the middle of its status. */
function cut({ socket }: ServerResponse, kind: "reset" | "killed" | "truncated"): void {
  if (kind === "reset") socket?.resetAndDestroy();
  else if (kind === "killed") socket?.destroy();
  else socket?.write("HTTP/1.1 20", () => socket.destroy());
}

async function readBody(request: IncomingMessage): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Uint8Array.from(Buffer.concat(chunks));
}

function ignore(): void {}
