/**
 * The heartbeat of the listener on `npm:ws`.
 *
 * @module
 */
import type { Clock } from "./clock.ts";
import { TextFrameEncoder } from "./text_frame.ts";
import type { WsTransport, WsTransportHost } from "./ws_transport.ts";

/** A part of the transports is probed every so many milliseconds, so that each has its turn. */
const ROUND_MS = 1000;

/** Transports that are probed at the same time. */
export interface Round extends WsTransportHost {
  /** Who belongs to it. */
  readonly transports: Set<WsTransport>;
}

/**
 * Probes each transport once in a heartbeat, with one timer for all of them, spread over its
 * seconds: eight thousand pings at once would hold up everybody's messages.
 */
export class Probes implements Disposable {
  readonly #clock: Clock;
  readonly #rounds: readonly Round[];
  #current = 0;
  #cancel: () => void;

  /**
   * Starts to probe.
   *
   * @param clock what times it
   * @param seconds how often each transport is probed
   * @param fault hears what an owner throws
   * @param onForget called when a transport is gone
   */
  constructor(
    clock: Clock,
    seconds: number,
    fault: (error: unknown) => void,
    onForget: (transport: WsTransport) => void,
  ) {
    this.#clock = clock;
    const encoder = new TextFrameEncoder();
    this.#rounds = Array.from({ length: Math.max(1, Math.round(seconds)) }, () => {
      const transports = new Set<WsTransport>();
      const forget = (transport: WsTransport) => {
        transports.delete(transport);
        onForget(transport);
      };
      return { transports, fault, forget, encoder };
    });
    this.#cancel = this.#later();
  }

  /** Where a new transport belongs: it is probed a whole heartbeat from now. */
  get round(): Round {
    return this.#rounds[this.#current] as Round;
  }

  /** All transports that are not gone. */
  get transports(): readonly WsTransport[] {
    return this.#rounds.flatMap(({ transports }) => [...transports]);
  }

  /** Stops to probe. */
  [Symbol.dispose](): void {
    this.#cancel();
  }

  #later(): () => void {
    return this.#clock.after(ROUND_MS, () => {
      this.#current = (this.#current + 1) % this.#rounds.length;
      for (const transport of this.round.transports) transport.probe();
      this.#cancel = this.#later();
    });
  }
}
