/**
 * Whether a client is still there, and still does its work.
 *
 * A client is asked with a `ping` where an acknowledgement is late, and, where its transport does not
 * find out by itself that a peer is gone, after a while of silence. TCP tells of a peer that left;
 * of one that vanished only when something was sent to it, and then after minutes.
 *
 * @module
 */
import { ACK_MS_MAX, HEARTBEAT_SECONDS, PONG_MS_MAX } from "../limits.ts";
import { CLOSE, type CloseCode } from "./close_code.ts";

const HEARTBEAT_MS = HEARTBEAT_SECONDS * 1000;

/** What {@linkcode Liveness.tick} looks at. */
export interface Signs {
  /** Milliseconds that never go back. */
  readonly now: number;
  /** When the oldest unanswered delivery was sent; null where none is. */
  readonly waitingSince: number | null;
  /** As in `Transport`. */
  readonly isProbed: boolean;
}

/** What is known of one client, to the second. */
export class Liveness {
  #isHeard = false;
  #heardAt: number;
  #pingedAt: number | null = null;
  #answersPings = false;

  /** @param now as in {@linkcode Signs} */
  constructor(now: number) {
    this.#heardAt = now;
  }

  /** A frame came. */
  heard(): void {
    this.#isHeard = true;
  }

  /** The client answered a `ping`. Those of the ancestors may never do so. */
  answered(): void {
    this.#answersPings = true;
  }

  /**
   * A second has passed.
   *
   * @returns what is to be done: ask the client, or close its connection; null where nothing is
   */
  tick({ now, waitingSince, isProbed }: Signs): "ping" | CloseCode | null {
    if (this.#isHeard) this.#heardAt = now;
    this.#isHeard = false;
    const isLate = waitingSince !== null && now - waitingSince >= ACK_MS_MAX;
    const isSilent = !isProbed && now - this.#heardAt >= HEARTBEAT_MS;
    if (!isLate && !isSilent) {
      this.#pingedAt = null;
      return null;
    }
    if (this.#pingedAt === null) {
      this.#pingedAt = now;
      return "ping";
    }
    const waited = now - this.#pingedAt;
    if (isLate && waited >= PONG_MS_MAX) {
      return this.#heardAt > this.#pingedAt ? CLOSE.ackLate : CLOSE.noPong;
    }
    return !isLate && waited >= HEARTBEAT_MS ? this.#endSilence(now) : null;
  }

  /** Silence says nothing of a client that never answers: it is asked again, for TCP to see. */
  #endSilence(now: number): CloseCode | null {
    if (this.#answersPings) return CLOSE.noPong;
    this.#heardAt = now;
    this.#pingedAt = null;
    return null;
  }
}
