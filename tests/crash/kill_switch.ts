/**
 * Ends its own process at a given call of the store to its disk.
 *
 * @module
 */
import type { KillPoint, StepKind } from "./fault.ts";

/** Counts the calls of one kind. */
export class KillSwitch {
  readonly #point: KillPoint;
  readonly #die: () => void;
  #calls = 0;

  /** @param die ends the process; it does not return where that works */
  constructor(point: KillPoint, die: () => void) {
    this.#point = point;
    this.#die = die;
  }

  /** Makes a call, or dies around it. @param step what it is a part of, if of any */
  async step<T>(step: StepKind | undefined, call: () => Promise<T>): Promise<T> {
    const isDue = step === this.#point.step && ++this.#calls === this.#point.call;
    const { moment } = this.#point;
    if (isDue && moment === "before") this.#die();
    const result = call();
    if (isDue && moment === "during") this.#die();
    await result;
    if (isDue && moment === "after") this.#die();
    return await result;
  }
}
