/**
 * Times as they stand on the wire.
 *
 * @module
 */

const MINUTE_MS = 60_000;

/**
 * Makes a formatter of times. It remembers the last minute and the last millisecond, because
 * `Date.prototype.toISOString` takes longer than all the rest of a message's envelope.
 *
 * @returns a function from whole milliseconds since 1970 to the text of RFC 3339, in UTC and with
 * milliseconds: the same text as `new Date(ms).toISOString()`
 */
export function createIsoTime(): (ms: number) => string {
  let ms = 0;
  let text = "1970-01-01T00:00:00.000Z";
  let minute = 0;
  let minuteText = "1970-01-01T00:00:";
  return (wanted) => {
    if (wanted === ms) return text;
    const wantedMinute = Math.floor(wanted / MINUTE_MS);
    if (wantedMinute !== minute) {
      minuteText = new Date(wantedMinute * MINUTE_MS).toISOString().slice(0, -"00.000Z".length);
      minute = wantedMinute;
    }
    // 1 before the five digits keeps the zeros in front.
    const digits = String(100_000 + wanted - wantedMinute * MINUTE_MS);
    text = `${minuteText}${digits.slice(1, 3)}.${digits.slice(3)}Z`;
    ms = wanted;
    return text;
  };
}

/**
 * Writes a time that is written now and then.
 *
 * @param ms milliseconds since 1970
 * @returns the same text as {@linkcode createIsoTime}'s
 */
export function isoTimeOf(ms: number): string {
  return new Date(ms).toISOString();
}
