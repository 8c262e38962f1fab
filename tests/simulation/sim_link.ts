/**
 * One connection of the simulated network: frames wait on it, in order, until the simulation lets
 * them arrive; it can be cut, and the server may be late to notice.
 *
 * @module
 */
import type { Clock } from "../../server/clock.ts";
import { CLOSE_MS_MAX, type Transport, type TransportHandler } from "../../server/transport.ts";

/** Bytes that the operating systems of both ends take before anything counts as buffered. */
const KERNEL_BYTES = 64 * 1024;

/** The client's end of a {@linkcode SimLink}. */
export interface LinkClient {
  /** A frame arrived. */
  frame(text: string): void;
  /** The connection is over. @param code the server's close code, or null where it was cut */
  closed(code: number | null): void;
}

/** Sees everything, at the moment in which the server does. */
export interface LinkObserver {
  /** The server hands a frame over. */
  said(link: SimLink, text: string): void;
  /** A frame is about to reach the server's handler. */
  hears(link: SimLink, text: string): void;
  /** The server's handler is done with that frame. */
  heard(link: SimLink): void;
}

/** What a {@linkcode SimLink} is made of. */
export interface LinkParts {
  readonly address: string;
  readonly clock: Clock;
  readonly client: LinkClient;
  readonly observer: LinkObserver;
}

type ToClient =
  | { readonly kind: "frame"; readonly text: string; readonly bytes: number }
  | { readonly kind: "close"; readonly code: number | null };

type ToServer = { readonly kind: "frame"; readonly text: string } | { readonly kind: "end" };

/** A connection between one simulated client and the real server. */
export class SimLink implements Transport {
  readonly address: string;
  /** Whether the client reads what arrives. */
  isPaused = false;
  readonly #parts: LinkParts;
  readonly #toClient: ToClient[] = [];
  #toServer: ToServer[] = [];
  #handler: TransportHandler | null = null;
  #released: () => void = () => {};
  #server: "open" | "closing" | "over" = "open";
  #client: "open" | "over" = "open";
  #bytes = 0;
  #cancelGiveUp: (() => void) | null = null;

  constructor(parts: LinkParts) {
    this.#parts = parts;
    this.address = parts.address;
  }

  /** Gives the server's end to its owner. */
  accept(handler: TransportHandler, released: () => void): void {
    this.#handler = handler;
    this.#released = released;
  }

  /** Whether the server still takes this for a connection. */
  get isOpenAtServer(): boolean {
    return this.#server === "open";
  }

  /** Whether the client still takes this for a connection. */
  get isOpenAtClient(): boolean {
    return this.#client === "open";
  }

  /** Whether neither end knows of it any more. */
  get isOver(): boolean {
    return this.#client === "over" && this.#server === "over";
  }

  /** Whether something can arrive at the client. */
  get hasForClient(): boolean {
    return this.#client === "open" && !this.isPaused && this.#toClient.length > 0;
  }

  /** Whether something can arrive at the server. */
  get hasForServer(): boolean {
    return this.#server !== "over" && this.#toServer.length > 0;
  }

  get bufferedBytes(): number {
    return Math.max(0, this.#bytes - KERNEL_BYTES);
  }

  send(text: string): void {
    if (this.#server !== "open") return;
    const bytes = new TextEncoder().encode(text).length;
    this.#bytes += bytes;
    this.#toClient.push({ kind: "frame", text, bytes });
    this.#parts.observer.said(this, text);
  }

  close(code: number, _reason: string): void {
    if (this.#server !== "open") return;
    this.#server = "closing";
    this.#toServer = this.#toServer.filter(({ kind }) => kind === "end");
    this.#toClient.push({ kind: "close", code });
    this.#cancelGiveUp = this.#parts.clock.after(CLOSE_MS_MAX, () => this.#end());
  }

  terminate(): void {
    if (this.#server === "over") return;
    this.#server = "closing";
    this.#toServer = [];
    this.#toClient.splice(0, this.#toClient.length, { kind: "close", code: null });
    queueMicrotask(() => this.#end());
  }

  /** The client sends a frame. */
  say(text: string): void {
    if (this.#client === "open") this.#toServer.push({ kind: "frame", text });
  }

  /** The client closes, in order with what it sent. */
  hangUp(): void {
    if (this.#client === "over") return;
    this.#client = "over";
    this.#toServer.push({ kind: "end" });
  }

  /**
   * The network drops the connection. The client knows at once.
   *
   * @param arriving how many of the frames under way still reach the server
   * @param noticed whether the server is told; else it finds out when it is tired of the silence
   */
  cut(arriving: number, noticed: boolean): void {
    if (this.#client === "over") return;
    this.#client = "over";
    this.#toServer.splice(arriving);
    if (noticed) this.#toServer.push({ kind: "end" });
    this.#parts.client.closed(null);
  }

  /** The server's machine finds that nobody is there. */
  notice(): void {
    if (this.#client === "over") this.#end();
  }

  /** The server's process is gone: nobody is told but the client. */
  lose(): void {
    this.#cancelGiveUp?.();
    this.#server = "over";
    if (this.#client === "over") return;
    this.#client = "over";
    this.#parts.client.closed(null);
  }

  /** Lets the next frame arrive at the client. */
  arriveAtClient(): void {
    const next = this.#toClient.shift();
    if (next === undefined || this.#client === "over") return;
    if (next.kind === "frame") {
      this.#bytes -= next.bytes;
      return this.#parts.client.frame(next.text);
    }
    this.#client = "over";
    this.#toServer.push({ kind: "end" });
    this.#parts.client.closed(next.code);
  }

  /** Lets the next frame arrive at the server. */
  arriveAtServer(): void {
    const next = this.#toServer.shift();
    if (next === undefined || this.#server === "over") return;
    if (next.kind === "end") return this.#end();
    if (this.#server !== "open") return;
    this.#parts.observer.hears(this, next.text);
    this.#handler?.frame(next.text);
    this.#parts.observer.heard(this);
  }

  #end(): void {
    if (this.#server === "over") return;
    this.#server = "over";
    this.#cancelGiveUp?.();
    this.#handler?.closed();
    this.#released();
  }
}
