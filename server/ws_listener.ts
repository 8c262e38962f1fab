/**
 * The listener on `npm:ws` and `node:http`. Unlike `Deno.serve` it refuses a frame by its length
 * before it has read it, cuts a socket at once, gives up on requests that never end, and takes less
 * memory a connection.
 *
 * @module
 */
import type { Buffer } from "node:buffer";
import {
  createServer,
  type IncomingMessage,
  type Server as HttpServer,
  ServerResponse,
} from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
// @ts-types="@types/ws"
import { WebSocketServer } from "ws";
import { FRAME_BYTES_MAX, HEARTBEAT_SECONDS } from "../limits.ts";
import { AcceptProbe } from "./accept_probe.ts";
import { type Clock, systemClock } from "./clock.ts";
import { waitAtMost } from "./deadlines.ts";
import { Farewell } from "./farewell.ts";
import type {
  Listener,
  ListenerHandler,
  ListenOptions,
  UpgradeAcceptance,
  UpgradeDecision,
} from "./listener.ts";
import { readHead, type RequestHead, sendResponse, toRequest } from "./node_http.ts";
import { CLOSE_MS_MAX } from "./transport.ts";
import { assertOffered, refuseMalformed, wantsWebSocket } from "./upgrade_request.ts";
import { Probes } from "./ws_probes.ts";
import { OwnedWebSocket, WsTransport } from "./ws_transport.ts";

/** How long a client may take over the head of a request, in milliseconds. */
const HEAD_MS_MAX = 10_000;

/** How long a client may take over a whole request, in milliseconds: a full body at 9 KiB/s. */
const REQUEST_MS_MAX = 30_000;

/** How long a connection waits for its next request, in milliseconds. */
const KEEP_ALIVE_MS_MAX = 5000;

/** How often these are looked at, in milliseconds. */
const TIMEOUT_ROUND_MS = 2000;

/** Starts to listen. @throws {Deno.errors.AddrInUse} somebody else listens there. */
export async function listenWs(
  options: ListenOptions,
  handler: ListenerHandler,
): Promise<Listener> {
  const server = createServer({
    headersTimeout: HEAD_MS_MAX,
    requestTimeout: REQUEST_MS_MAX,
    keepAliveTimeout: KEEP_ALIVE_MS_MAX,
    connectionsCheckingInterval: TIMEOUT_ROUND_MS,
  });
  const port = await listen(server, options);
  return new WsListener(server, port, options, handler);
}

class WsListener implements Listener {
  readonly hostname: string;
  readonly port: number;
  readonly #server: HttpServer;
  readonly #handler: ListenerHandler;
  readonly #clock: Clock;
  readonly #webSockets: InstanceType<typeof WebSocketServer<typeof OwnedWebSocket>>;
  readonly #probes: Probes;
  readonly #acceptProbe: AcceptProbe;
  /** Subprotocols to confirm, from the decision to the end of the handshake. */
  readonly #protocols = new WeakMap<IncomingMessage, string>();
  /** Sockets whose upgrade is being decided. */
  readonly #upgrading = new Set<Duplex>();
  /** Requests that are being answered. */
  readonly #requests = new Set<Promise<void>>();
  readonly #closeMs: number;
  #farewell: Farewell | undefined;
  #stopping: Promise<void> | undefined;

  constructor(server: HttpServer, port: number, options: ListenOptions, handler: ListenerHandler) {
    const { clock = systemClock, heartbeatSeconds = HEARTBEAT_SECONDS } = options;
    this.#closeMs = options.closeMs ?? CLOSE_MS_MAX;
    this.hostname = options.hostname;
    this.port = port;
    this.#server = server;
    this.#handler = handler;
    this.#clock = clock;
    const fault = (error: unknown) => handler.fault(error);
    this.#probes = new Probes(clock, heartbeatSeconds, fault, (gone) => this.#farewell?.left(gone));
    const webSocketOptions = {
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: FRAME_BYTES_MAX,
      // Not in the types.
      closeTimeout: CLOSE_MS_MAX,
      WebSocket: OwnedWebSocket,
      handleProtocols: (_: Set<string>, message: IncomingMessage) =>
        this.#protocols.get(message) ?? (false as const),
    };
    this.#webSockets = new WebSocketServer(webSocketOptions);
    this.#acceptProbe = new AcceptProbe({
      clock,
      connect: () => Deno.connect({ hostname: reachable(this.hostname), port }),
      deaf: () => this.#listenAgain(),
    });
    server.on("connection", () => this.#acceptProbe.taken());
    server.on("error", fault);
    server.on("request", (message, outgoing) => this.#follow(message, outgoing));
    server.on("upgrade", (message, socket, head) => {
      this.#upgrade(message, socket, head).catch(fault);
    });
  }

  get lingering(): number {
    return this.#probes.transports.filter(({ stage }) => stage === "over").length;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #upgrade(message: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    // The socket is nobody's until the decision is made; its close event says all there is to say.
    socket.on("error", ignore);
    this.#upgrading.add(socket);
    const asked = readHead(message);
    const decision = asked !== null && wantsWebSocket(asked.headers)
      ? await this.#decide(message, asked)
      : null;
    this.#upgrading.delete(socket);
    if (decision === null) this.#follow(message, responseOn(message, socket));
    else if ("refuse" in decision) await sendResponse(decision.refuse, responseOn(message, socket));
    else this.#accept(message, socket, head, decision);
  }

  async #decide(message: IncomingMessage, asked: RequestHead): Promise<UpgradeDecision> {
    const refusal = refuseMalformed(message.method ?? "", asked.headers);
    if (refusal !== null) return { refuse: refusal };
    try {
      const decision = await this.#handler.upgrade({ address: addressOf(message), ...asked });
      return "refuse" in decision ? decision : this.#confirm(message, asked.headers, decision);
    } catch (error) {
      this.#handler.fault(error);
      return { refuse: serverFault() };
    }
  }

  /** Looks once more at a decision to accept: much may have happened since it was asked for. */
  #confirm(
    message: IncomingMessage,
    headers: Headers,
    acceptance: UpgradeAcceptance,
  ): UpgradeDecision {
    const { protocol } = acceptance;
    try {
      if (protocol !== undefined) {
        assertOffered(headers, protocol);
        this.#protocols.set(message, protocol);
      }
      if (this.#stopping === undefined) return acceptance;
    } catch (error) {
      acceptance.released();
      throw error;
    }
    acceptance.released();
    return { refuse: stopping() };
  }

  #accept(
    message: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    acceptance: UpgradeAcceptance,
  ): void {
    let transport: WsTransport | undefined;
    this.#webSockets.handleUpgrade(message, socket, head, (webSocket) => {
      const { round } = this.#probes;
      transport = new WsTransport(webSocket, socket, acceptance, round);
      round.transports.add(transport);
      transport.opened();
    });
    if (transport !== undefined) return;
    // The peer has left.
    socket.destroy();
    acceptance.released();
  }

  /** Answers a request, and keeps it in mind until its answer has gone. */
  #follow(message: IncomingMessage, outgoing: ServerResponse): void {
    const request = this.#answer(message, outgoing).then(() => {
      this.#requests.delete(request);
    });
    this.#requests.add(request);
  }

  async #answer(message: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const left = new AbortController();
    const closed = new Promise<void>((resolve) => {
      outgoing.once("close", () => {
        if (!outgoing.writableFinished) left.abort();
        resolve();
      });
    });
    try {
      await sendResponse(await this.#respond(message, left.signal), outgoing);
    } catch (error) {
      // A client that leaves is no fault.
      if (!left.signal.aborted) this.#handler.fault(error);
    }
    await closed;
  }

  async #respond(message: IncomingMessage, left: AbortSignal): Promise<Response> {
    if (this.#stopping !== undefined) return stopping();
    const head = readHead(message);
    const request = head === null ? null : toRequest(message, head, left);
    if (request === null) return new Response("Request is not valid\n", { status: 400 });
    try {
      return await this.#handler.http(request, addressOf(message));
    } catch (error) {
      // That the body cannot be read, for its client has left, is no fault.
      if (!left.aborted && message.errored === null) this.#handler.fault(error);
      return serverFault();
    }
  }

  /** Those who are connected stay. */
  #listenAgain(): void {
    this.#handler.notTaken("A connection to this server itself was not taken");
    this.#server.close();
    this.#server.listen(this.port, this.hostname);
  }

  async #stop(): Promise<void> {
    this.#acceptProbe[Symbol.dispose]();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
    this.#farewell = new Farewell(this.#probes.transports);
    const done = Promise.all([this.#farewell.done, ...this.#requests]).then(() => {});
    await waitAtMost(this.#clock, this.#closeMs, done);
    for (const transport of this.#probes.transports) transport.terminate();
    for (const socket of this.#upgrading) socket.destroy();
    this.#server.closeAllConnections();
    this.#probes[Symbol.dispose]();
    await closed;
  }
}

/** Where this machine reaches a listener. */
function reachable(hostname: string): string {
  if (hostname === "0.0.0.0") return "127.0.0.1";
  return hostname === "::" ? "::1" : hostname;
}

/** Starts to listen and answers on which port. */
function listen(server: HttpServer, { hostname, port }: ListenOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error) => {
      const isTaken = "code" in error && error.code === "EADDRINUSE";
      const message = `Cannot listen on ${hostname}:${port}: the address is in use`;
      reject(isTaken ? new Deno.errors.AddrInUse(message, { cause: error }) : error);
    };
    server.once("error", failed);
    server.listen(port, hostname, () => {
      server.off("error", failed);
      const address = server.address();
      resolve(address === null || typeof address === "string" ? port : address.port);
    });
  });
}

/** The response to a request whose socket `node:http` has let go of; it is the last on it. */
function responseOn(message: IncomingMessage, socket: Duplex): ServerResponse {
  const outgoing = new ServerResponse(message);
  outgoing.shouldKeepAlive = false;
  // Only sockets of the server's own listener get here.
  outgoing.assignSocket(socket as Socket);
  outgoing.once("finish", () => socket.end());
  return outgoing;
}

function addressOf(message: IncomingMessage): string {
  return message.socket.remoteAddress ?? "";
}

function stopping(): Response {
  return new Response("Server is stopping\n", { status: 503 });
}

function serverFault(): Response {
  return new Response("Server fault\n", { status: 500 });
}

function ignore(): void {}
