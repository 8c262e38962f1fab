/**
 * What the clients of a run share: where the server is, how far the run is, and their patience.
 *
 * @module
 */

/** What a run does now. `joining`: everybody signs in once; `live`; `draining`: see the checker. */
export type Phase = "joining" | "live" | "draining" | "over";

/** The stage on which the clients of one run act. */
export class Stage {
  readonly #pauses = new Set<() => void>();
  #phase: Phase = "joining";
  #url: PromiseWithResolvers<string> = Promise.withResolvers<string>();

  /** Milliseconds of the run's clock. */
  now(): number {
    return performance.now();
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** The next part of the run begins: nobody goes on waiting for the sake of a habit. */
  enter(phase: Phase): void {
    this.#phase = phase;
    for (const end of [...this.#pauses]) end();
    // Whoever waits for a server that never comes would wait for ever.
    if (phase === "over") this.#url.resolve("");
  }

  /** A server is ready. */
  opened(url: string): void {
    this.#url.resolve(url);
  }

  /** The server was killed, or is about to be. */
  shut(): void {
    this.#url = Promise.withResolvers<string>();
    if (this.#phase === "over") this.#url.resolve("");
  }

  /** Where the server is, once it is ready. */
  url(): Promise<string> {
    return this.#url.promise;
  }

  /** Lets time pass, as a habit; a new phase ends it. */
  async pause(ms: number): Promise<void> {
    if (this.#phase === "over") return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#pauses.add(resolve);
    const timer = setTimeout(resolve, ms);
    await promise;
    clearTimeout(timer);
    this.#pauses.delete(resolve);
  }
}
