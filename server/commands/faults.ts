/**
 * What nobody expected: it is told by its name, and the process ends.
 *
 * @module
 */
import { EXIT } from "./exit.ts";

/** Catches errors that nothing else caught. Disposing of it stops that. */
export class Faults implements Disposable {
  /** Tells of a fault. Whoever has a log puts it here. */
  report: (error: unknown) => void;
  readonly #exit: (code: number) => void;
  readonly #onRejection = (event: PromiseRejectionEvent): void => {
    event.preventDefault();
    this.#end(event.reason);
  };
  readonly #onError = (event: ErrorEvent): void => {
    event.preventDefault();
    this.#end(event.error);
  };

  /**
   * Begins to catch.
   *
   * @param exit ends the process: after a fault nobody knows what state it is in
   */
  constructor(report: (error: unknown) => void, exit: (code: number) => void) {
    this.report = report;
    this.#exit = exit;
    globalThis.addEventListener("unhandledrejection", this.#onRejection);
    globalThis.addEventListener("error", this.#onError);
  }

  [Symbol.dispose](): void {
    globalThis.removeEventListener("unhandledrejection", this.#onRejection);
    globalThis.removeEventListener("error", this.#onError);
  }

  #end(error: unknown): void {
    try {
      this.report(error);
    } catch {
      // Nobody can be told: the exit code says it.
    }
    if (!isPeersDoing(error)) this.#exit(EXIT.fault);
  }
}

/**
 * Whether a fault is of one WebSocket and of Deno alone: a message in many fragments, of more than
 * V8's longest string, is rejected where nobody can handle it. A stranger must not end the process
 * with that. No code of Titan's was running, so its state is known.
 */
function isPeersDoing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const frames = (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
  return frames.length > 0 && frames.every((frame) => frame.includes("ext:")) &&
    frames.some((frame) => frame.includes("ext:deno_websocket/"));
}
