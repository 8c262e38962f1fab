/**
 * How the one thread that does everything fares: how late its timers are, and how much of a core it
 * takes.
 *
 * @module
 */
import type { Clock } from "../clock.ts";

/** How often it is looked at, in milliseconds; less often by as much as it is late. */
export const LOOK_MS = 100;

/** The weight of the newest look at the delay: what happened a second ago counts for a third. */
const DELAY_WEIGHT = 0.1;

/** The same for the share of a core: what happened 5 s ago counts for a third. */
const CORE_WEIGHT = 0.02;

/** From which mean delay the loop is late, in milliseconds: a person notices. */
export const LATE_MS = 250;

/** What an {@linkcode EventLoop} is made of. */
export interface EventLoopParts {
  /** Its timers are what is measured. */
  readonly clock: Clock;
  /** CPU time that this thread has taken, in milliseconds; absent where nobody knows. */
  readonly threadCpuMs?: (() => number) | undefined;
  /** Hears of each look, and how late it was, in milliseconds. */
  readonly looked?: (delayMs: number, loop: EventLoop) => void;
}

/** Watches the event loop. Disposing of it stops that. */
export class EventLoop implements Disposable {
  readonly #parts: EventLoopParts;
  #delayMs = 0;
  #cores = 0;
  #cancel: () => void = () => {};

  /** Begins to watch. */
  constructor(parts: EventLoopParts) {
    this.#parts = parts;
    this.#look(parts.clock.monotonic(), parts.threadCpuMs?.() ?? 0);
  }

  /** How late timers are, in milliseconds: the mean of about the last second. */
  get delayMs(): number {
    return this.#delayMs;
  }

  /** How much of a core this thread takes, 0 to 1: the mean of about the last five seconds. */
  get cores(): number {
    return this.#cores;
  }

  /** Whether whoever asks something has to wait for it noticeably. */
  get isLate(): boolean {
    return this.#delayMs >= LATE_MS;
  }

  /** Watches no more. */
  [Symbol.dispose](): void {
    this.#cancel();
  }

  #look(lookedAt: number, cpuMs: number): void {
    const { clock, threadCpuMs, looked } = this.#parts;
    this.#cancel = clock.after(LOOK_MS, () => {
      const now = clock.monotonic();
      const nowCpuMs = threadCpuMs?.() ?? 0;
      const elapsed = now - lookedAt;
      const delay = Math.max(0, elapsed - LOOK_MS);
      this.#delayMs += DELAY_WEIGHT * (delay - this.#delayMs);
      // A look that came late stands for all those that it kept from coming.
      const weight = 1 - (1 - CORE_WEIGHT) ** (elapsed / LOOK_MS);
      this.#cores += weight * (Math.min(1, (nowCpuMs - cpuMs) / elapsed) - this.#cores);
      this.#look(now, nowCpuMs);
      looked?.(delay, this);
    });
  }
}
