/**
 * The outbox of the memory store.
 *
 * @module
 */
import type { Outbox, OutboxPage, Spoken, Waiting } from "../store.ts";
import { byCodePoint } from "./code_point_order.ts";
import type { MemoryState } from "./memory_state.ts";

/** What is owed to the sleeping devices of one memory store. */
export class MemoryOutbox implements Outbox {
  readonly #state: MemoryState;

  /** @param state shared with the other parts of the store */
  constructor(state: MemoryState) {
    this.#state = state;
  }

  /** See {@linkcode Outbox.look}. */
  async look(user: string, device: string): Promise<Waiting | null> {
    await this.#state.turn();
    return this.#state.accounts.get(user)?.mailbox.look(device, this.#state.now()) ?? null;
  }

  /** See {@linkcode Outbox.spoke}. */
  async spoke(user: string, device: string, spoken: Spoken): Promise<void> {
    await this.#state.turn();
    this.#state.accounts.get(user)?.mailbox.spoke(device, spoken);
  }

  /** See {@linkcode Outbox.list}. */
  async list(after: string, limit: number): Promise<OutboxPage> {
    await this.#state.turn();
    const users = [...this.#state.accounts.keys()].filter((user) => byCodePoint(user, after) > 0)
      .sort(byCodePoint);
    const page = users.slice(0, limit);
    return {
      sleepers: page.flatMap((user) =>
        this.#state.accounts.get(user)?.mailbox.sleepers(true) ?? []
      ),
      next: users.length > limit ? page.at(-1) ?? null : null,
    };
  }
}
