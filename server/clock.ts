/**
 * Time and chance as parameters, so that a seed reproduces a run.
 *
 * @module
 */

/** The last moment that is a date, in milliseconds since 1970 (ECMA-262 §21.4.1.1). */
export const DATE_MS_MAX = 8.64e15;

/** What the server knows of time. */
export interface Clock {
  /** Milliseconds since 1970; may jump. */
  now(): number;
  /** Milliseconds since some moment; never goes back. For measuring how long something took. */
  monotonic(): number;
  /** Calls back once after a time; the answer cancels it. */
  after(ms: number, callback: () => void): () => void;
}

/** Fills a buffer with random bytes and answers it. */
export type RandomBytes = (buffer: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>;

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

/**
 * Calls back once when the event loop has looked at what came in (the check phase of Node's), with
 * nothing of the same turn between that and the next look; the answer cancels it.
 */
export function afterInput(callback: () => void): () => void {
  const immediate = setImmediate(callback);
  return () => clearImmediate(immediate);
}

/** The machine's own randomness. */
export function systemRandom(buffer: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(buffer);
}
