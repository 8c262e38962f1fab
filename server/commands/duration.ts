/**
 * Times on the command line.
 *
 * @module
 */

const UNIT_SECONDS: ReadonlyMap<string, number> = new Map([
  ["", 1],
  ["s", 1],
  ["m", 60],
  ["h", 3600],
  ["d", 24 * 3600],
]);

/** What may be written, in words; goes on from "must be". */
export const DURATION_ALLOWED = "a time such as 3600, 60s, 15m, 12h or 30d";

/**
 * Reads a time.
 *
 * @returns whole seconds, 1 or more; undefined where the text is none or more than `max`
 */
export function parseDuration(text: string, max: number): number | undefined {
  const [, digits, unit = ""] = /^(\d+)([a-z]?)$/.exec(text) ?? [];
  const seconds = Number(digits) * (UNIT_SECONDS.get(unit) ?? NaN);
  return seconds >= 1 && seconds <= max ? seconds : undefined;
}
