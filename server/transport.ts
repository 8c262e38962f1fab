/**
 * The port between one peer's connection and whatever carries its frames. Implementations:
 * `deno_transport.ts`, `ws_transport.ts` and the in-memory pair of `linked_transport.ts`.
 *
 * @module
 */

/** How long a peer may take to answer a close before it is given up, in milliseconds. */
export const CLOSE_MS_MAX = 5000;

/** One connection to one peer. Calls after its end do nothing. */
export interface Transport {
  /** The peer's address, as limits and logs know it. */
  readonly address: string;
  /** Bytes handed to {@linkcode Transport.send} that the kernel has not taken yet. */
  readonly bufferedBytes: number;
  /** Queues one text frame. The caller watches `bufferedBytes`; nothing is refused here. */
  send(frame: string): void;
  /**
   * Starts the closing handshake; no frame is heard any more. A peer that does not answer within
   * {@linkcode CLOSE_MS_MAX} is given up.
   *
   * @param code a WebSocket close code (RFC 6455 §7.4)
   * @param reason at most `CLOSE_REASON_BYTES_MAX` bytes of UTF-8; what is longer is cut
   */
  close(code: number, reason: string): void;
  /**
   * Cuts the connection at once where the implementation can, and closes it where it cannot. Either
   * way `closed` follows before the event loop turns, though never inside this call.
   */
  terminate(): void;
}

/**
 * What the owner of a transport wants to hear. Calls come one at a time, `closed` last and once. An
 * owner that throws loses its connection, and nothing else.
 */
export interface TransportHandler {
  /** A text frame of at most `FRAME_BYTES_MAX`. */
  frame(text: string): void;
  /** A frame that is not text, or is too long. Nothing but `closed` follows. */
  refused(why: "binary" | "too_long"): void;
  /** The connection is over, whoever ended it. */
  closed(): void;
}

/** Takes over a new transport. */
export type TransportAcceptor = (transport: Transport) => TransportHandler;
