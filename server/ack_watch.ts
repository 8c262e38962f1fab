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
  /** The delivery whose silence was told last. */
  #silentSince: number | null = null;
  /** When it was told. */
  #toldAt = 0;

  /** The client said something, whatever it was. */
  heard(): void {
    this.#heardSincePing = true;
  }

  /**
   * Looks at the clock.
   *
   * @param now milliseconds of the monotonic clock
   * @param waitingSince when the oldest unacknowledged delivery was sent; null where there is none
   * @returns what to do: wake the device (for each oldest delivery, and every 5 s while it waits), ask the client whether it
   * lives, close, or nothing
   */
  tick(now: number, waitingSince: number | null): "wake" | "ping" | CloseCode | null {
    if (waitingSince === null || now - waitingSince < ACK_MS_MAX) {
      this.#pingedAt = null;
      if (waitingSince === null || now - waitingSince < SILENCE_MS_MAX) return null;
      // What was sent after it may be urgent, and no push has spoken for that.
      const isTold = this.#silentSince === waitingSince && now - this.#toldAt < SILENCE_MS_MAX;
      if (isTold) return null;
      this.#silentSince = waitingSince;
      this.#toldAt = now;
      return "wake";
    }
    if (this.#pingedAt === null) {
      this.#pingedAt = now;
      this.#heardSincePing = false;
      return "ping";
    }
    if (now - this.#pingedAt < PONG_MS_MAX) return null;
    return this.#heardSincePing ? CLOSE.ackLate : CLOSE.noPong;
  }
}
