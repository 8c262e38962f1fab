/**
 * Names for the lives of what a store holds.
 *
 * @module
 */
import { base64url } from "jose";
import type { RandomBytes } from "./clock.ts";

/** Random bytes in a name: enough that no two of one deployment are ever alike. */
const EPOCH_BYTES = 12;

/** Makes a name that never was: 16 characters of base64url. */
export function createEpoch(random: RandomBytes): string {
  return base64url.encode(random(new Uint8Array(EPOCH_BYTES)));
}
