/**
 * Which messages are traced: all of them while they are few, else a sample. Chance decides by the
 * id of the message, so that a sample of one in four is a part of that of one in two.
 *
 * @module
 */
import { TRACES_PER_SECOND_MAX } from "../../limits.ts";

/** One in 1,024 messages at the least: a hundred of 100,000 in a second. Two characters tell it. */
const LEVEL_MAX = 10;
const BITS_PER_CHAR = 5;

/** Crockford's base 32, in which ids are written. */
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** What a character stands for; one that is in no id for nothing. */
const DIGITS = Uint8Array.from(
  { length: 128 },
  (_, code) => Math.max(0, ALPHABET.indexOf(String.fromCharCode(code))),
);

const SECOND_MS = 1000;

/** Decides by the rate of the last second, and by that of the running one where it is higher. */
export class TraceSample {
  /** One in 2 to the power of this is traced. */
  #level = 0;
  #mask = 0;
  /** Messages accepted after this have met no other level than this one. */
  #since = -Infinity;
  #windowStart = -Infinity;
  #seen = 0;

  /** One in so many messages is traced. */
  get share(): number {
    return 2 ** this.#level;
  }

  /** Messages came. @param now milliseconds since 1970 */
  count(messages: number, now: number): void {
    const passed = now - this.#windowStart;
    // Also where the clock was set back.
    if (passed >= SECOND_MS || passed < 0) {
      const isRunning = passed >= 0 && passed < 2 * SECOND_MS;
      this.#setLevel(isRunning ? levelOf(this.#seen * SECOND_MS / passed) : 0, now);
      this.#windowStart = now;
      this.#seen = 0;
    }
    this.#seen += messages;
    const level = levelOf(this.#seen);
    if (level > this.#level) this.#setLevel(level, now);
  }

  /** Whether a message that comes now is in the sample. */
  has(id: string): boolean {
    return (endOf(id) & this.#mask) === 0;
  }

  /** Whether a message was left out for sure: told without looking anything up. */
  leftOut(id: string, accepted: number): boolean {
    return this.#level > 0 && accepted > this.#since && !this.has(id);
  }

  #setLevel(level: number, now: number): void {
    if (level === this.#level) return;
    this.#level = level;
    this.#mask = this.share - 1;
    this.#since = now;
  }
}

/** Whether a trace belongs to one in so many that are kept on. @param share a power of two */
export function isKeptOn(id: string, share: number): boolean {
  // By more than the end that chose it in the first place.
  return (hashOf(id) & (share - 1)) === 0;
}

function levelOf(rate: number): number {
  if (rate <= TRACES_PER_SECOND_MAX) return 0;
  return Math.min(LEVEL_MAX, Math.ceil(Math.log2(rate / TRACES_PER_SECOND_MAX)));
}

/** The last ten bits of an id, which a server counts up from where chance let it begin. */
function endOf(id: string): number {
  const high = DIGITS[id.charCodeAt(id.length - 2)] ?? 0;
  return high << BITS_PER_CHAR | (DIGITS[id.charCodeAt(id.length - 1)] ?? 0);
}

/** Spreads ids over 32 bits (FNV-1a, and the last steps of Murmur3). */
function hashOf(id: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
