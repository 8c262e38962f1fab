import assert from "node:assert/strict";
import fc from "fast-check";
import {
  FILE_HEADER_BYTES,
  fileHeader,
  RECORD_HEADER_BYTES,
  recordsOf,
  sealRecord,
} from "./records.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A file with texts as segments from a number on, and zeros behind them. */
function makeFile(texts: readonly string[], first = 1, zeros = 100): Uint8Array {
  const header = fileHeader(first);
  const records = texts.map((text, index) => {
    const bytes = encoder.encode(text);
    const record = new Uint8Array(RECORD_HEADER_BYTES + bytes.length);
    record.set(bytes, RECORD_HEADER_BYTES);
    sealRecord(record, { number: first + index, previous: first + index - 1 }, header);
    return record;
  });
  return join([header, ...records, new Uint8Array(zeros)]);
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

function textsOf(file: Uint8Array): string[] {
  return recordsOf(file).map(({ text }) => decoder.decode(text));
}

Deno.test("recordsOf() answers what sealRecord() sealed", () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: "grapheme" })),
      fc.integer({ min: 1 }),
      (texts, first) => {
        const records = recordsOf(makeFile(texts, first));
        assert.deepEqual(records.map(({ text }) => decoder.decode(text)), texts);
        assert.deepEqual(records.map(({ number }) => number), texts.map((_, i) => first + i));
        assert.deepEqual(
          records.map(({ previous }) => previous),
          texts.map((_, i) => first + i - 1),
        );
      },
    ),
  );
});

Deno.test("recordsOf() answers the records before one that is cut off anywhere", () => {
  const file = makeFile(["one", "two", "three"], 7, 0);
  const ends = [FILE_HEADER_BYTES];
  for (const text of ["one", "two", "three"]) {
    ends.push((ends.at(-1) ?? 0) + RECORD_HEADER_BYTES + text.length);
  }
  for (let length = 0; length <= file.length; length++) {
    const whole = ends.filter((end) => end <= length).length - 1;
    assert.equal(recordsOf(file.subarray(0, length)).length, Math.max(0, whole), `${length} bytes`);
  }
});

Deno.test("recordsOf() answers the records before one of which any bit was changed", () => {
  const file = makeFile(["one", "two"]);
  const start = FILE_HEADER_BYTES + RECORD_HEADER_BYTES + "one".length;
  for (let index = start; index < start + RECORD_HEADER_BYTES + "two".length; index++) {
    for (let bit = 1; bit < 256; bit <<= 1) {
      const changed = file.slice();
      changed[index] = (changed[index] ?? 0) ^ bit;
      assert.deepEqual(textsOf(changed), ["one"], `bit ${bit} of byte ${index}`);
    }
  }
});

Deno.test("recordsOf() answers the records behind one that was damaged", () => {
  const file = makeFile(["one", "two", "three"]);
  for (const index of [0, 4, 7, 8, 15, 16, 24]) {
    const changed = file.slice();
    const at = FILE_HEADER_BYTES + RECORD_HEADER_BYTES + "one".length + index;
    changed[at] = (changed[at] ?? 0) ^ 1;
    assert.deepEqual(recordsOf(changed).map(({ number }) => number), [1, 3], `byte ${index}`);
  }
});

Deno.test("recordsOf() does not answer what is left of an earlier use of the file", () => {
  const old = makeFile(["aaa", "bbb", "ccc"], 1);
  const recycled = old.slice();
  recycled.set(fileHeader(4), 0);
  assert.deepEqual(textsOf(recycled), []);
  // The second begins where the second of the old ones did.
  recycled.set(makeFile(["ddd"], 4, 0), 0);
  assert.deepEqual(textsOf(recycled), ["ddd"]);
});

Deno.test("recordsOf() answers nothing of what is no file of a journal", () => {
  for (const length of [0, 1, FILE_HEADER_BYTES, 1000]) {
    assert.deepEqual(recordsOf(new Uint8Array(length)), []);
    assert.deepEqual(recordsOf(new Uint8Array(length).fill(255)), []);
  }
  const newer = makeFile(["one"]);
  newer[7] = 2;
  assert.deepEqual(recordsOf(newer), []);
});
