/**
 * The port between one peer's connection and whatever carries its frames. Implementations:
 * `deno_listener.ts`, `ws_listener.ts` and the in-memory pair of `linked_transport.ts`.
 *
 * @module
 */

/** One connection to one peer. Calls after its end do nothing. */
export interface Transport {
  /** The peer's address, as limits and logs know it. */
  readonly address: string;
  /** Bytes handed to {@linkcode Transport.send} that the kernel has not taken yet. */
  readonly bufferedBytes: number;
  /** Queues one text frame. The caller watches `bufferedBytes`; nothing is refused here. */
  send(frame: string): void;
  /**
   * Starts the closing handshake.
   *
   * @param code a WebSocket close code (RFC 6455 §7.4)
   * @param reason at most 123 bytes of UTF-8
   */
  close(code: number, reason: string): void;
  /** Cuts the connection at once where the implementation can, and closes it where it cannot. */
  terminate(): void;
}

/** What the owner of a transport wants to hear. Calls come one at a time, `closed` last and once. */
export interface TransportHandler {
  /** A text frame of at most `FRAME_BYTES_MAX`. */
  frame(text: string): void;
  /** A frame that is not text, or is too long. The transport does not read it. */
  refused(why: "binary" | "too_long"): void;
  /** The connection is over, whoever ended it. */
  closed(): void;
}

/** Takes over a new transport. */
export type TransportAcceptor = (transport: Transport) => TransportHandler;
