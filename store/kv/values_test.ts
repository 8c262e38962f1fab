import assert from "node:assert/strict";
import type { Row, Write } from "./database.ts";
import { VALUE_BYTES_MAX } from "./database.ts";
import { FakeDatabase } from "./fake_database.ts";
import { OwnedDatabase } from "./owned_database.ts";
import { byteWrites, joinText, jsonValue, parseJson, readTexts, textWrites } from "./values.ts";

function rowsOf(writes: readonly Write[]): Row[] {
  return writes.map(({ key, value }) => ({ key, value: value ?? new Uint8Array(), version: "1" }));
}

function write(text: string): Write[] {
  return textWrites(text, (part) => ["text", part]);
}

Deno.test("textWrites() makes one part of 64 KiB, and a second of the byte past it", () => {
  for (const [length, sizes] of [[1, [1]], [65_536, [65_536]], [65_537, [65_536, 1]]] as const) {
    const writes = write("a".repeat(length));
    assert.deepEqual(writes.map(({ value }) => value?.length), sizes);
    assert.deepEqual(writes.map(({ key }) => key), sizes.map((_, part) => ["text", part]));
  }
});

Deno.test("textWrites() makes one empty part of an empty text, and joinText() gives it back", () => {
  const writes = write("");
  assert.deepEqual(writes, [{ key: ["text", 0], value: new Uint8Array() }]);
  assert.equal(joinText(rowsOf(writes)), "");
});

Deno.test("joinText() gives a text back whose characters lie across the parts", () => {
  for (const character of ["é", "語", "🐚"]) {
    for (let shift = 1; shift < 4; shift++) {
      const text = "a".repeat(VALUE_BYTES_MAX - shift) + character + "zzz";
      const writes = write(text);
      assert.equal(writes.length, 2);
      assert.ok(joinText(rowsOf(writes)) === text, `"${character}" shifted by ${shift}`);
    }
  }
});

Deno.test("joinText() throws where a part is missing from the middle of a character", () => {
  const [first] = rowsOf(write("a".repeat(VALUE_BYTES_MAX - 1) + "é"));
  assert.ok(first);
  assert.throws(() => joinText([first]), TypeError);
});

Deno.test("byteWrites() cuts at 64 KiB whatever the bytes are", () => {
  const bytes = new Uint8Array(2 * VALUE_BYTES_MAX + 1).map((_, index) => index);
  const writes = byteWrites(bytes, (part) => ["bytes", part]);
  assert.deepEqual(writes.map(({ value }) => value?.length), [VALUE_BYTES_MAX, VALUE_BYTES_MAX, 1]);
  const [, , last] = writes;
  assert.deepEqual(last, { key: ["bytes", 2], value: bytes.slice(2 * VALUE_BYTES_MAX) });
});

Deno.test("parseJson() gives back what jsonValue() took", () => {
  const value = { name: "Zoë 🐚", list: [1, "two", null] };
  assert.deepEqual(parseJson(jsonValue(value)), value);
});

Deno.test("jsonValue() takes what fits in one value, and not a byte more", () => {
  assert.equal(jsonValue("x".repeat(VALUE_BYTES_MAX - 2)).length, VALUE_BYTES_MAX);
  assert.throws(() => jsonValue("x".repeat(VALUE_BYTES_MAX - 1)), RangeError);
  assert.throws(() => jsonValue("é".repeat(VALUE_BYTES_MAX / 2)), RangeError);
});

Deno.test("readTexts() answers whole texts, and says whether there are more", async () => {
  const owned = await OwnedDatabase.take(new FakeDatabase(), {}, () => {});
  const all = { start: ["text"], end: ["text", Infinity] };
  assert.deepEqual(await readTexts(owned, all), { texts: [], more: false });
  // Of three parts each, and of names of which one begins as the other does.
  const texts = ["a", "a1", "b", "c", "d", "e"].map((name) => name + "x".repeat(150_000));
  for (const text of texts) {
    const [name = ""] = text.split("x");
    await owned.write(textWrites(text, (part) => ["text", name, part]));
  }
  const first = await readTexts(owned, all);
  assert.deepEqual(first.texts.map(joinText), texts.slice(0, 5));
  assert.equal(first.more, true);
  const rest = await readTexts(owned, { ...all, start: ["text", "d", Infinity] });
  assert.deepEqual(rest.texts.map(joinText), texts.slice(5));
  assert.equal(rest.more, false);
});
