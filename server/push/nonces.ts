/**
 * The marks by which a device says which push it has seen.
 *
 * @module
 */
import { base64url } from "jose";
import type { RandomBytes } from "../clock.ts";

/** 72 bits: nobody guesses one, and it takes 12 characters of the payload. */
const NONCE_BYTES = 9;

/** Nonces for which chance is asked at once: asking costs more than the bytes. */
const DRAWN_AT_ONCE = 128;

/** Options for {@linkcode Nonces}. */
export interface NoncesOptions {
  /** Makes them. */
  readonly random: RandomBytes;
  /** How many are remembered; at least half as many always are. */
  readonly max: number;
}

/** The nonces of the last pushes. Each is good for one answer. */
export class Nonces {
  readonly #random: RandomBytes;
  readonly #generationMax: number;
  /** Whom each was sent to. Half of them go at a time: to look for the oldest would cost more. */
  #younger = new Map<string, string>();
  #older = new Map<string, string>();
  readonly #drawn = new Uint8Array(NONCE_BYTES * DRAWN_AT_ONCE);
  #used = this.#drawn.length;

  /** Starts with none. */
  constructor({ random, max }: NoncesOptions) {
    this.#random = random;
    this.#generationMax = Math.ceil(max / 2);
  }

  /** Makes one for a push to somebody. */
  issue(to: string): string {
    if (this.#younger.size >= this.#generationMax) {
      this.#older = this.#younger;
      this.#younger = new Map();
    }
    const nonce = this.#draw();
    this.#younger.set(nonce, to);
    return nonce;
  }

  /** Takes the answer of somebody. @returns whether it was sent to them and not answered yet */
  take(from: string, nonce: string): boolean {
    for (const generation of [this.#younger, this.#older]) {
      if (generation.get(nonce) === from) return generation.delete(nonce);
    }
    return false;
  }

  #draw(): string {
    if (this.#used === this.#drawn.length) {
      this.#random(this.#drawn);
      this.#used = 0;
    }
    const start = this.#used;
    this.#used += NONCE_BYTES;
    return base64url.encode(this.#drawn.subarray(start, this.#used));
  }
}
