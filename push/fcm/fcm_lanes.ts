/**
 * How many pushes are on the way at a time.
 *
 * @module
 */
/** Hands out lanes, opened as they are needed; who comes when all are taken waits in line. */
export class FcmLanes<Lane extends AsyncDisposable> implements AsyncDisposable {
  readonly #open: () => Lane;
  readonly #max: number;
  readonly #all = new Set<Lane>();
  /** The one that was used last is used next, so that those that are not needed may close. */
  readonly #free: Lane[] = [];
  readonly #line = new Set<(lane: Lane) => void>();

  /**
   * @param open opens a lane
   * @param max how many there are at the most
   */
  constructor(open: () => Lane, max: number) {
    this.#open = open;
    this.#max = max;
  }

  /** Takes a lane, as soon as there is one. @throws why the signal ended the wait */
  async take(signal: AbortSignal): Promise<Lane> {
    signal.throwIfAborted();
    if (this.#free.length === 0) this.#fill();
    const lane = this.#free.pop();
    if (lane !== undefined) return lane;
    const { promise, resolve, reject } = Promise.withResolvers<Lane>();
    const leave = () => {
      this.#line.delete(enter);
      reject(signal.reason);
    };
    const enter = (lane: Lane) => {
      signal.removeEventListener("abort", leave);
      resolve(lane);
    };
    this.#line.add(enter);
    signal.addEventListener("abort", leave, { once: true });
    return await promise;
  }

  /** Gives back a lane that can be used again. */
  giveBack(lane: Lane): void {
    const [next] = this.#line;
    if (next === undefined) {
      this.#free.push(lane);
      return;
    }
    this.#line.delete(next);
    next(lane);
  }

  /** Ends a lane. When it has ended another one may take its place. */
  async discard(lane: Lane): Promise<void> {
    await lane[Symbol.asyncDispose]();
    this.#all.delete(lane);
    if (this.#line.size === 0) return;
    this.#fill();
    const other = this.#free.pop();
    if (other !== undefined) this.giveBack(other);
  }

  /** Ends all lanes. Those who wait in line have signals of their own. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#all].map((lane) => lane[Symbol.asyncDispose]()));
  }

  #fill(): void {
    if (this.#all.size >= this.#max) return;
    const lane = this.#open();
    this.#all.add(lane);
    this.#free.push(lane);
  }
}
