/**
 * How long to wait before something that failed is tried again.
 *
 * @module
 */
import type { RandomBytes } from "../clock.ts";

/** Between which times the waits lie, in milliseconds. */
export interface BackoffRange {
  /** The first wait, and from which on the waits double. */
  readonly min: number;
  /** The longest wait. */
  readonly max: number;
}

/** The longest wait after so many failures (at least 1) in a row: it doubles with each. */
export function backoffMs(failures: number, { min, max }: BackoffRange): number {
  return Math.min(max, min * 2 ** (failures - 1));
}

/** A part of a time by chance, so that what failed together does not come again together. */
export function jitteredMs(ms: number, random: RandomBytes): number {
  const [a = 0, b = 0] = random(new Uint8Array(2));
  return Math.ceil(ms * (a * 256 + b) / 65_536);
}
