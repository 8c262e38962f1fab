/**
 * When to connect again. `close_code.ts` says what the codes mean.
 *
 * @module
 */

/** How a connection ended. */
export interface End {
  /** A WebSocket close code (RFC 6455 §7.4); 1006 where none came. */
  readonly code: number;
  /** What the server says. */
  readonly reason: string;
}

/** The first wait of a series lasts up to this, in milliseconds; each further one up to twice. */
const BASE_MS = 500;

/** No wait is longer, in milliseconds. */
const BACKOFF_MS_MAX = 30_000;

/** Clients that were all told the same delay come back over so many milliseconds. */
const SPREAD_MS = 1000;

/** Frames that this client must not send again (RFC 6455 §7.4.1). */
const OWN_FAULTS: readonly number[] = [1002, 1003, 1007, 1009];

/** Whether the server does not want this client back as it is. */
export function isFinal({ code }: End): boolean {
  return (code >= 4400 && code <= 4499) || OWN_FAULTS.includes(code);
}

/**
 * How long to wait, with full jitter: any time up to the backoff, so that clients which were cut
 * off together do not come back together.
 *
 * @param failures connections that failed since the last good one, this one included
 * @param random a number from 0 to 1
 * @returns milliseconds
 */
export function reconnectDelay({ code, reason }: End, failures: number, random: number): number {
  const backoff = Math.min(BACKOFF_MS_MAX, BASE_MS * 2 ** (failures - 1));
  if (code >= 4000 && code <= 4099 && failures <= 1) return 0;
  if (code < 4100 || code > 4199) return random * backoff;
  const seconds = Number(/after (\d{1,4}) s/.exec(reason)?.[1] ?? 0);
  return seconds * 1000 + random * Math.max(SPREAD_MS, backoff);
}
