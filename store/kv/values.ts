/**
 * Texts as values of the database: a value holds 64 KiB at most, so a longer text lies in parts.
 *
 * @module
 */
import { type Row, VALUE_BYTES_MAX, type Write } from "./database.ts";
import type { Key } from "./database.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** The writes that keep a text under the keys of its parts. */
export function textWrites(text: string, key: (part: number) => Key): Write[] {
  return byteWrites(encoder.encode(text), key);
}

/**
 * The writes that keep bytes under the keys of their parts, of which there is at least one. The
 * bytes are not copied.
 */
export function byteWrites(bytes: Uint8Array, key: (part: number) => Key): Write[] {
  const writes: Write[] = [];
  let start = 0;
  do {
    const value = bytes.subarray(start, start + VALUE_BYTES_MAX);
    writes.push({ key: key(writes.length), value });
    start += VALUE_BYTES_MAX;
  } while (start < bytes.length);
  return writes;
}

/** The text whose parts are these rows, in order. */
export function joinText(parts: readonly Row[]): string {
  const [first] = parts;
  if (parts.length === 1 && first !== undefined) return decoder.decode(first.value);
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.value.length, 0));
  let offset = 0;
  for (const { value } of parts) {
    bytes.set(value, offset);
    offset += value.length;
  }
  return decoder.decode(bytes);
}

/**
 * A JSON value as bytes.
 *
 * @throws {RangeError} they do not fit in one value: the commit would fail, with all that is in it.
 */
export function jsonValue(value: unknown): Uint8Array {
  const bytes = encoder.encode(JSON.stringify(value));
  if (bytes.length <= VALUE_BYTES_MAX) return bytes;
  throw new RangeError(`Cannot store: ${bytes.length} bytes are more than ${VALUE_BYTES_MAX}`);
}

/** The JSON value of bytes that {@linkcode jsonValue} made. */
export function parseJson<T>(value: Uint8Array): T {
  return JSON.parse(decoder.decode(value)) as T;
}
