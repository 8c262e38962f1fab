/**
 * Where an issuer has its keys: its discovery document says so (OpenID Connect Discovery §4).
 *
 * @module
 */
import type { JSONWebKeySet } from "jose";
import { z } from "zod";
import { DocumentError, fetchDocument, type FetchWorld } from "./document.ts";
import { discoveryUrl, mayHaveKeysAt } from "./issuer_url.ts";
import { fetchKeys } from "./remote_keys.ts";

/** How long a discovery document is believed, in milliseconds: keys move to other places rarely. */
export const DISCOVERY_MS_MAX: number = 3600 * 1000;

const discoverySchema = z.object({ issuer: z.string(), jwks_uri: z.string() });

/** The keys of one issuer, wherever they are. */
export class Discovery {
  readonly #issuer: string;
  readonly #world: FetchWorld;
  #keysUrl: string | undefined;
  /** On the monotonic clock. */
  #believedUntil = -Infinity;

  /** Fetches nothing yet. */
  constructor(issuer: string, world: FetchWorld) {
    this.#issuer = issuer;
    this.#world = world;
  }

  /**
   * Fetches the keys, and before that the discovery document where it is missing or old.
   *
   * @throws {DocumentError} one of them cannot be had, or is not to be believed.
   */
  async fetchKeys(): Promise<JSONWebKeySet> {
    const url = await this.#whereKeysAre();
    try {
      return await fetchKeys(url, this.#world);
    } catch (error) {
      // They may have moved.
      this.#believedUntil = -Infinity;
      throw error;
    }
  }

  async #whereKeysAre(): Promise<string> {
    const now = this.#world.clock.monotonic();
    const known = this.#keysUrl;
    if (known !== undefined && now < this.#believedUntil) return known;
    try {
      this.#keysUrl = await this.#discover();
      this.#believedUntil = now + DISCOVERY_MS_MAX;
      return this.#keysUrl;
    } catch (error) {
      // The keys may be there although what leads to them is away.
      if (known !== undefined) return known;
      throw error;
    }
  }

  async #discover(): Promise<string> {
    const url = discoveryUrl(this.#issuer);
    const { issuer, jwks_uri: keys } = await fetchDocument(url, discoverySchema, this.#world);
    // OpenID Connect Discovery §4.3: one issuer must not speak for another.
    if (issuer !== this.#issuer) throw new DocumentError(url, "wrong_issuer");
    if (!mayHaveKeysAt(this.#issuer, keys)) throw new DocumentError(url, "unsafe_keys_url");
    return keys;
  }
}
