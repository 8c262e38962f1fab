/**
 * The signals by which an operator ends a server.
 *
 * @module
 */

/** SIGHUP comes when a terminal is closed. Deno lets it end the process even under `nohup`. */
const SIGNALS = ["SIGHUP", "SIGINT", "SIGTERM"] as const;

/**
 * How long a further signal belongs to the first, in milliseconds: Ctrl-C under `deno task` comes
 * twice, from the terminal and from the task.
 */
const SAME_MS = 500;

/** Where signals come from: `Deno`. */
export interface SignalSource {
  /** Calls back with every signal of a kind. */
  addSignalListener(signal: Deno.Signal, listener: () => void): void;
  /** Stops that. */
  removeSignalListener(signal: Deno.Signal, listener: () => void): void;
}

/** What {@linkcode StopSignals} is made of. */
export interface StopSignalsParts {
  readonly source: SignalSource;
  /** Milliseconds of a clock that never goes back. */
  readonly monotonic: () => number;
  /** Called with every further signal. */
  readonly again: (signal: Deno.Signal) => void;
}

/** Waits for a signal to stop. Disposing of it stops waiting. */
export class StopSignals implements Disposable {
  /** Resolves with the first signal. */
  readonly first: Promise<Deno.Signal>;
  readonly #source: SignalSource;
  readonly #listeners: ReadonlyMap<Deno.Signal, () => void>;

  /** Begins to wait. */
  constructor({ source, monotonic, again }: StopSignalsParts) {
    const { promise, resolve } = Promise.withResolvers<Deno.Signal>();
    let firstAt: number | null = null;
    const heard = (signal: Deno.Signal) => {
      if (firstAt === null) {
        firstAt = monotonic();
        resolve(signal);
      } else if (monotonic() - firstAt > SAME_MS) again(signal);
    };
    this.first = promise;
    this.#source = source;
    this.#listeners = new Map(SIGNALS.map((signal) => [signal, () => heard(signal)]));
    for (const [signal, listener] of this.#listeners) {
      try {
        source.addSignalListener(signal, listener);
      } catch {
        // Hosts that end a process without a word have no signals.
      }
    }
  }

  [Symbol.dispose](): void {
    for (const [signal, listener] of this.#listeners) {
      try {
        this.#source.removeSignalListener(signal, listener);
      } catch {
        // Nothing was added, then.
      }
    }
  }
}
