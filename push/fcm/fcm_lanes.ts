/**
 * How many pushes are on the way at a time.
 *
 * @module
 */
import { Slots } from "../slots.ts";

/** Lends lanes, opened as they are needed; who comes when all are lent waits in line. */
export class FcmLanes<Lane extends AsyncDisposable> implements AsyncDisposable {
  readonly #open: () => Lane;
  readonly #slots: Slots;
  readonly #all = new Set<Lane>();
  /** The one that was used last is used next, so that those that are not needed may close. */
  readonly #free: Lane[] = [];

  /**
   * @param open opens a lane
   * @param max how many there are at the most
   */
  constructor(open: () => Lane, max: number) {
    this.#open = open;
    this.#slots = new Slots(max);
  }

  /**
   * Lends a lane for a job, as soon as there is one. It is ended after a job that threw or that finds
   * it broken, and only when it has ended another one may take its place.
   *
   * @throws why the signal ended the wait, and what the job throws
   */
  async use<T>(
    signal: AbortSignal,
    job: (lane: Lane) => Promise<T>,
    isBroken: (result: T) => boolean,
  ): Promise<T> {
    const slot = await this.#slots.take(signal);
    const lane = this.#free.pop() ?? this.#create();
    let isFit = false;
    try {
      const result = await job(lane);
      isFit = !isBroken(result);
      return result;
    } finally {
      if (isFit) this.#giveBack(lane, slot);
      else void this.#discard(lane, slot);
    }
  }

  /** Ends all lanes. Those who wait in line have signals of their own. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#all].map((lane) => lane[Symbol.asyncDispose]()));
  }

  #create(): Lane {
    const lane = this.#open();
    this.#all.add(lane);
    return lane;
  }

  #giveBack(lane: Lane, slot: Disposable): void {
    this.#free.push(lane);
    slot[Symbol.dispose]();
  }

  async #discard(lane: Lane, slot: Disposable): Promise<void> {
    using _slot = slot;
    await lane[Symbol.asyncDispose]();
    this.#all.delete(lane);
  }
}
