/**
 * Whether a listener still takes connections: Deno's `node:http` takes none any more after it could
 * not take one, as for want of an open file, and says nothing.
 *
 * @module
 */
import type { Clock } from "./clock.ts";

/** How often is looked, in milliseconds. */
const ROUND_MS = 5000;

/**
 * After how many rounds a connection that nobody took says that nobody listens. One is not enough:
 * where the thread was held up, the round comes before the connection.
 */
const ROUNDS_MAX = 2;

/** What {@linkcode AcceptProbe} works with. */
export interface AcceptProbeOptions {
  /** When to look. */
  readonly clock: Clock;
  /** Connects to the listener. May fail: then nothing is known. */
  connect(): Promise<Disposable>;
  /** Connections are not taken any more. */
  deaf(): void;
}

/** Connects where nobody else did for a while, and tells when that is not taken. */
export class AcceptProbe implements Disposable {
  readonly #options: AcceptProbeOptions;
  /** Connected, and not taken yet. */
  #tried: Disposable | undefined;
  #rounds = 0;
  #isTaken = false;
  #isDisposed = false;
  #cancel: () => void;

  /** Begins with the first round. */
  constructor(options: AcceptProbeOptions) {
    this.#options = options;
    this.#cancel = this.#wait();
  }

  /** The listener took a connection, whosever it is. */
  taken(): void {
    this.#isTaken = true;
    this.#forget();
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    this.#cancel();
    this.#forget();
  }

  #wait(): () => void {
    return this.#options.clock.after(ROUND_MS, () => {
      this.#cancel = this.#wait();
      this.#look();
    });
  }

  #look(): void {
    if (this.#isTaken) {
      this.#isTaken = false;
    } else if (this.#tried === undefined) {
      void this.#try();
    } else if (++this.#rounds >= ROUNDS_MAX) {
      this.#forget();
      this.#options.deaf();
    }
  }

  async #try(): Promise<void> {
    try {
      const tried = await this.#options.connect();
      if (this.#isTaken || this.#isDisposed) tried[Symbol.dispose]();
      else this.#tried = tried;
    } catch {
      // There may be no open file for it, and then none for anybody else: the next round tries again.
    }
  }

  #forget(): void {
    this.#tried?.[Symbol.dispose]();
    this.#tried = undefined;
    this.#rounds = 0;
  }
}
