/**
 * Text by its size in UTF-8, in which every limit counts.
 *
 * @module
 */
import { Buffer } from "node:buffer";

/** The most UTF-8 bytes that one UTF-16 code unit can take. */
const UNIT_BYTES_MAX = 3;

/** Whether a text has more than so many UTF-8 bytes. Counts them only where that is in doubt. */
export function isLongerThan(text: string, bytes: number): boolean {
  if (text.length > bytes) return true;
  return text.length * UNIT_BYTES_MAX > bytes && Buffer.byteLength(text) > bytes;
}

/** The start of a text that fits into so many UTF-8 bytes; no character is split. */
export function cutText(text: string, bytes: number): string {
  if (!isLongerThan(text, bytes)) return text;
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(bytes));
  return text.slice(0, read);
}
