/**
 * Finding what is owed and was not attended to: what a crash left, and what there was no room for.
 *
 * @module
 */
import type { Outbox, Sleeper } from "../../store/mod.ts";
import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";

/** What an {@linkcode OutboxSweep} is made of. */
export interface OutboxSweepParts {
  readonly outbox: Pick<Outbox, "list">;
  readonly clock: Pick<Clock, "after">;
  readonly log: Log;
  /** Takes a device that may be owed a push. @returns whether there was room for it */
  readonly found: (sleeper: Sleeper) => boolean;
}

/** The first round, in milliseconds after the start: what was committed before it is then listed. */
const START_MS = 5000;

/** Between two rounds, in milliseconds. */
export const SWEEP_MS = 30_000;

/** Users that are looked at in one step: other work goes on between two. */
const PAGE_USERS = 500;

/** Goes through all that may be owed, now and then. */
export class OutboxSweep implements Disposable {
  readonly #parts: OutboxSweepParts;
  #cancel: () => void;
  #isStopped = false;
  /**
   * Where the next round begins: where there was no room in the one before, so that all get theirs.
   * Where it had begun there already it begins anew, or whoever comes before would never be found
   * while a provider is dead.
   */
  #from = "";

  /** Starts, with the first round after a while. */
  constructor(parts: OutboxSweepParts) {
    this.#parts = parts;
    this.#cancel = this.#after(START_MS);
  }

  /** Begins no further step. */
  [Symbol.dispose](): void {
    this.#isStopped = true;
    this.#cancel();
  }

  #after(ms: number): () => void {
    return this.#parts.clock.after(ms, () => void this.#run());
  }

  async #run(): Promise<void> {
    try {
      await this.#round();
    } catch (error) {
      if (!this.#isStopped) this.#parts.log.error("push sweep failed", error);
    }
    if (!this.#isStopped) this.#cancel = this.#after(SWEEP_MS);
  }

  /** One provider that has no room does not keep the sleepers of the others from being found. */
  async #round(): Promise<void> {
    const { outbox, found } = this.#parts;
    const from = this.#from;
    let after: string | null = from;
    let refused: string | null = null;
    while (after !== null && !this.#isStopped) {
      const { sleepers, next }: Awaited<ReturnType<Outbox["list"]>> = await outbox.list(
        after,
        PAGE_USERS,
      );
      for (const sleeper of sleepers) if (!found(sleeper)) refused ??= after;
      after = next;
    }
    this.#from = refused === null || refused === from ? "" : refused;
  }
}
