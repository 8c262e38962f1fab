/**
 * What the transports of both listeners have in common: when their owner hears what.
 *
 * @module
 */
import { CLOSE_REASON_BYTES_MAX } from "../limits.ts";
import { CLOSE } from "./close_code.ts";
import type { UpgradeAcceptance } from "./listener.ts";
import type { Transport, TransportHandler } from "./transport.ts";
import { cutText } from "./utf8_text.ts";

/**
 * How far a transport has come. `opening`: the handshake is under way. `open`: frames go both ways.
 * `deaf`: a frame was refused, the owner is expected to close. `closing`: the closing handshake is
 * under way. `over`: the owner is told that it is. `gone`: so is the socket.
 */
export type Stage = "opening" | "open" | "deaf" | "closing" | "over" | "gone";

/**
 * A transport over a socket that a listener accepted. The subclass says what its socket does by
 * calling `opened`, `heard`, `refuse`, `ended` and `gone`, in any order and as often as it likes;
 * the owner hears each thing once, in order. There is one object a connection and no closure, for
 * thousands of them are idle.
 */
export abstract class AcceptedTransport implements Transport {
  readonly #acceptance: UpgradeAcceptance;
  readonly #fault: (error: unknown) => void;
  #handler: TransportHandler | undefined;
  #stage: Stage = "opening";

  /**
   * Waits for the socket to open.
   *
   * @param acceptance what the server decided on the upgrade
   * @param fault hears what the owner throws
   */
  constructor(acceptance: UpgradeAcceptance, fault: (error: unknown) => void) {
    this.#acceptance = acceptance;
    this.#fault = fault;
  }

  abstract readonly bufferedBytes: number;
  abstract send(frame: string): void;
  /** Starts the closing handshake; the socket is open. */
  abstract shut(code: number, reason: string): void;
  /** Cuts the socket as far as that goes; it may be open or closing. */
  abstract cut(): void;

  get address(): string {
    return this.#acceptance.address;
  }

  /** How far the transport has come. */
  get stage(): Stage {
    return this.#stage;
  }

  /** Whether frames can still be sent. */
  get isOpen(): boolean {
    return this.#stage === "open" || this.#stage === "deaf";
  }

  close(code: number, reason: string): void {
    if (!this.isOpen) return;
    this.#stage = "closing";
    this.shut(code, cutText(reason, CLOSE_REASON_BYTES_MAX));
  }

  terminate(): void {
    if (!this.isOpen && this.#stage !== "closing") return;
    this.#stage = "over";
    this.cut();
    // The owner may be in the middle of something.
    queueMicrotask(() => this.#tellClosed());
  }

  /** The handshake is done. */
  opened(): void {
    if (this.#stage !== "opening") return;
    this.#stage = "open";
    try {
      this.#handler = this.#acceptance.accept(this);
    } catch (error) {
      this.#failed(error);
    }
  }

  /** A text frame came that is not too long. */
  heard(text: string): void {
    if (this.#stage !== "open") return;
    try {
      this.#handler?.frame(text);
    } catch (error) {
      this.#failed(error);
    }
  }

  /** A frame came that is not acceptable. */
  refuse(why: "binary" | "too_long"): void {
    if (this.#stage !== "open") return;
    this.#stage = "deaf";
    try {
      this.#handler?.refused(why);
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Nothing more will come of this socket, though the operating system may still hold it. */
  ended(): void {
    if (this.#stage === "gone") return;
    this.#stage = "over";
    this.#tellClosed();
  }

  /** The socket is gone, or never came to be. */
  gone(): void {
    if (this.#stage === "gone") return;
    this.ended();
    this.#stage = "gone";
    try {
      this.#acceptance.released();
    } catch (error) {
      this.#fault(error);
    }
  }

  #tellClosed(): void {
    const handler = this.#handler;
    this.#handler = undefined;
    try {
      handler?.closed();
    } catch (error) {
      this.#fault(error);
    }
  }

  #failed(error: unknown): void {
    this.#fault(error);
    this.close(CLOSE.fault.code, CLOSE.fault.reason);
  }
}
