/**
 * Times as people read them, in the time zone of the machine.
 *
 * @module
 */

/** The date and the time, as in `2026-11-22 17:25:01`. */
export function localDateTime(ms: number): string {
  return `${localDate(ms)} ${localTime(ms)}`;
}

/** The time, as in `17:25:01`. */
export function localTime(ms: number): string {
  const date = new Date(ms);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map(twoDigits).join(":");
}

/** The time alone where it is of today, else with its date. */
export function localTimeShort(ms: number, now: number): string {
  return localDate(ms) === localDate(now) ? localTime(ms) : localDateTime(ms);
}

function localDate(ms: number): string {
  const date = new Date(ms);
  return [date.getFullYear(), date.getMonth() + 1, date.getDate()].map(twoDigits).join("-");
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}
