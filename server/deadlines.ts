/**
 * Deadlines by which things must have happened.
 *
 * @module
 */
import type { Clock } from "./clock.ts";

/** How often they are looked at, in milliseconds: by how much a deadline may be missed. */
const ROUND_MS = 1000;

/** Something that is told when its time is up. */
export interface Expiring {
  /** Its time is up. */
  expire(): void;
}

/**
 * Gives things a deadline each. There is one timer for all of them, and none while nothing waits:
 * a timer for each would cost more than the connection it watches.
 */
export class Deadlines implements Disposable {
  readonly #clock: Clock;
  readonly #waiting = new Map<Expiring, number>();
  #cancel: (() => void) | undefined;

  /** Starts with nothing to wait for. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls `expire` after a time, up to a second late. A thing has one deadline, the newest. */
  set(thing: Expiring, ms: number): void {
    this.#waiting.set(thing, this.#clock.monotonic() + ms);
    this.#cancel ??= this.#clock.after(ROUND_MS, () => this.#round());
  }

  /** The thing has happened, or matters no more. */
  clear(thing: Expiring): void {
    this.#waiting.delete(thing);
  }

  /** Forgets all deadlines. */
  [Symbol.dispose](): void {
    this.#waiting.clear();
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #round(): void {
    this.#cancel = undefined;
    const now = this.#clock.monotonic();
    for (const [thing, deadline] of this.#waiting) {
      if (deadline > now) continue;
      this.#waiting.delete(thing);
      thing.expire();
    }
    if (this.#waiting.size > 0) this.#cancel ??= this.#clock.after(ROUND_MS, () => this.#round());
  }
}

/** Settles with a promise, or resolves after a time if that comes first. */
export async function waitAtMost(clock: Clock, ms: number, promise: Promise<void>): Promise<void> {
  const late = Promise.withResolvers<void>();
  const cancel = clock.after(ms, late.resolve);
  try {
    await Promise.race([promise, late.promise]);
  } finally {
    cancel();
  }
}
