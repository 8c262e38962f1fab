/**
 * What the server turns away when it has more to do than it can: whoever is new first, then what is
 * sent, and never what it has accepted.
 *
 * @module
 */
import { type EventLoop, LATE_MS, LOOK_MS } from "./event_loop.ts";

/** From which share of a core new connections are turned away, and below which no more. */
const CORES_MAX = 0.95;
const CORES_OK = 0.85;

/** Below which delay the loop is not late any more, in milliseconds. */
const DELAY_MS_OK: number = LATE_MS / 2;

/**
 * How long the loop has to be late before sends are refused, in milliseconds: turning new
 * connections away may be enough.
 */
const LATE_FOR_MS = 3000;

/** 0: nothing is turned away; 1: new connections; 2: sends as well. */
export type OverloadLevel = 0 | 1 | 2;

/** Knows what is to be turned away. A core that is fully used and answers in time refuses no send. */
export class Overload {
  #level: OverloadLevel = 0;
  #lateForMs = 0;

  /** What is turned away now. */
  get level(): OverloadLevel {
    return this.#level;
  }

  /**
   * Looks at how the thread fares: each time an event loop does.
   *
   * @returns whether the level has changed
   */
  look({ delayMs, cores }: Pick<EventLoop, "delayMs" | "cores">): boolean {
    const before = this.#level;
    // The later the loop, the rarer the looks.
    if (delayMs >= LATE_MS) this.#lateForMs += LOOK_MS + delayMs;
    else if (delayMs < DELAY_MS_OK) this.#lateForMs = 0;
    const isOver = this.#lateForMs > 0 || cores >= CORES_MAX;
    const isFine = this.#lateForMs === 0 && cores < CORES_OK;
    if (this.#lateForMs >= LATE_FOR_MS) this.#level = 2;
    else if (isOver || (before > 0 && !isFine)) this.#level = 1;
    else this.#level = 0;
    return this.#level !== before;
  }
}
