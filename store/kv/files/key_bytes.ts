/**
 * Keys as Deno KV writes them into SQLite: in an order that bytes have, too. Whoever reads the file
 * without Deno KV needs it.
 *
 * @module
 */
import type { Key } from "../database.ts";

/** What a part begins with (`codec.rs` of denokv). */
const STRING = 0x02;
const NUMBER = 0x21;

/** Ends a string; one inside it is followed by {@linkcode ESCAPE}. */
const END = 0x00;
const ESCAPE = 0xff;

const SIGN = 0x80;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The bytes of a key. */
export function keyBytes(key: Key): Uint8Array {
  const bytes: number[] = [];
  for (const part of key) {
    if (typeof part === "number") bytes.push(NUMBER, ...numberBytes(part));
    else bytes.push(STRING, ...stringBytes(part), END);
  }
  return Uint8Array.from(bytes);
}

/** The key whose bytes these are. @throws {Error} it is none that Titan writes. */
export function keyOf(bytes: Uint8Array): Key {
  const key: (string | number)[] = [];
  for (let at = 0; at < bytes.length;) {
    const kind = bytes[at];
    const end = kind === NUMBER ? at + 9 : kind === STRING ? endOfString(bytes, at + 1) : 0;
    if (end === 0 || end > bytes.length) throw new Error("Key is none of Titan's");
    const part = bytes.subarray(at + 1, end);
    key.push(kind === NUMBER ? numberOf(part) : stringOf(part.subarray(0, -1)));
    at = end;
  }
  return key;
}

/** Where the part after a string begins. */
function endOfString(bytes: Uint8Array, start: number): number {
  for (let at = start; at < bytes.length; at++) {
    if (bytes[at] !== END) continue;
    if (bytes[at + 1] !== ESCAPE) return at + 1;
    at++;
  }
  return 0;
}

function* stringBytes(text: string): Generator<number> {
  for (const byte of encoder.encode(text)) {
    yield byte;
    if (byte === END) yield ESCAPE;
  }
}

function stringOf(bytes: Uint8Array): string {
  const plain = bytes.filter((_byte, at) => at === 0 || bytes[at - 1] !== END);
  return decoder.decode(plain);
}

/** Big-endian, with the sign turned, so that greater numbers are greater bytes. */
function numberBytes(number: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, number);
  return turn(bytes, ((bytes[0] ?? 0) & SIGN) !== 0);
}

function numberOf(bytes: Uint8Array): number {
  const turned = turn(bytes.slice(), ((bytes[0] ?? 0) & SIGN) === 0);
  return new DataView(turned.buffer).getFloat64(0);
}

function turn(bytes: Uint8Array, isNegative: boolean): Uint8Array {
  if (isNegative) return bytes.map((byte) => ~byte);
  bytes[0] = (bytes[0] ?? 0) ^ SIGN;
  return bytes;
}
