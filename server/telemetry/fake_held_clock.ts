/**
 * A clock for tests of a thread that has too much to do.
 *
 * @module
 */
import { FakeClock } from "../fake_clock.ts";

/** A clock that can be held up, as a thread is that works on something long. */
export class HeldClock extends FakeClock {
  #heldMs = 0;

  override monotonic(): number {
    return super.monotonic() + this.#heldMs;
  }

  /** Lets one look of an event loop pass, held up by some milliseconds. */
  hold(delayMs: number): void {
    this.#heldMs += delayMs;
    this.advance(100);
  }
}
