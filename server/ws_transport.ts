/**
 * One WebSocket of `npm:ws` as a {@linkcode Transport}.
 *
 * Frames are encoded here and written to the socket itself: what is sent to a peer in one turn is
 * one buffer and one write. With four frames in flight on each of 50 connections that took a
 * quarter off the CPU time of an echoed frame, with sixteen half. `npm:ws` writes its own frames
 * (ping, pong, close) to the same socket, so what waits goes before a close of ours.
 *
 * @module
 */
import type { Buffer } from "node:buffer";
import type { Duplex } from "node:stream";
// @ts-types="@types/ws"
import { type RawData, WebSocket } from "ws";
import { AcceptedTransport } from "./accepted_transport.ts";
import type { UpgradeAcceptance } from "./listener.ts";
import { textFrameBytes, type TextFrameEncoder } from "./text_frame.ts";

/** What the transports of one listener share. */
export interface WsTransportHost {
  /** Hears what an owner threw. */
  readonly fault: (error: unknown) => void;
  /** The socket is gone. */
  readonly forget: (transport: WsTransport) => void;
  /** Encodes what is sent. */
  readonly encoder: TextFrameEncoder;
}

/** A WebSocket that knows its transport: so all of them share their event handlers. */
export class OwnedWebSocket extends WebSocket {
  /** Set as long as there is one. */
  transport: WsTransport | undefined;
}

/** One WebSocket of `npm:ws`. */
export class WsTransport extends AcceptedTransport {
  readonly #webSocket: OwnedWebSocket;
  readonly #socket: Duplex;
  readonly #host: WsTransportHost;
  /** What was sent in this turn; undefined in between. */
  #unwritten: string[] | undefined;
  /** Whether the peer was heard of since it was last probed. */
  #isAlive = true;

  /**
   * Takes over a socket whose handshake is done.
   *
   * @param webSocket the WebSocket
   * @param socket what it writes to
   * @param acceptance what the server decided on the upgrade
   * @param host what it shares
   */
  constructor(
    webSocket: OwnedWebSocket,
    socket: Duplex,
    acceptance: UpgradeAcceptance,
    host: WsTransportHost,
  ) {
    super(acceptance, host.fault);
    this.#webSocket = webSocket;
    this.#socket = socket;
    this.#host = host;
    webSocket.transport = this;
    webSocket.on("message", onMessage);
    webSocket.on("pong", onPong);
    webSocket.on("error", onError);
    webSocket.on("close", onClose);
  }

  get bufferedBytes(): number {
    if (!this.isOpen) return 0;
    let bytes = this.#socket.writableLength;
    for (const frame of this.#unwritten ?? []) bytes += textFrameBytes(frame);
    return bytes;
  }

  send(frame: string): void {
    if (!this.isOpen) return;
    if (this.#unwritten !== undefined) {
      this.#unwritten.push(frame);
      return;
    }
    this.#unwritten = [frame];
    queueMicrotask(() => this.#write());
  }

  /** Probes the peer. One that said nothing since the last time is given up. */
  probe(): void {
    if (!this.isOpen) return;
    if (!this.#isAlive) return this.terminate();
    this.#isAlive = false;
    this.#webSocket.ping();
  }

  /** A message came. */
  message(data: RawData, isBinary: boolean): void {
    this.#isAlive = true;
    // Not an array and not an ArrayBuffer, for `binaryType` is left alone.
    if (isBinary) this.refuse("binary");
    else this.heard((data as Buffer).toString());
  }

  /** The peer answered a probe. */
  pong(): void {
    this.#isAlive = true;
  }

  override shut(code: number, reason: string): void {
    this.#write();
    this.#webSocket.close(code, reason);
  }

  override cut(): void {
    this.#webSocket.terminate();
  }

  override gone(): void {
    this.#host.forget(this);
    super.gone();
  }

  #write(): void {
    const frames = this.#unwritten;
    this.#unwritten = undefined;
    // Nothing may follow a close frame, and the peer's is answered without us.
    if (frames === undefined || this.#webSocket.readyState !== WebSocket.OPEN) return;
    this.#socket.write(this.#host.encoder.encode(frames));
  }
}

/** What `npm:ws` reports of a message that is longer than its limit. */
const TOO_LONG: ReadonlySet<unknown> = new Set([
  "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH",
  "WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH",
]);

// The listener gives these handlers only to sockets that it made, and it makes no others.
function transportOf(webSocket: WebSocket): WsTransport | undefined {
  return (webSocket as OwnedWebSocket).transport;
}

function onMessage(this: WebSocket, data: RawData, isBinary: boolean): void {
  transportOf(this)?.message(data, isBinary);
}

function onPong(this: WebSocket): void {
  transportOf(this)?.pong();
}

/** `npm:ws` closes the socket itself after any error, so a close event follows. */
function onError(this: WebSocket, error: Error): void {
  if ("code" in error && TOO_LONG.has(error.code)) transportOf(this)?.refuse("too_long");
}

function onClose(this: WebSocket): void {
  transportOf(this)?.gone();
}
