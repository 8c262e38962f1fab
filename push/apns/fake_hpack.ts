/**
 * The compression of header fields (RFC 7541) as far as a local HTTP/2 server needs it: it reads
 * whatever a client writes, and writes plain literals.
 *
 * @module
 */
import assert from "node:assert/strict";

/** A name and a value. */
export type Field = readonly [name: string, value: string];

/** The static table (RFC 7541 Appendix A), from index 1 on. */
const STATIC_TABLE: readonly Field[] = [
  [":authority", ""],
  [":method", "GET"],
  [":method", "POST"],
  [":path", "/"],
  [":path", "/index.html"],
  [":scheme", "http"],
  [":scheme", "https"],
  ...["200", "204", "206", "304", "400", "404", "500"].map((code): Field => [":status", code]),
  ["accept-charset", ""],
  ["accept-encoding", "gzip, deflate"],
  ...[
    ..."accept-language accept-ranges accept access-control-allow-origin age allow".split(" "),
    ..."authorization cache-control content-disposition content-encoding".split(" "),
    ..."content-language content-length content-location content-range content-type".split(" "),
    ..."cookie date etag expect expires from host if-match if-modified-since".split(" "),
    ..."if-none-match if-range if-unmodified-since last-modified link location".split(" "),
    ..."max-forwards proxy-authenticate proxy-authorization range referer refresh".split(" "),
    ..."retry-after server set-cookie strict-transport-security transfer-encoding".split(" "),
    ..."user-agent vary via www-authenticate".split(" "),
  ].map((name): Field => [name, ""]),
];

/**
 * How many bits the Huffman code of each byte below 128 has (RFC 7541 Appendix B), as runs of a
 * length and how often it comes. The code is canonical, so for all that can stand in a header the
 * lengths are all of it: only bytes that cannot have longer codes than the first of the others.
 */
const CODE_LENGTHS = (
  "13 23 28x7 24 30 28x2 30 28x8 30 28x9 6 10x2 12 13 6 8 11 10x2 8 11 8 6x3 5x3 6x7 7 8 " +
  "15 6 12 10 13 6 7x22 8 7 8 13 19 13 14 6 15 5 6 5 6 5 6x3 5 7x2 6x3 5 6 7 6 5x2 6 7x5 " +
  "15 11 14 13 28"
).split(" ").map((run) => run.split("x").map(Number));

/** Reads the header blocks of one connection. */
export class HeaderReader {
  readonly #codes = huffmanCodes();
  /** The newest entry first. */
  readonly #dynamic: Field[] = [];
  #sizeMax = 4096;
  #block: Uint8Array = new Uint8Array();
  #offset = 0;

  /** Reads a block. */
  read(block: Uint8Array): Map<string, string> {
    [this.#block, this.#offset] = [block, 0];
    const fields = new Map<string, string>();
    while (this.#offset < block.length) {
      const field = this.#field();
      if (field !== null) fields.set(...field);
    }
    return fields;
  }

  /** RFC 7541 §6. */
  #field(): Field | null {
    const first = this.#peek();
    if (first >= 0x80) return this.#entry(this.#integer(7));
    if (first >= 0x40) return this.#remember(this.#literal(6));
    if (first >= 0x20) {
      this.#sizeMax = this.#integer(5);
      this.#evict();
      return null;
    }
    return this.#literal(4);
  }

  #literal(prefix: number): Field {
    const index = this.#integer(prefix);
    return [index === 0 ? this.#string() : this.#entry(index)[0], this.#string()];
  }

  #entry(index: number): Field {
    const entry = STATIC_TABLE[index - 1] ?? this.#dynamic[index - 1 - STATIC_TABLE.length];
    assert.ok(entry !== undefined, `there is no header field ${index}`);
    return entry;
  }

  #remember(field: Field): Field {
    this.#dynamic.unshift(field);
    this.#evict();
    return field;
  }

  /** RFC 7541 §4.1: an entry counts 32 bytes more than it has. */
  #evict(): void {
    const size = () =>
      this.#dynamic.reduce((sum, [name, value]) => sum + name.length + value.length + 32, 0);
    while (size() > this.#sizeMax) this.#dynamic.pop();
  }

  /** RFC 7541 §5.1. */
  #integer(prefix: number): number {
    const mask = 2 ** prefix - 1;
    let value = this.#next() & mask;
    if (value < mask) return value;
    for (let shift = 0;; shift += 7) {
      const byte = this.#next();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  }

  /** RFC 7541 §5.2. */
  #string(): string {
    const isHuffman = this.#peek() >= 0x80;
    const length = this.#integer(7);
    const bytes = this.#block.subarray(this.#offset, this.#offset += length);
    return isHuffman ? this.#decode(bytes) : String.fromCharCode(...bytes);
  }

  #decode(bytes: Uint8Array): string {
    let [text, code] = ["", 1];
    for (const byte of bytes) {
      for (let bit = 7; bit >= 0; bit--) {
        code = code * 2 + (byte >> bit & 1);
        const character = this.#codes.get(code);
        if (character === undefined) continue;
        text += character;
        code = 1;
      }
    }
    // The rest of the last byte is filled with ones.
    assert.match(code.toString(2), /^1{1,8}$/);
    return text;
  }

  #peek(): number {
    const byte = this.#block[this.#offset];
    assert.ok(byte !== undefined, "a header block is cut off");
    return byte;
  }

  #next(): number {
    const byte = this.#peek();
    this.#offset++;
    return byte;
  }
}

/** Writes a block of short fields. */
export function writeHeaders(fields: readonly Field[]): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  const bytes = fields.flatMap((field) => [
    0,
    ...field.flatMap((text) => {
      assert.ok(text.length < 127);
      return [text.length, ...encoder.encode(text)];
    }),
  ]);
  return Uint8Array.from(bytes);
}

/** From a code, with a 1 put before it that keeps its zeros, to its character. */
function huffmanCodes(): Map<number, string> {
  const symbols = CODE_LENGTHS
    .flatMap(([bits = 0, count = 1]) => Array.from({ length: count }, () => bits))
    .map((bits, symbol) => ({ bits, symbol }))
    .toSorted((a, b) => a.bits - b.bits || a.symbol - b.symbol);
  const codes = new Map<number, string>();
  let [code, length] = [0, 0];
  for (const { bits, symbol } of symbols) {
    code *= 2 ** (bits - length);
    length = bits;
    codes.set(2 ** bits + code, String.fromCharCode(symbol));
    code++;
  }
  return codes;
}
