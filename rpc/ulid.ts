/**
 * Message ids: ULIDs, 48 bits of time and 80 random bits in 26 characters that sort by time.
 *
 * @module
 */

/** Crockford's base 32: no letter that looks like a digit. */
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** Two digits at once, so that ten bits take one look-up. */
const PAIRS: readonly string[] = [...ALPHABET].flatMap((a) => [...ALPHABET].map((b) => a + b));

const PAIR_BITS = 10;
const PAIR_MASK = 2 ** PAIR_BITS - 1;
const HALF = 2 ** (2 * PAIR_BITS);

/** The random part: 40 bits that stay for a millisecond, and 40 that count up. */
const PART_BYTES = 5;
const COUNTER_END = 2 ** 40;
/** Counting starts in the lower half, so that no millisecond is long enough to reach the end. */
const COUNTER_START_MAX = COUNTER_END / 2;

/** Random bytes are fetched for this many milliseconds at once. */
const POOL_DRAWS = 64;

/**
 * Makes a generator of message ids. Every id sorts after the one before, also within one
 * millisecond and when the clock goes back.
 *
 * @param now milliseconds since 1970
 * @param random fills a buffer with random bytes
 */
export function createUlid(
  now: () => number,
  random: (buffer: Uint8Array<ArrayBuffer>) => unknown,
): () => string {
  const draw = createDraw(random);
  let time = -1;
  let head = "";
  let counter = 0;

  function start(ms: number): void {
    time = ms;
    head = base32(Math.floor(ms / HALF / HALF)).slice(-2) + base32(ms % (HALF * HALF)) +
      base32(draw());
    counter = draw() % COUNTER_START_MAX;
  }

  return () => {
    const ms = Math.floor(now());
    if (ms > time) start(ms);
    else if (++counter === COUNTER_END) start(time + 1);
    return head + base32(counter);
  };
}

/** Eight digits: 40 bits. */
function base32(value: number): string {
  const high = Math.floor(value / HALF);
  const low = value % HALF;
  return `${PAIRS[high >>> PAIR_BITS]}${PAIRS[high & PAIR_MASK]}` +
    `${PAIRS[low >>> PAIR_BITS]}${PAIRS[low & PAIR_MASK]}`;
}

/** Answers 40 random bits at a time. */
function createDraw(random: (buffer: Uint8Array<ArrayBuffer>) => unknown): () => number {
  const pool = new Uint8Array(2 * PART_BYTES * POOL_DRAWS);
  let used = pool.length;
  return () => {
    if (used === pool.length) {
      random(pool);
      used = 0;
    }
    const end = used + PART_BYTES;
    let value = 0;
    for (const byte of pool.subarray(used, end)) value = value * 256 + byte;
    used = end;
    return value;
  };
}
