/**
 * Sending all clients away without having them all come back to another server at once.
 *
 * @module
 */
import type { Clock, RandomBytes } from "./clock.ts";

/** Connections that are closed a second, where the time allows: a server takes sign-ins faster. */
const CLOSES_PER_SECOND = 500;

/** In how many milliseconds those of a slice are closed, each at a moment of its own. */
const SLICE_MS = 100;

/** How often those whose moment has come are closed, in milliseconds. */
const STEP_MS = 10;

/** What a drain needs. */
export interface DrainParts {
  readonly clock: Clock;
  readonly random: RandomBytes;
  /** How long it may take, in milliseconds. Only where this is too short is the rate higher. */
  readonly ms: number;
}

/**
 * Closes connections at a bounded rate, in no order, each at a moment that chance chooses: no two
 * slices of time get more than their share. Where the server itself stood still, what was due
 * meanwhile is not closed all at once: everything moves, as far as there is time.
 *
 * @param connections what is there now
 * @param close ends one of them; one that is gone already is left alone
 * @returns a promise that resolves when the last was closed
 */
export async function drain<T>(
  connections: Iterable<T>,
  close: (connection: T) => void,
  { clock, random, ms }: DrainParts,
): Promise<void> {
  const waiting = shuffled([...connections], random);
  const perMs = Math.max(CLOSES_PER_SECOND / 1000, ms > 0 ? waiting.length / ms : Infinity);
  const moments = Number.isFinite(perMs)
    ? momentsOf(waiting.length, perMs, random)
    : new Float64Array(waiting.length);
  const spare = ms - (moments.at(-1) ?? 0);
  const begun = clock.monotonic();
  let moved = 0;
  let before = begun;
  for (let next = 0; next < waiting.length;) {
    const now = clock.monotonic();
    const late = now - before - STEP_MS;
    if (late > SLICE_MS) moved = Math.max(moved, Math.min(spare, moved + late));
    before = now;
    const elapsed = now - begun - moved;
    for (; next < waiting.length && (moments[next] ?? 0) <= elapsed; next++) {
      const connection = waiting[next];
      if (connection !== undefined) close(connection);
    }
    if (next < waiting.length) await new Promise<void>((done) => clock.after(STEP_MS, done));
  }
}

/** When to close each, in milliseconds from the start, in order. */
function momentsOf(count: number, perMs: number, random: RandomBytes): Float64Array {
  const perSlice = Math.max(1, perMs * SLICE_MS);
  const chances = chancesOf(count, random);
  const moments = chances.map((chance, index) =>
    (Math.floor(index / perSlice) + chance) * SLICE_MS
  );
  // The last slice may be only begun: it must not end past what all of them are given.
  const end = count / perMs;
  return moments.map((moment) => Math.min(moment, end)).sort();
}

/** Numbers from 0 to 1, 1 left out. */
function chancesOf(count: number, random: RandomBytes): Float64Array {
  const words = new Uint32Array(count);
  const bytes = new Uint8Array(words.buffer);
  // No source of randomness has to give more than 64 KiB at once (Web Crypto §10.1.1).
  for (let at = 0; at < bytes.length; at += 65_536) random(bytes.subarray(at, at + 65_536));
  return Float64Array.from(words, (word) => word / 2 ** 32);
}

/** All of them in an order that chance chooses (Fisher and Yates). */
function shuffled<T>(all: T[], random: RandomBytes): readonly T[] {
  const chances = chancesOf(all.length, random);
  for (let last = all.length - 1; last > 0; last--) {
    const other = Math.floor((chances[last] ?? 0) * (last + 1));
    // Both indexes are of elements.
    [all[last], all[other]] = [all[other] as T, all[last] as T];
  }
  return all;
}
