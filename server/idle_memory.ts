/**
 * Giving memory back. A wave of sign-ins leaves V8 with a large heap that is mostly empty, and while
 * nobody says anything V8 sees no reason to shrink it: 8,000 idle connections take a third more
 * memory than they need. So once it is quiet after a wave, the collector is asked to do it.
 *
 * @module
 */

/** Connections that have to come or go before it is worth a collection. */
const CHANGE_MIN = 500;

/** Ticks without a frame that count as quiet: the collection stops the server for a moment. */
const QUIET_TICKS = 3;

/** Watches for a quiet moment after a wave of connections. */
export class IdleMemory {
  readonly #collect: () => void;
  #connections = 0;
  #frames = 0;
  #quietTicks = 0;

  /** @param collect collects garbage and gives memory back; takes about 2 ms a MiB of heap */
  constructor(collect: () => void) {
    this.#collect = collect;
  }

  /**
   * A second has passed.
   *
   * @param connections how many there are
   * @param frames how many frames ever came
   */
  tick(connections: number, frames: number): void {
    this.#quietTicks = frames === this.#frames ? this.#quietTicks + 1 : 0;
    this.#frames = frames;
    const change = Math.abs(connections - this.#connections);
    if (change < CHANGE_MIN || this.#quietTicks < QUIET_TICKS) return;
    this.#connections = connections;
    this.#collect();
  }
}
