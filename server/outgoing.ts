/**
 * What goes out to one client, and how that ends.
 *
 * @module
 */
import { OUTGOING_BYTES_MAX } from "../limits.ts";
import type { Clock } from "./clock.ts";
import type { CloseCode } from "./close_code.ts";
import type { Transport } from "./transport.ts";

/** Characters, of up to three bytes: asking the transport costs as much as the rest of a send. */
const UNWATCHED_CHARS_MAX = 16 * 1024;

/** How long answers that are being made may hold up the end of a connection, in milliseconds. */
const LEAVING_MS_MAX = 500;

/** The way out to one client. */
export class Outgoing {
  readonly #transport: Transport;
  /** What can be sent before the transport has to be asked again how much waits there. */
  #room = 0;
  #leaving: { readonly code: CloseCode; readonly cancel: () => void } | null = null;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Sends a frame. @returns false where the peer does not take what it was sent before */
  send(frame: string): boolean {
    this.#room -= frame.length;
    if (this.#room < 0) {
      const room = OUTGOING_BYTES_MAX - this.#transport.bufferedBytes - frame.length;
      this.#room = Math.min(room, UNWATCHED_CHARS_MAX);
    }
    if (this.#room < 0) return false;
    this.#transport.send(frame);
    return true;
  }

  /** Closes, and says why. */
  close({ code, reason }: CloseCode): void {
    this.#transport.close(code, reason);
  }

  /** Closes as soon as the answers that are being made are sent, or take too long. */
  closeAfterAnswers(code: CloseCode, clock: Clock): void {
    this.#leaving = { code, cancel: clock.after(LEAVING_MS_MAX, () => this.close(code)) };
  }

  /**
   * One of those answers, if it has one.
   *
   * @param isLast whether no other is being made
   * @returns false where nobody asked to close after answers
   */
  answered(frame: string | undefined, isLast: boolean): boolean {
    if (this.#leaving === null) return false;
    if (frame !== undefined) this.#transport.send(frame);
    if (isLast) {
      this.#leaving.cancel();
      this.close(this.#leaving.code);
    }
    return true;
  }

  /** The connection is over. */
  ended(): void {
    this.#leaving?.cancel();
  }
}
