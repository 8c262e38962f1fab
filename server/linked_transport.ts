/**
 * Two transports that are each other's peer, in memory: for tests and the simulation. They keep the
 * promises of the port as a pair of sockets would, and fail as one would, too: a side can stop
 * reading, a connection can be cut with frames under way.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { CLOSE_REASON_BYTES_MAX, FRAME_BYTES_MAX } from "../limits.ts";
import type { Clock } from "./clock.ts";
import type { CloseCode } from "./close_code.ts";
import { CLOSE_MS_MAX, type Transport, type TransportHandler } from "./transport.ts";
import { cutText, isLongerThan } from "./utf8_text.ts";

/** Options for {@linkcode linkedPair}. */
export interface LinkOptions {
  /**
   * Runs a task later. What runs is always the next thing that is due, so a scheduler that shuffles
   * cannot change the order of frames, only what happens between them.
   *
   * @default {queueMicrotask}
   */
  readonly schedule?: (task: () => void) => void;
  /** What gives up on a side that does not answer a close; without it nothing does. */
  readonly clock?: Pick<Clock, "after">;
  /** What the sides call each other. @default {"memory"} */
  readonly address?: string;
}

/**
 * Two transports, each the other's peer. Only the server's side refuses a frame that is too long.
 *
 * @returns the server's side and the client's
 */
export function linkedPair(
  options: LinkOptions = {},
): readonly [server: LinkedTransport, client: LinkedTransport] {
  const server = new LinkedTransport(options, FRAME_BYTES_MAX);
  const client = new LinkedTransport(options, Infinity);
  server.link(client);
  client.link(server);
  return [server, client];
}

/** What is under way to a side. `bye` answers `close`. */
type Item =
  | { readonly kind: "text"; readonly text: string; readonly bytes: number }
  | { readonly kind: "binary"; readonly bytes: number }
  | { readonly kind: "close"; readonly bytes: 0; readonly code: CloseCode }
  | { readonly kind: "bye" | "cut"; readonly bytes: 0 };

/** One side of a {@linkcode linkedPair}. What its handler throws, the scheduled task throws. */
export class LinkedTransport implements Transport {
  readonly address: string;
  readonly #schedule: (task: () => void) => void;
  readonly #clock: Pick<Clock, "after"> | undefined;
  readonly #frameBytesMax: number;
  readonly #incoming: Item[] = [];
  #peer: LinkedTransport | undefined;
  #handler: TransportHandler | undefined;
  #stage: "open" | "deaf" | "closing" | "over" = "open";
  #isPaused = false;
  #bufferedBytes = 0;
  #closedBy: CloseCode | undefined;
  #cancelClose: (() => void) | undefined;

  /** Half of a pair: see {@linkcode linkedPair}. */
  constructor(options: LinkOptions, frameBytesMax: number) {
    this.address = options.address ?? "memory";
    this.#schedule = options.schedule ?? queueMicrotask;
    this.#clock = options.clock;
    this.#frameBytesMax = frameBytesMax;
  }

  /** Bytes sent that the peer has not read yet. */
  get bufferedBytes(): number {
    return this.#stage === "over" ? 0 : this.#bufferedBytes;
  }

  /** What the peer closed with; undefined as long as it has not, and where it was cut. */
  get closedBy(): CloseCode | undefined {
    return this.#closedBy;
  }

  /** Names the other half, once. */
  link(peer: LinkedTransport): void {
    this.#peer ??= peer;
  }

  /** Names who hears this side, once. What came before is kept until then. */
  attach(handler: TransportHandler): void {
    this.#handler ??= handler;
    this.#scheduleAll();
  }

  /** Stops reading, as a peer that hangs. */
  pause(): void {
    this.#isPaused = true;
  }

  /** Goes on reading. */
  resume(): void {
    this.#isPaused = false;
    this.#scheduleAll();
  }

  send(frame: string): void {
    if (!this.#isOpen) return;
    this.#transmit({ kind: "text", text: frame, bytes: Buffer.byteLength(frame) });
  }

  /** Sends a frame that is not text, as no owner may. */
  sendBinary(bytes: number): void {
    if (this.#isOpen) this.#transmit({ kind: "binary", bytes });
  }

  close(code: number, reason: string): void {
    if (!this.#isOpen) return;
    this.#stage = "closing";
    const cut = cutText(reason, CLOSE_REASON_BYTES_MAX);
    this.#transmit({ kind: "close", bytes: 0, code: { code, reason: cut } });
    this.#cancelClose = this.#clock?.after(CLOSE_MS_MAX, () => {
      if (this.#stage === "closing") this.terminate();
    });
  }

  terminate(): void {
    if (this.#stage === "over") return;
    this.#end();
    this.#peer?.cut();
    this.#schedule(() => this.#handler?.closed());
  }

  /** The peer has cut the connection: what was under way is lost. */
  cut(): void {
    this.#incoming.splice(0);
    this.#receive({ kind: "cut", bytes: 0 });
  }

  get #isOpen(): boolean {
    return this.#stage === "open" || this.#stage === "deaf";
  }

  #transmit(item: Item): void {
    this.#bufferedBytes += item.bytes;
    if (this.#peer !== undefined) this.#peer.#receive(item);
  }

  #receive(item: Item): void {
    this.#incoming.push(item);
    this.#schedule(() => this.#deliver());
  }

  #scheduleAll(): void {
    for (let i = this.#incoming.length; i > 0; i--) this.#schedule(() => this.#deliver());
  }

  #deliver(): void {
    const [item] = this.#incoming;
    if (item === undefined || this.#handler === undefined) return;
    // Somebody who does not read is cut all the same.
    if (this.#isPaused && item.kind !== "cut") return;
    this.#incoming.shift();
    if (this.#peer !== undefined) this.#peer.#bufferedBytes -= item.bytes;
    if (this.#stage !== "over") this.#handle(item, this.#handler);
  }

  #handle(item: Item, handler: TransportHandler): void {
    switch (item.kind) {
      case "text":
        if (this.#stage !== "open") return;
        if (!isLongerThan(item.text, this.#frameBytesMax)) return handler.frame(item.text);
        this.#stage = "deaf";
        return handler.refused("too_long");
      case "binary":
        if (this.#stage !== "open") return;
        this.#stage = "deaf";
        return handler.refused("binary");
      case "close":
        this.#closedBy = item.code;
        this.#transmit({ kind: "bye", bytes: 0 });
        this.#end();
        return handler.closed();
      case "bye":
      case "cut":
        this.#end();
        return handler.closed();
    }
  }

  #end(): void {
    this.#stage = "over";
    this.#cancelClose?.();
  }
}
