/**
 * Stretches of positions: which part of a mailbox some device has acknowledged. There is one,
 * unless devices started late and left gaps.
 *
 * @module
 */
import type { Position } from "./store.ts";

/** Stretches that are kept; past it the lowest gap counts as acknowledged. */
const STRETCHES_MAX = 16;

/** A set of positions that consists of few stretches. */
export class Stretches {
  /** Each from after the first position to the second, in order, with gaps between them. */
  #stretches: [after: Position, upTo: Position][] = [];

  /** Reads what {@linkcode toString} wrote. */
  static parse(text: string): Stretches {
    const stretches = new Stretches();
    for (const stretch of text === "" ? [] : text.split(",")) {
      const [after = 0, upTo = 0] = stretch.split("-").map(Number);
      stretches.add(after, upTo);
    }
    return stretches;
  }

  /** Adds the positions after one, up to another. */
  add(after: Position, upTo: Position): void {
    if (upTo <= after) return;
    const last = this.#stretches.at(-1);
    if (last !== undefined && last[0] <= after && after <= last[1]) {
      last[1] = Math.max(last[1], upTo);
      return;
    }
    this.#insert(after, upTo);
  }

  /** Adds all of others. */
  addAll(others: Stretches): void {
    for (const [after, upTo] of others.#stretches) this.add(after, upTo);
  }

  /** Whether a position is in one of them. */
  has(position: Position): boolean {
    return this.#stretches.some(([after, upTo]) => after < position && position <= upTo);
  }

  /** Up to where everything after a position is in one of them; the position itself where nothing is. */
  endAfter(position: Position): Position {
    // Every acknowledgement asks, so nothing is made to answer.
    for (const stretch of this.#stretches) {
      if (stretch[0] <= position && position < stretch[1]) return stretch[1];
    }
    return position;
  }

  /** Text that {@linkcode parse} reads. */
  toString(): string {
    return this.#stretches.map(([after, upTo]) => `${after}-${upTo}`).join(",");
  }

  #insert(after: Position, upTo: Position): void {
    const apart = this.#stretches.filter((other) => other[1] < after || upTo < other[0]);
    const joined = this.#stretches.filter((other) => !apart.includes(other));
    const from = Math.min(after, ...joined.map(([first]) => first));
    const to = Math.max(upTo, ...joined.map(([, last]) => last));
    this.#stretches = [...apart, [from, to] as [Position, Position]].sort((a, b) => a[0] - b[0]);
    const [first, second] = this.#stretches;
    if (this.#stretches.length <= STRETCHES_MAX || first === undefined || second === undefined) {
      return;
    }
    this.#stretches.splice(0, 2, [first[0], second[1]]);
  }
}
