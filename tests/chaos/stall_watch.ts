/**
 * How long the load itself stood still: what its clients heard late then says nothing of the server.
 *
 * @module
 */

/** A time in which nothing ran, in milliseconds of the load's clock. */
export interface Stall {
  readonly from: number;
  readonly to: number;
}

/** How often to look, and from which delay on a stall is noted, in milliseconds. */
const LOOK_MS = 20;
const STALL_MS_MIN = 50;

/** Notes the stalls of this process. Disposing of it ends that. */
export class StallWatch implements Disposable {
  readonly #stalls: Stall[] = [];
  readonly #timer: ReturnType<typeof setInterval>;
  #looked = performance.now();

  constructor() {
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  /** The longest stall between two moments. */
  longest(from: number, to: number): number {
    const cut = this.#stalls.map((stall) => Math.min(stall.to, to) - Math.max(stall.from, from));
    return Math.max(0, ...cut);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const now = performance.now();
    const from = this.#looked + LOOK_MS;
    if (now - from > STALL_MS_MIN) this.#stalls.push({ from, to: now });
    this.#looked = now;
  }
}
