/**
 * What happened in a run, in its order: the end of it in words, the whole as a number.
 *
 * @module
 */

/** Lines of history that a failure shows. */
const TAIL_LINES = 60;

/** How much of a frame is history. */
const LINE_CHARS_MAX = 300;

/** The history of one run. */
export class History {
  /** Its last lines. */
  readonly tail: string[] = [];
  #hash = 0;

  /** Two histories with the same digest are the same. */
  get digest(): string {
    return (this.#hash >>> 0).toString(16);
  }

  /** Something happened. */
  add(line: string): void {
    // FNV-1a, 32 bits.
    for (let i = 0; i < line.length; i++) {
      this.#hash = Math.imul(this.#hash ^ line.charCodeAt(i), 0x01000193);
    }
    this.tail.push(line.slice(0, LINE_CHARS_MAX));
    if (this.tail.length > TAIL_LINES) this.tail.shift();
  }
}
