/**
 * Keeping work away from a service that does not work.
 *
 * @module
 */
import type { Clock, RandomBytes } from "../clock.ts";
import { backoffMs, type BackoffRange, jitteredMs } from "./backoff.ts";
import { Line } from "./line.ts";

/** Options for {@linkcode Circuit}. */
export interface CircuitOptions<T> {
  /** How many may be inside at a time while the service works. */
  readonly insideMax: number;
  /** The time. */
  readonly clock: Pick<Clock, "after">;
  /** Spreads the waits. */
  readonly random: RandomBytes;
  /** Called with one that waited, once a place is kept for it: {@linkcode Circuit.enter} lets it in. */
  readonly called: (one: T) => void;
  /** Called when the service is believed to work from now on. */
  readonly proved?: () => void;
}

/** What is known of a failure. */
export interface Failure {
  /** The service does not take the deployment's credentials: no other push will go either. */
  readonly forAll: boolean;
  /** The time that the service asks for, in milliseconds. */
  readonly afterMs?: number | undefined;
}

/** Failures in a row, without a success between, after which a service counts as dead. */
export const CIRCUIT_FAILURES_MAX = 5;

/** How long a dead service is left alone, in milliseconds: from a second on, doubling. */
export const CIRCUIT_MS: BackoffRange = { min: 1000, max: 15_000 };

/** How long it is left alone at the most where it asks for a time itself, in milliseconds. */
export const CIRCUIT_ASKED_MS_MAX = 600_000;

/**
 * The way to one service. While the service works, a number may be inside at a time and the others
 * wait in line. After failures in a row the circuit is open and nobody goes in for a while; then one
 * does for all, and what becomes of it decides.
 */
export class Circuit<T> implements Disposable {
  readonly #options: CircuitOptions<T>;
  /** Those inside, and those that were called and have not come yet. */
  readonly #admitted = new Set<T>();
  readonly #waiting = new Line<T>();
  #failures = 0;
  /** How often it was opened since the last success; 0: it is closed. */
  #openings = 0;
  /** Whether one may go in for all. */
  #isTrying = false;
  #trial: T | undefined;
  #cancel: () => void = () => {};
  #isProven = false;

  /** Starts closed: with a service that is believed to work. */
  constructor(options: CircuitOptions<T>) {
    this.#options = options;
  }

  /** Whether the service counts as dead. */
  get isOpen(): boolean {
    return this.#openings > 0;
  }

  /** Whether the last that was heard of the service is that it works. */
  get isProven(): boolean {
    return this.#isProven;
  }

  /** Whether nobody is inside and nobody waits: forgetting it forgets no more than failures. */
  get isEmpty(): boolean {
    return this.#admitted.size === 0 && this.#waiting.size === 0;
  }

  /** Whether forgetting it forgets nothing at all. */
  get isIdle(): boolean {
    return this.isEmpty && this.#failures === 0 && !this.isOpen;
  }

  /** Lets one in; or it waits, until it is called or leaves. */
  enter(one: T): boolean {
    if (this.#admitted.has(one)) return true;
    // Whoever came before goes first.
    if (this.#waiting.size === 0 && this.#hasRoom) {
      this.#admit(one);
      return true;
    }
    this.#waiting.add(one);
    return false;
  }

  /** One goes, from inside or out of the line. */
  leave(one: T): void {
    if (!this.#admitted.delete(one)) this.#waiting.delete(one);
    if (this.#trial === one) this.#trial = undefined;
    this.#call();
  }

  /** The service answered one that is inside. @returns whether it counted as dead */
  succeeded(): boolean {
    const wasOpen = this.isOpen;
    this.#failures = 0;
    this.#openings = 0;
    this.#isTrying = false;
    this.#trial = undefined;
    this.#cancel();
    if (!this.#isProven) {
      this.#isProven = true;
      this.#options.proved?.();
    }
    this.#call();
    return wasOpen;
  }

  /**
   * The service did not work for one that is inside.
   *
   * @returns whether that opened the circuit, which was closed
   */
  failed(one: T, { forAll, afterMs }: Failure): boolean {
    this.#isProven = false;
    if (this.isOpen) {
      // What the others say who were inside already is no news.
      if (this.#trial === one) this.#open(afterMs);
      return false;
    }
    this.#failures++;
    if (!forAll && this.#failures < CIRCUIT_FAILURES_MAX) return false;
    this.#open(afterMs);
    return true;
  }

  /** Calls nobody any more. */
  [Symbol.dispose](): void {
    this.#cancel();
    this.#isTrying = false;
    this.#openings = Infinity;
  }

  get #hasRoom(): boolean {
    const max = this.isOpen ? Number(this.#isTrying) : this.#options.insideMax;
    return this.#admitted.size < max;
  }

  #admit(one: T): void {
    this.#admitted.add(one);
    if (this.#isTrying) this.#trial = one;
  }

  #call(): void {
    while (this.#hasRoom) {
      const one = this.#waiting.take();
      if (one === undefined) return;
      this.#admit(one);
      this.#options.called(one);
    }
  }

  #open(afterMs = 0): void {
    const { clock, random } = this.#options;
    this.#openings++;
    this.#isTrying = false;
    this.#trial = undefined;
    const half = backoffMs(this.#openings, CIRCUIT_MS) / 2;
    const ms = Math.max(half + jitteredMs(half, random), Math.min(afterMs, CIRCUIT_ASKED_MS_MAX));
    this.#cancel();
    this.#cancel = clock.after(ms, () => {
      this.#isTrying = true;
      this.#call();
    });
  }
}
