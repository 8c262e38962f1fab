/**
 * Time and chance as the push providers take them, so that a test moves the first and knows the
 * second.
 *
 * @module
 */

/** What a provider knows of time. */
export interface PushClock {
  /** Milliseconds since 1970; may jump. */
  now(): number;
  /** Calls back once after a time; the answer cancels it. */
  after(ms: number, callback: () => void): () => void;
}

/** Fills a buffer with random bytes and answers it. */
export type PushRandom = (buffer: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>;
