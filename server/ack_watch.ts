/**
 * The deadline of an acknowledgement, and the question that comes before the close.
 *
 * @module
 */
import { ACK_MS_MAX, PONG_MS_MAX, SILENCE_MS_MAX } from "../limits.ts";
import { CLOSE, type CloseCode } from "./close_code.ts";

/** Watches one connection that is being sent messages. */
export class AckWatch {
  #pingedAt: number | null = null;
  #heardSincePing = false;
  /** The oldest delivery when the silence was told last. */
  #silentSince: number | null = null;
  /** The newest news at that time. */
  #told = 0;
  /** When there was first newer news. */
  #newsAt: number | null = null;

  /** The client said something, whatever it was. */
  heard(): void {
    this.#heardSincePing = true;
  }

  /**
   * Looks at the clock.
   *
   * @param now milliseconds of the monotonic clock
   * @param waitingSince when the oldest unacknowledged delivery was sent; null where there is none
   * @param newest something that changes with every message to the device, in flight or not
   * @returns what to do: wake the device (once for each oldest delivery, and once more when what
   * came behind it has waited as long), ask the client whether it lives, close, or nothing
   */
  tick(
    now: number,
    waitingSince: number | null,
    newest: number,
  ): "wake" | "ping" | CloseCode | null {
    if (waitingSince === null || now - waitingSince < ACK_MS_MAX) {
      this.#pingedAt = null;
      return this.#wake(now, waitingSince, newest);
    }
    if (this.#pingedAt === null) {
      this.#pingedAt = now;
      this.#heardSincePing = false;
      return "ping";
    }
    if (now - this.#pingedAt < PONG_MS_MAX) return this.#wake(now, waitingSince, newest);
    return this.#heardSincePing ? CLOSE.ackLate : CLOSE.noPong;
  }

  #wake(now: number, waitingSince: number | null, newest: number): "wake" | null {
    if (waitingSince === null || now - waitingSince < SILENCE_MS_MAX) return null;
    if (this.#silentSince === waitingSince) {
      if (this.#told === newest) return null;
      // The push before did not speak for it, and a dead socket is found out only much later.
      this.#newsAt ??= now;
      if (now - this.#newsAt < SILENCE_MS_MAX) return null;
    }
    this.#silentSince = waitingSince;
    this.#told = newest;
    this.#newsAt = null;
    return "wake";
  }
}
