import assert from "node:assert/strict";
import fc from "fast-check";
import { createUlid } from "./ulid.ts";

const ULID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;

function fill(value: number): (buffer: Uint8Array) => Uint8Array {
  return (buffer) => buffer.fill(value);
}

/** Reads digits of Crockford's base 32. */
function decode(digits: string): number {
  return [...digits].reduce(
    (value, digit) => value * 32 + "0123456789ABCDEFGHJKMNPQRSTVWXYZ".indexOf(digit),
    0,
  );
}

Deno.test("createUlid() writes the time and the random bytes", () => {
  // The example of the ULID specification.
  assert.equal(createUlid(() => 1469918176385, fill(0))(), "01ARYZ6S410000000000000000");
  assert.equal(createUlid(() => 2 ** 48 - 1, fill(0))(), "7ZZZZZZZZZ0000000000000000");
  // Of the last 40 bits the first is left free to count into.
  assert.equal(createUlid(() => 0, fill(0xff))(), "0000000000ZZZZZZZZFZZZZZZZ");
});

Deno.test("createUlid() counts up within a millisecond", () => {
  const newId = createUlid(() => 5, fill(0));
  assert.equal(newId(), "00000000050000000000000000");
  assert.equal(newId(), "00000000050000000000000001");
});

Deno.test("createUlid() sorts and never repeats, whatever the clock does", () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 1e13 }), { minLength: 1 }), (times) => {
    let at = 0;
    const newId = createUlid(
      () => times[at++ % times.length] ?? 0,
      (buffer) => crypto.getRandomValues(buffer),
    );
    const ids = Array.from({ length: 3 * times.length }, newId);
    assert.ok(ids.every((id) => ULID.test(id)));
    assert.deepEqual(ids, [...new Set(ids)].sort());
  }));
});

Deno.test("createUlid() names the moment while the clock goes forward", () => {
  let ms = 1_700_000_000_000;
  const newId = createUlid(() => ms, (buffer) => crypto.getRandomValues(buffer));
  for (; ms < 1_700_000_000_200; ms += 7) assert.equal(decode(newId().slice(0, 10)), ms);
});

Deno.test("createUlid() fetches random bytes for many milliseconds at once", () => {
  let ms = 0;
  let calls = 0;
  const newId = createUlid(() => ms, (buffer) => {
    calls++;
    return buffer;
  });
  for (; ms < 64; ms++) newId();
  assert.equal(calls, 1);
  newId();
  assert.equal(calls, 2);
});
