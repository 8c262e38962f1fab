/**
 * Rows in order, as Deno KV keeps them, without Deno KV: what survives when a process dies.
 *
 * @module
 */
import type { Check, Key, Range, Row, Write } from "../../store/kv/database.ts";

/** Type bytes of Deno KV's encoding of keys, which sorts as the keys do. */
const STRING = "\x02";
const NUMBER = "\x21";
const END = "\x00";
const ESCAPE = "\x00\xff";

const encoder = new TextEncoder();

/** The bytes of a key as Deno KV stores it, a character a byte: they compare as keys compare. */
export function encodeKey(key: Key): string {
  let bytes = "";
  for (const part of key) {
    if (typeof part === "string") {
      const text = Array.from(encoder.encode(part), (byte) => String.fromCharCode(byte)).join("");
      bytes += STRING + text.replaceAll(END, ESCAPE) + END;
    } else {
      bytes += NUMBER + encodeNumber(part);
    }
  }
  return bytes;
}

/** A double whose bytes sort by value: the sign turned, or for negatives all bits. */
function encodeNumber(value: number): string {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  view.setFloat64(0, value);
  const high = view.getUint32(0);
  const isNegative = high >= 2 ** 31;
  view.setUint32(0, isNegative ? ~high : high ^ 2 ** 31);
  if (isNegative) view.setUint32(4, ~view.getUint32(4));
  return String.fromCharCode(...bytes);
}

/** A file beside the rows. */
export interface SimFile {
  bytes: Uint8Array;
  /** The process that has it open. */
  holder: unknown;
  /** Where the record begins that was written last, until it is undone. */
  newest: number;
}

/** What outlives the process. It does everything at once and knows no fault. */
export class SimDisk {
  /** Files of the journal, by slot. */
  readonly files = new Map<number, SimFile>();
  readonly #rows = new Map<string, Row>();
  /** The keys of all rows in order. */
  readonly #order: string[] = [];
  #version = 0;

  /** Rows now. */
  get size(): number {
    return this.#rows.size;
  }

  /** The row of a key, or null. */
  get(key: Key): Row | null {
    const row = this.#rows.get(encodeKey(key));
    return row === undefined ? null : copyOf(row);
  }

  /** The first rows of a range. */
  list({ start, end }: Range, limit = Infinity): Row[] {
    const rows: Row[] = [];
    const stop = encodeKey(end);
    for (let index = this.#indexOf(encodeKey(start)); rows.length < limit; index++) {
      const key = this.#order[index];
      if (key === undefined || key >= stop) break;
      const row = this.#rows.get(key);
      if (row !== undefined) rows.push(copyOf(row));
    }
    return rows;
  }

  /** Makes all changes and answers their version, or null where a check does not hold. */
  apply(checks: readonly Check[], writes: readonly Write[]): string | null {
    for (const { key, version } of checks) {
      if ((this.#rows.get(encodeKey(key))?.version ?? null) !== version) return null;
    }
    const version = (++this.#version).toString(16).padStart(20, "0");
    for (const { key, value } of writes) this.#write(key, value, version);
    return version;
  }

  #write(key: Key, value: Uint8Array | null, version: string): void {
    const encoded = encodeKey(key);
    if (value === null) {
      if (this.#rows.delete(encoded)) this.#order.splice(this.#indexOf(encoded), 1);
      return;
    }
    if (!this.#rows.has(encoded)) this.#order.splice(this.#indexOf(encoded), 0, encoded);
    this.#rows.set(encoded, { key: [...key], value: value.slice(), version });
  }

  /** Where a key stands in the order, or would. */
  #indexOf(key: string): number {
    let low = 0;
    let high = this.#order.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#order[middle] ?? "") < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function copyOf({ key, value, version }: Row): Row {
  return { key: [...key], value: value.slice(), version };
}
