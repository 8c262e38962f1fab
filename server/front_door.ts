/**
 * What comes in by HTTP: WebSocket upgrades, `POST /rpc`, and people with a browser.
 *
 * @module
 */
import { DEVICE_ID_BYTES_MAX, WINDOW_MESSAGES_MAX } from "../limits.ts";
import { errorFrame, parseDeviceId, RpcError, type SignInOptions } from "../rpc/mod.ts";
import { StoreBusyError, StoreUnavailableError } from "../store/mod.ts";
import type { ClientAddresses } from "./client_address.ts";
import { Connection } from "./connection.ts";
import type { ConnectionCounts, Lease } from "./connection_counts.ts";
import type { Credential } from "./auth/mod.ts";
import type { Gateway } from "./gateway.ts";
import {
  crowded,
  draining,
  json,
  notAllowed,
  overloaded,
  plain,
  publicKey,
} from "./http_answer.ts";
import { HttpSession } from "./http_session.ts";
import type {
  ListenerHandler,
  UpgradeAcceptance,
  UpgradeDecision,
  UpgradeRequest,
} from "./listener.ts";
import { readText } from "./request_text.ts";
import type { Health, Refusal, StatusPages } from "./telemetry/mod.ts";
import type { Transport, TransportHandler } from "./transport.ts";

/** The subprotocol of clients that bring their token in the list of subprotocols. */
const PROTOCOL = "titan";

/** What stands before the token in that list. */
const PROTOCOL_BEARER = "bearer.";

/** Where a page finds what it subscribes to pushes with. */
const VAPID_PATH = "/push/vapid";

/** Seconds after which a disk that refused may take what it is given. */
const UNAVAILABLE_RETRY_SECONDS = 5;

/** What a {@linkcode FrontDoor} is made of. */
export interface FrontDoorParts {
  readonly gateway: Gateway;
  readonly counts: ConnectionCounts;
  readonly addresses: ClientAddresses;
  /** `upgrade`: no WebSocket without a credential in its upgrade request. */
  readonly wsAuth: "message" | "upgrade";
  /** What browsers subscribe to pushes with. */
  readonly vapidPublic?: string | undefined;
  /** Whether the server takes anybody new. */
  readonly health: Health;
  /** What the server says of itself. */
  readonly pages: StatusPages;
}

/** Decides what happens to an HTTP request. */
export class FrontDoor implements ListenerHandler {
  readonly #parts: FrontDoorParts;

  constructor(parts: FrontDoorParts) {
    this.#parts = parts;
  }

  upgrade(request: UpgradeRequest): UpgradeDecision | Promise<UpgradeDecision> {
    const { addresses, counts, wsAuth, health } = this.#parts;
    if (request.url.pathname !== "/") return { refuse: plain(404, "Not found") };
    const { closedTo } = health;
    if (closedTo !== null) return { refuse: this.#away(closedTo) };
    const address = addresses.of(request.address, request.headers.get("x-forwarded-for"));
    const lease = counts.enter(address);
    if (typeof lease === "string") return { refuse: this.#away("crowded") };
    const protocol = offersTitan(request.headers) ? PROTOCOL : undefined;
    const acceptance = new Acceptance(this.#parts.gateway, lease, address, protocol);
    const token = offeredToken(request.headers);
    // Most clients sign in later; the answer to them is not put off.
    if (token === null && wsAuth === "message") return acceptance;
    return this.#signIn(acceptance, token, request.url);
  }

  async #signIn(
    acceptance: Acceptance,
    token: string | null,
    url: URL,
  ): Promise<UpgradeDecision> {
    try {
      if (token === null) throw new RpcError("unauthenticated");
      await acceptance.signIn(token, upgradeOptions(url));
      return acceptance;
    } catch (error) {
      acceptance.released();
      return { refuse: this.#refusal(error) };
    }
  }

  async http(request: Request, address: string): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === "/rpc") return await this.#rpc(request, address);
    const { pages } = this.#parts;
    const isStatus = pages.has(pathname, request.headers);
    if (!isStatus && pathname !== "/" && pathname !== VAPID_PATH) return plain(404, "Not found");
    if (request.method !== "GET" && request.method !== "HEAD") return notAllowed("GET");
    if (isStatus) return await pages.answer(pathname, request.headers);
    if (pathname === VAPID_PATH) return publicKey(this.#parts.vapidPublic);
    return plain(200, "This is Titan. Connect with a WebSocket, or POST JSON-RPC to /rpc.\n");
  }

  fault(error: unknown): void {
    this.#parts.gateway.log.error("connection fault", error);
  }

  notTaken(reason: string): void {
    this.#parts.gateway.log.warn("connections not taken", { reason });
  }

  async #rpc(request: Request, peer: string): Promise<Response> {
    if (request.method !== "POST") return notAllowed("POST");
    const { addresses, counts, gateway, health } = this.#parts;
    const { closedTo } = health;
    if (closedTo !== null) return this.#away(closedTo);
    const address = addresses.of(peer, request.headers.get("x-forwarded-for"));
    // A body is held in memory while it comes, as slowly as its sender likes (I7).
    const lease = counts.enter(address);
    if (typeof lease === "string") return this.#away("crowded");
    gateway.telemetry.posts++;
    try {
      // It tells that its client has left to whoever asked for it before that.
      const { signal } = request;
      // The whole body first: whoever holds it back must not outlive the token that came with it.
      const frame = await readText(request);
      const token = bearerToken(request.headers);
      const session = new HttpSession(gateway, address, signal);
      if (token !== null) {
        await session.signIn(token, { rich: false });
        lease.signedIn();
      }
      const answer = await gateway.router.handle(frame, session);
      return answer === undefined ? new Response(null, { status: 204 }) : json(200, answer);
    } catch (error) {
      return this.#refusal(error);
    } finally {
      lease.leave();
    }
  }

  /** Sends somebody away who is to come back later. */
  #away(why: Refusal): Response {
    this.#parts.gateway.telemetry.refuse(why);
    return why === "draining" ? draining() : why === "overloaded" ? overloaded() : crowded();
  }

  /** The answer to a request that never got as far as a method. */
  #refusal(thrown: unknown): Response {
    const error = thrown instanceof StoreUnavailableError || thrown instanceof StoreBusyError
      ? new RpcError("unavailable", { retryAfter: UNAVAILABLE_RETRY_SECONDS })
      : thrown;
    const { log, telemetry } = this.#parts.gateway;
    telemetry.rpc.refused(error instanceof RpcError ? error.key : "internal_error");
    if (!(error instanceof RpcError)) {
      log.error("request failed", error);
      return json(500, errorFrame(null, new RpcError("internal_error")));
    }
    const { retryAfter } = error.data;
    const headers: Record<string, string> = {
      ...(retryAfter === undefined ? {} : { "retry-after": String(retryAfter) }),
      ...(HTTP_STATUS.get(error.key) === 401 ? { "www-authenticate": "Bearer" } : {}),
    };
    return json(HTTP_STATUS.get(error.key) ?? 400, errorFrame(null, error), headers);
  }
}

/** Statuses of errors that refuse a whole HTTP request (RFC 9110 §15, RFC 6585 §4). */
const HTTP_STATUS: ReadonlyMap<string, number> = new Map([
  ["unauthenticated", 401],
  ["bad_credential", 401],
  ["forbidden", 403],
  ["too_large", 413],
  ["rate_limited", 429],
  ["unavailable", 503],
  ["issuer_unavailable", 503],
]);

/** An upgrade that is accepted. It lives as long as its connection, so it holds little. */
class Acceptance implements UpgradeAcceptance {
  readonly #gateway: Gateway;
  readonly #lease: Lease;
  readonly address: string;
  readonly protocol?: string;
  #identified: { readonly credential: Credential; readonly options: SignInOptions } | undefined;

  constructor(gateway: Gateway, lease: Lease, address: string, protocol: string | undefined) {
    this.#gateway = gateway;
    this.#lease = lease;
    this.address = address;
    if (protocol !== undefined) this.protocol = protocol;
  }

  /** Verifies the token of the upgrade request, while there is still an answer that can refuse. */
  async signIn(token: string, options: SignInOptions): Promise<void> {
    const credential = await this.#gateway.reception.verify(token, this.address);
    this.#gateway.reception.deviceOf(credential, options);
    this.#identified = { credential, options };
  }

  accept(transport: Transport): TransportHandler {
    const connection = new Connection(this.#gateway, transport, this.#lease);
    this.#gateway.started(connection);
    const identified = this.#identified;
    this.#identified = undefined;
    if (identified !== undefined) connection.adopt(identified.credential, identified.options);
    return connection;
  }

  released(): void {
    this.#lease.leave();
  }
}

/** The token of an upgrade request, or null where it has none. */
function offeredToken(headers: Headers): string | null {
  const offered = offeredProtocols(headers).find((name) => name.startsWith(PROTOCOL_BEARER));
  return bearerToken(headers) ?? offered?.slice(PROTOCOL_BEARER.length) ?? null;
}

/** Whether to confirm our subprotocol: a browser that offers some fails where none is confirmed. */
function offersTitan(headers: Headers): boolean {
  return offeredProtocols(headers).includes(PROTOCOL);
}

function offeredProtocols(headers: Headers): string[] {
  return (headers.get("sec-websocket-protocol") ?? "").split(",").map((name) => name.trim());
}

/** RFC 6750 §2.1. */
function bearerToken(headers: Headers): string | null {
  const [, token] = /^Bearer +(\S+) *$/i.exec(headers.get("authorization") ?? "") ?? [];
  return token ?? null;
}

/**
 * What a client that signs in by its upgrade request asks for in the URL, as it would in `auth.jwt`:
 * `device`, `window`, `receipts=true`.
 */
function upgradeOptions({ searchParams }: URL): SignInOptions {
  const wrong = (field: string, what: string, limit: number) =>
    new RpcError("invalid_params", { detail: `${field} must be ${what}`, field, limit });
  const device = searchParams.get("device");
  const window = searchParams.get("window");
  const known = device === null ? null : parseDeviceId(device);
  if (known === undefined) {
    const what = `1 to ${DEVICE_ID_BYTES_MAX} bytes without white space or control characters`;
    throw wrong("device", what, DEVICE_ID_BYTES_MAX);
  }
  if (window !== null && !(/^\d{1,3}$/.test(window) && isWindow(Number(window)))) {
    throw wrong("window", `1 to ${WINDOW_MESSAGES_MAX}`, WINDOW_MESSAGES_MAX);
  }
  return {
    ...(known === null ? {} : { device: known }),
    ...(window === null ? {} : { window: Number(window) }),
    receipts: searchParams.get("receipts") === "true",
    rich: false,
  };
}

function isWindow(messages: number): boolean {
  return messages >= 1 && messages <= WINDOW_MESSAGES_MAX;
}
