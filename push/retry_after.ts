/**
 * When a service wants to be asked again.
 *
 * @module
 */

/** Longer numbers are no times but mistakes: this one is 30 years. */
const DELAY_SECONDS = /^\d{1,9}$/;

/** The form of a date that senders must use (RFC 9110 §5.6.7). */
const IMF_FIXDATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/**
 * Reads the header `Retry-After` (RFC 9110 §10.2.3): seconds, or a date.
 *
 * @param now milliseconds since 1970
 * @returns the time to wait in milliseconds; undefined where the header says none
 */
export function readRetryAfter(value: string | null | undefined, now: number): number | undefined {
  const text = value?.trim() ?? "";
  if (DELAY_SECONDS.test(text)) return Number(text) * 1000;
  const time = IMF_FIXDATE.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(time) ? undefined : Math.max(0, time - now);
}
