import assert from "node:assert/strict";
import fc from "fast-check";
import { SIGNATURE_KEYS_MAX } from "../limits.ts";
import {
  byteCount,
  choice,
  name,
  names,
  networks,
  seconds,
  secrets,
  wholeNumber,
} from "./config_value.ts";

Deno.test("wholeNumber() reads every number of its range and no other", () => {
  const value = wholeNumber({ min: 3, max: 1_000 });
  fc.assert(fc.property(fc.integer({ min: -2_000, max: 2_000 }), (number) => {
    const expected = number >= 3 && number <= 1_000 ? number : undefined;
    assert.equal(value.read(`${number}`), expected);
  }));
});

Deno.test("byteCount() multiplies by its unit, in any case, with or without a blank", () => {
  const value = byteCount({ min: 0, max: 1024 ** 4 });
  const cases: readonly [text: string, bytes: number | undefined][] = [
    ["5", 5],
    ["5 B", 5],
    ["5KiB", 5 * 1024],
    ["5 mib", 5 * 1024 ** 2],
    ["5 GIB", 5 * 1024 ** 3],
    ["5  MiB", undefined],
    ["5 MB", undefined],
    ["5k", undefined],
    ["", undefined],
  ];
  for (const [text, bytes] of cases) assert.equal(value.read(text), bytes, text);
});

Deno.test("seconds() multiplies by its unit", () => {
  const value = seconds({ min: 0, max: 1e9 });
  const cases: readonly [text: string, seconds: number | undefined][] = [
    ["5", 5],
    ["5s", 5],
    ["5 min", 300],
    ["5 h", 18_000],
    ["5d", 432_000],
    // It could mean minutes, months or milliseconds.
    ["5m", undefined],
    ["5ms", undefined],
  ];
  for (const [text, expected] of cases) assert.equal(value.read(text), expected, text);
});

Deno.test("choice() reads its words and nothing that every object has", () => {
  const value = choice("kv", "memory");
  assert.equal(value.allowed, '"kv" or "memory"');
  for (const word of ["kv", "memory"]) assert.equal(value.read(word), word);
  for (const word of ["", "Kv", "constructor", "__proto__"]) {
    assert.equal(value.read(word), undefined);
  }
});

Deno.test("networks() separates by commas, blanks or both", () => {
  const expected = ["10.0.0.1", "10.1.0.0/16", "::1"];
  for (
    const text of ["10.0.0.1,10.1.0.0/16,::1", "10.0.0.1 10.1.0.0/16\n::1,", expected.join(", ")]
  ) {
    assert.deepEqual(networks().read(text), expected);
  }
});

Deno.test("name() reads a name as it is, and none with blanks", () => {
  for (const text of ["titan", "https://Acme.example/", "a,b"]) {
    assert.equal(name().read(text), text);
  }
  for (const text of ["", " a", "a b", "a\n"]) assert.equal(name().read(text), undefined);
});

Deno.test("names() separates by commas, blanks or both, and counts", () => {
  assert.deepEqual(names(3).read("b, a\tb,"), ["b", "a", "b"]);
  assert.equal(names(2).read("a b c"), undefined);
  for (const text of ["", " ", ",", " , "]) assert.equal(names(2).read(text), undefined);
});

Deno.test("secrets() cuts what is around each secret and keeps what is in it", () => {
  const texts = (text: string) =>
    secrets().read(text)?.map((secret) => new TextDecoder().decode(secret));
  assert.deepEqual(texts(" a b\n"), ["a b"]);
  assert.deepEqual(texts("ünïcode, old\t,older"), ["ünïcode", "old", "older"]);
  const many = (count: number) => Array.from({ length: count }, (_, i) => `secret${i}`);
  assert.deepEqual(texts(many(SIGNATURE_KEYS_MAX).join()), many(SIGNATURE_KEYS_MAX));
  assert.equal(texts(many(SIGNATURE_KEYS_MAX + 1).join()), undefined);
  for (const text of ["", " \n", ",", "a,", ",a", "a,,b", "a, ,b"]) {
    assert.equal(texts(text), undefined, text);
  }
});
