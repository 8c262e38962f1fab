/**
 * The listener on `Deno.serve` and `Deno.upgradeWebSocket`. What its sockets cannot do is told in
 * `deno_transport.ts`. Besides, `Deno.serve` waits for ever for a request that never ends; where
 * strangers can reach it directly, take the listener of `ws_listener.ts` or put a proxy in front.
 *
 * @module
 */
import { HEARTBEAT_SECONDS } from "../limits.ts";
import { type Clock, systemClock } from "./clock.ts";
import { Deadlines, waitAtMost } from "./deadlines.ts";
import { DenoTransport, type DenoTransportHost } from "./deno_transport.ts";
import { Farewell } from "./farewell.ts";
import type { Listener, ListenerHandler, ListenOptions, UpgradeDecision } from "./listener.ts";
import { CLOSE_MS_MAX } from "./transport.ts";
import { Turns } from "./turns.ts";
import { assertOffered, refuseMalformed, wantsWebSocket } from "./upgrade_request.ts";

/** How long the listener waits before it begins anew, in milliseconds. */
const AGAIN_MS = 1000;

/** Of many failures in a row one in so many milliseconds is told. */
const TOLD_MS = 60_000;

/** Starts to listen. @throws {Deno.errors.AddrInUse} somebody else listens there. */
export async function listenDeno(
  options: ListenOptions,
  handler: ListenerHandler,
): Promise<Listener> {
  return await Promise.resolve(new DenoListener(options, handler));
}

class DenoListener implements Listener {
  readonly #handler: ListenerHandler;
  readonly #clock: Clock;
  readonly #idleSeconds: number;
  readonly #host: DenoTransportHost;
  readonly #abort = new AbortController();
  readonly #addr: Deno.NetAddr;
  #server: Deno.HttpServer<Deno.NetAddr>;
  #cancelAgain: (() => void) | undefined;
  #toldAt = -Infinity;
  readonly #transports = new Set<DenoTransport>();
  /** Requests that are being answered. */
  readonly #requests = new Set<Promise<void>>();
  #farewell: Farewell | undefined;
  readonly #closeMs: number;
  #stopping: Promise<void> | undefined;

  constructor(options: ListenOptions, handler: ListenerHandler) {
    const { hostname, port, clock = systemClock, heartbeatSeconds = HEARTBEAT_SECONDS } = options;
    this.#closeMs = options.closeMs ?? CLOSE_MS_MAX;
    this.#handler = handler;
    this.#clock = clock;
    // Deno pings after half of the idle timeout, and gives the peer the other half to answer.
    this.#idleSeconds = 2 * heartbeatSeconds;
    this.#host = {
      deadlines: new Deadlines(clock),
      turns: new Turns(clock),
      fault: (error) => handler.fault(error),
      forget: (transport) => this.#forget(transport),
    };
    this.#server = this.#listen(hostname, port);
    this.#addr = this.#server.addr;
  }

  get hostname(): string {
    return this.#addr.hostname;
  }

  get port(): number {
    return this.#addr.port;
  }

  get lingering(): number {
    return [...this.#transports].filter(({ isLingering }) => isLingering).length;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  #listen(hostname: string, port: number): Deno.HttpServer<Deno.NetAddr> {
    const server = Deno.serve({
      hostname,
      port,
      signal: this.#abort.signal,
      onListen: () => {},
      onError: (error) => {
        // That the body cannot be read, for its client has left, is no fault.
        if (!(error instanceof Deno.errors.BadResource)) this.#handler.fault(error);
        return new Response("Server fault\n", { status: 500 });
      },
    }, (request, info) => this.#serve(request, info));
    server.finished.catch((error) => this.#failed(error));
    return server;
  }

  /**
   * Deno ends a server that cannot take one connection, as for want of an open file. Whoever is
   * connected by it stays, and must not be thrown out for that.
   */
  #failed(error: unknown): void {
    if (this.#stopping !== undefined) return;
    const now = this.#clock.monotonic();
    if (now - this.#toldAt >= TOLD_MS) {
      this.#toldAt = now;
      this.#handler.notTaken(error instanceof Error ? error.message : String(error));
    }
    this.#cancelAgain = this.#clock.after(AGAIN_MS, () => this.#listenAgain());
  }

  #listenAgain(): void {
    try {
      this.#server = this.#listen(this.hostname, this.port);
    } catch (error) {
      this.#failed(error);
    }
  }

  async #serve(
    request: Request,
    info: Deno.ServeHandlerInfo<Deno.NetAddr>,
  ): Promise<Response> {
    if (this.#stopping !== undefined) return stopping();
    // Deno puts together a URL from whatever the Host header holds.
    if (!URL.canParse(request.url)) return new Response("URL is not valid\n", { status: 400 });
    const address = info.remoteAddr.hostname;
    if (wantsWebSocket(request.headers)) return this.#upgrade(request, address);
    this.#follow(info.completed);
    return await this.#handler.http(request, address);
  }

  #upgrade(request: Request, address: string): Response | Promise<Response> {
    const refusal = refuseMalformed(request.method, request.headers);
    if (refusal !== null) return refusal;
    const { headers } = request;
    const asked = this.#handler.upgrade({ address, url: new URL(request.url), headers });
    return asked instanceof Promise
      ? this.#upgradeLater(request, asked)
      : this.#decided(request, asked);
  }

  async #upgradeLater(request: Request, asked: Promise<UpgradeDecision>): Promise<Response> {
    // Only the signal tells that the peer has left; `completed` waits for an answer. Without the
    // option `no-legacy-abort` in deno.json, Deno warns of it once.
    const { signal } = request;
    const decision = await asked;
    const isLate = signal.aborted || this.#stopping !== undefined;
    if ("refuse" in decision || !isLate) return this.#decided(request, decision);
    // Its upgrade would never end, and its socket would stay until the process does.
    decision.released();
    return stopping();
  }

  #decided(request: Request, decision: UpgradeDecision): Response {
    if ("refuse" in decision) return decision.refuse;
    const { protocol } = decision;
    try {
      if (protocol !== undefined) assertOffered(request.headers, protocol);
      const idleTimeout = this.#idleSeconds;
      const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout });
      // Deno's own option knows only lists that are separated by a comma and one space.
      if (protocol !== undefined) response.headers.set("sec-websocket-protocol", protocol);
      this.#transports.add(new DenoTransport(socket, decision, this.#host));
      return response;
    } catch (error) {
      decision.released();
      throw error;
    }
  }

  /** Keeps a request in mind until its answer has gone. */
  #follow(completed: Promise<void>): void {
    const forget = () => {
      this.#requests.delete(request);
    };
    const request = completed.then(forget, forget);
    this.#requests.add(request);
  }

  #forget(transport: DenoTransport): void {
    this.#transports.delete(transport);
    this.#farewell?.left(transport);
  }

  async #stop(): Promise<void> {
    this.#cancelAgain?.();
    this.#farewell = new Farewell(this.#transports);
    const done = Promise.all([this.#farewell.done, ...this.#requests]).then(() => {});
    await waitAtMost(this.#clock, this.#closeMs, done);
    this.#abort.abort();
    // One that failed has been told of.
    await this.#server.finished.catch(() => {});
    for (const transport of this.#transports) transport.gone();
    this.#host.deadlines[Symbol.dispose]();
    this.#host.turns[Symbol.dispose]();
  }
}

function stopping(): Response {
  return new Response("Server is stopping\n", { status: 503 });
}
