/**
 * Work of one kind, so much at a time and so fast.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import { Line } from "./line.ts";
import type { Pace } from "./pace.ts";

/** Options for {@linkcode Lane}. */
export interface LaneOptions<T> {
  /** How many are worked on at a time. */
  readonly inFlightMax: number;
  /** How fast. */
  readonly pace: Pace;
  /** The time. */
  readonly clock: Pick<Clock, "after">;
  /** Whether work on one may begin; where not, it is somebody else's to bring it back. */
  readonly admit: (one: T) => boolean;
  /** Works on one. Never rejects. @returns whether it was more than a look, and so counts for the pace */
  readonly work: (one: T) => Promise<boolean>;
}

/** A line of things, and the workers that take them from it. */
export class Lane<T> implements Disposable {
  readonly #options: LaneOptions<T>;
  readonly #line = new Line<T>();
  #inFlight = 0;
  #isClosed = false;
  #cancel: (() => void) | undefined;
  #idle = Promise.withResolvers<void>();

  /** Starts with nothing to do. */
  constructor(options: LaneOptions<T>) {
    this.#options = options;
    this.#idle.resolve();
  }

  /** How many are worked on. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** How many wait. */
  get waiting(): number {
    return this.#line.size;
  }

  /** Resolves when nothing is worked on. */
  get idle(): Promise<void> {
    return this.#idle.promise;
  }

  /** Lets one wait for its turn, which never comes within this call. */
  add(one: T): void {
    this.#line.add(one);
    if (this.#inFlight < this.#options.inFlightMax) this.#wake(0);
  }

  /** Takes out one that waits. */
  delete(one: T): void {
    this.#line.delete(one);
  }

  /** No more work is begun. */
  [Symbol.dispose](): void {
    this.#isClosed = true;
    this.#cancel?.();
  }

  #wake(ms: number): void {
    if (this.#isClosed) return;
    this.#cancel ??= this.#options.clock.after(ms, () => {
      this.#cancel = undefined;
      this.#pump();
    });
  }

  #pump(): void {
    const { inFlightMax, pace, admit } = this.#options;
    while (!this.#isClosed && this.#inFlight < inFlightMax && this.#line.size > 0) {
      const ms = pace.waitMs;
      if (ms > 0) return this.#wake(ms);
      const one = this.#line.take();
      if (one === undefined) return;
      if (admit(one)) void this.#work(one);
    }
  }

  async #work(one: T): Promise<void> {
    const { pace, work } = this.#options;
    if (this.#inFlight++ === 0) this.#idle = Promise.withResolvers();
    pace.take();
    if (!await work(one)) pace.giveBack();
    if (--this.#inFlight === 0) this.#idle.resolve();
    this.#pump();
  }
}
