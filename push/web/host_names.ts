/**
 * Looking up the names of hosts, so that those nobody answers for leave room for the others.
 *
 * @module
 */
import { Slots } from "../slots.ts";
import type { ResolveHost } from "./https_post.ts";

/**
 * Lookups of new names at a time. The system's lookup holds a thread until DNS has answered or been
 * given up, and Deno has 32 of them.
 */
const LOOKUPS_MAX = 20;

/** Names that may wait for that; anybody may invent them. */
const WAITING_MAX = 200;

/** Names that are remembered: far more than browsers have push services. */
const NAMES_MAX = 1000;

/**
 * Resolves hosts by another resolver. A name that has led somewhere is looked up at once; all others
 * share few lookups.
 */
export class HostNames {
  readonly #resolve: ResolveHost;
  readonly #slots = new Slots(LOOKUPS_MAX);
  readonly #never = new AbortController().signal;
  /** Names that have led somewhere; the one that was used the longest ago is first. */
  readonly #known = new Set<string>();
  #waiting = 0;

  /** Knows none yet. */
  constructor(resolve: ResolveHost) {
    this.#resolve = resolve;
  }

  /**
   * Answers all addresses of a host.
   *
   * @throws what the resolver throws, or an error of the code `EAI_AGAIN` where too many wait
   */
  async resolve(host: string): Promise<readonly string[]> {
    if (this.#known.has(host)) return await this.#look(host);
    if (this.#waiting >= WAITING_MAX) {
      throw Object.assign(new Error("Too many names are looked up"), { code: "EAI_AGAIN" });
    }
    this.#waiting++;
    try {
      using _slot = await this.#slots.take(this.#never);
      return await this.#look(host);
    } finally {
      this.#waiting--;
    }
  }

  async #look(host: string): Promise<readonly string[]> {
    try {
      const addresses = await this.#resolve(host);
      this.#remember(host);
      return addresses;
    } catch (error) {
      this.#known.delete(host);
      throw error;
    }
  }

  #remember(host: string): void {
    this.#known.delete(host);
    this.#known.add(host);
    if (this.#known.size <= NAMES_MAX) return;
    const [oldest] = this.#known;
    if (oldest !== undefined) this.#known.delete(oldest);
  }
}
