/**
 * Tells somebody at a terminal that an export, or another long work, goes on.
 *
 * @module
 */

/** How long an export may take before anything is said, in milliseconds. */
const QUIET_MS = 2000;

/** How long what was said stays, in milliseconds: a terminal is slow, and so are eyes. */
const STAY_MS = 200;

/** Back to the beginning of the line, and everything behind it erased (ECMA-48 §8.3.41). */
const ERASE_LINE = "\r\u001b[K";

/** What an {@linkcode ExportProgress} is made of. */
export interface ExportProgressParts {
  /** Milliseconds of a clock that never goes back. */
  readonly monotonic: () => number;
  /** Writes to the terminal; undefined where there is none. */
  readonly write: ((text: string) => void) | undefined;
}

/** One line on a terminal. Disposing of it erases the line. */
export class ExportProgress implements Disposable {
  readonly #parts: ExportProgressParts;
  #next: number;
  #isShown = false;

  /** Begins to count the time. */
  constructor(parts: ExportProgressParts) {
    this.#parts = parts;
    this.#next = parts.monotonic() + QUIET_MS;
  }

  /** Says how much was done so far, where it is time to. @param what it is counted in */
  note(count: number, what = "messages"): void {
    const { monotonic, write } = this.#parts;
    const now = monotonic();
    if (write === undefined || now < this.#next) return;
    this.#next = now + STAY_MS;
    this.#isShown = true;
    write(`${ERASE_LINE}${count} ${what}`);
  }

  [Symbol.dispose](): void {
    if (this.#isShown) this.#parts.write?.(ERASE_LINE);
  }
}
