/**
 * The revocations of the memory store.
 *
 * @module
 */
import type { Refused, Revocations } from "../store.ts";
import type { MemoryState } from "./memory_state.ts";

/** What one memory store refuses. */
export class MemoryRevocations implements Revocations {
  readonly #state: MemoryState;
  /** By token id: when the token ends. */
  readonly #tokens = new Map<string, number>();

  /** @param state shared with the other parts of the store */
  constructor(state: MemoryState) {
    this.#state = state;
  }

  /** See {@linkcode Revocations.get}. */
  async get(user: string, tokenId: string): Promise<Refused> {
    await this.#state.turn();
    return { before: this.#state.refusedBefore(user), token: this.#tokens.has(tokenId) };
  }

  /** See {@linkcode Revocations.revokeUser}. */
  async revokeUser(user: string, before: number): Promise<void> {
    await this.#state.turn();
    this.#state.refuse(user, before);
  }

  /** See {@linkcode Revocations.revokeToken}. */
  async revokeToken(tokenId: string, until: number): Promise<void> {
    await this.#state.turn();
    this.#tokens.set(tokenId, Math.max(this.#tokens.get(tokenId) ?? -Infinity, until));
  }

  /** Forgets the tokens that have ended. */
  sweep(now: number): void {
    for (const [id, until] of this.#tokens) if (until <= now) this.#tokens.delete(id);
  }
}
