/**
 * The port between the server and whatever listens for HTTP. Two implementations, the same
 * behaviour: `deno_listener.ts` on `Deno.serve` and `ws_listener.ts` on `node:http`. The suite
 * `listener_contract.ts` holds both to it.
 *
 * @module
 */
import type { Clock } from "./clock.ts";
import type { TransportAcceptor } from "./transport.ts";

/** An HTTP request that asks to become a WebSocket. */
export interface UpgradeRequest {
  /** The address of the TCP peer, before any proxy header is believed. */
  readonly address: string;
  /** What was asked for. */
  readonly url: URL;
  /** Can be read until the decision is made. */
  readonly headers: Headers;
}

/** The answer to an upgrade request that may become a WebSocket. */
export interface UpgradeAcceptance {
  /** Called once the connection is open; where the upgrade fails after all, not at all. */
  readonly accept: TransportAcceptor;
  /** The subprotocol to confirm (RFC 6455 §4.2.2), where the client offered one we know. */
  readonly protocol?: string;
  /** What the transport calls its peer: the client's address behind a trusted proxy. */
  readonly address: string;
  /**
   * Called exactly once, when the socket of this upgrade is gone or never came to be. That can be
   * long after `closed`: see `deno_listener.ts`. Limits on connections count until here.
   */
  released(): void;
}

/** The answer to an upgrade request. */
export type UpgradeDecision = UpgradeAcceptance | { readonly refuse: Response };

/** What a listener asks the server. */
export interface ListenerHandler {
  /** Decides on a WebSocket upgrade whose request is well-formed. */
  upgrade(request: UpgradeRequest): UpgradeDecision | Promise<UpgradeDecision>;
  /**
   * Answers any other request. Its signal, where somebody takes it at once, is aborted when its
   * client leaves before the answer.
   *
   * @param address the TCP peer's
   */
  http(request: Request, address: string): Promise<Response>;
  /**
   * Hears what this handler, or the owner of a transport, threw. The peer is told nothing of it but
   * that there was a fault.
   */
  fault(error: unknown): void;
  /**
   * Hears that new connections could not be taken, and that the listener begins anew. Those who are
   * here stay.
   *
   * @param reason in words for the operator
   */
  notTaken(reason: string): void;
}

/** Where and how to listen. */
export interface ListenOptions {
  /** A host name or address. */
  readonly hostname: string;
  /** 0: any free port. */
  readonly port: number;
  /** For heartbeats and deadlines. @default {systemClock} */
  readonly clock?: Clock;
  /** Seconds of silence after which a peer is probed. @default {HEARTBEAT_SECONDS} */
  readonly heartbeatSeconds?: number;
  /** What a peer that is slow to go is given at the end, in milliseconds. @default {CLOSE_MS_MAX} */
  readonly closeMs?: number;
}

/**
 * Something that listens. Disposing of it stops listening and ends what is still open; a peer that
 * is slow to go is given `closeMs`. A second call waits for the first.
 */
export interface Listener extends AsyncDisposable {
  /** Where it listens. */
  readonly hostname: string;
  /** The port, also where any free one was asked for. */
  readonly port: number;
  /** Sockets that their owners are rid of, and the operating system is not. */
  readonly lingering: number;
}

/** Starts to listen. @throws {Deno.errors.AddrInUse} somebody else listens there. */
export type Listen = (options: ListenOptions, handler: ListenerHandler) => Promise<Listener>;
