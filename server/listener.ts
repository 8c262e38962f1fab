/**
 * The port between the server and whatever listens for HTTP. Two implementations, the same
 * behaviour: `deno_listener.ts` on `Deno.serve` and `ws_listener.ts` on `node:http`.
 *
 * @module
 */
import type { TransportAcceptor } from "./transport.ts";

/** An HTTP request that asks to become a WebSocket. */
export interface UpgradeRequest {
  /** The address of the TCP peer, before any proxy header is believed. */
  readonly address: string;
  readonly url: URL;
  readonly headers: Headers;
}

/** The answer to an upgrade request. */
export type UpgradeDecision =
  | {
    readonly accept: TransportAcceptor;
    /** The subprotocol to confirm (RFC 6455 §4.2.2), where the client offered one we know. */
    readonly protocol?: string;
    /** What the transport calls its peer: the client's address behind a trusted proxy. */
    readonly address: string;
    /** Called instead of `accept` where the upgrade fails after all, so that nothing leaks. */
    abandon(): void;
  }
  | { readonly refuse: Response };

/** What a listener asks the server. */
export interface ListenerHandler {
  /** Decides on a WebSocket upgrade. */
  upgrade(request: UpgradeRequest): UpgradeDecision | Promise<UpgradeDecision>;
  /** Answers any other request. `address` is the TCP peer's. */
  http(request: Request, address: string): Promise<Response>;
}

/** Where to listen. */
export interface ListenOptions {
  readonly hostname: string;
  /** 0: any free port. */
  readonly port: number;
}

/** Something that listens. Disposing of it stops listening and ends what is still open. */
export interface Listener extends AsyncDisposable {
  readonly hostname: string;
  readonly port: number;
}

/** Starts to listen. @throws {Deno.errors.AddrInUse} somebody else listens there. */
export type Listen = (options: ListenOptions, handler: ListenerHandler) => Promise<Listener>;
