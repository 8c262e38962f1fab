/**
 * Texts as values of the database: a value holds 64 KiB at most, so a longer text lies in parts.
 *
 * @module
 */
import { type ListsRows, type Range, type Row, VALUE_BYTES_MAX, type Write } from "./database.ts";
import type { Key } from "./database.ts";

/** Some texts of a range, in order, and whether there are more behind them. */
export interface Texts {
  /** The parts of each, for {@linkcode joinText}. */
  readonly texts: readonly (readonly [Row, ...Row[]])[];
  readonly more: boolean;
}

/** Rows read at once: at most 1 MiB. */
const ROWS_READ_MAX = 16;

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
  return decodeText(joinBytes(parts));
}

/** The text of bytes. @throws {TypeError} they are none */
export function decodeText(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** The bytes whose parts are these rows, in order. */
export function joinBytes(parts: readonly Row[]): Uint8Array {
  const [first] = parts;
  if (parts.length === 1 && first !== undefined) return first.value;
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.value.length, 0));
  let offset = 0;
  for (const { value } of parts) {
    bytes.set(value, offset);
    offset += value.length;
  }
  return bytes;
}

/** Reads the first texts of a range. The last part of a key is that of the text. */
export async function readTexts(database: ListsRows, range: Range): Promise<Texts> {
  const rows = await database.list(range, ROWS_READ_MAX);
  const texts: [Row, ...Row[]][] = [];
  for (const row of rows) {
    const text = texts.at(-1);
    if (text !== undefined && isSameText(text[0].key, row.key)) text.push(row);
    else texts.push([row]);
  }
  const more = rows.length === ROWS_READ_MAX;
  // The parts of the last one may go on past what was read; one entry has fewer parts than that.
  if (more && texts.length > 1) texts.pop();
  return { texts, more };
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

/** Whether two keys differ in the last part only. */
function isSameText(one: Key, other: Key): boolean {
  if (one.length !== other.length) return false;
  for (let index = one.length - 2; index >= 0; index--) {
    if (one[index] !== other[index]) return false;
  }
  return true;
}
