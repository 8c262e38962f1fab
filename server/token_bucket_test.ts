import assert from "node:assert/strict";
import fc from "fast-check";
import { TokenBuckets } from "./token_bucket.ts";

/** Buckets on a clock that a test moves. */
function buckets(rate: number, burst: number, entries = 100) {
  let now = 5_000;
  const made = new TokenBuckets({ rate, burst, entries, monotonic: () => now });
  return { buckets: made, pass: (ms: number) => now += ms };
}

Deno.test("TokenBuckets.take() gives a burst and refuses the next token", () => {
  const { buckets: sends } = buckets(50, 200);
  for (let n = 0; n < 200; n++) assert.equal(sends.take("ann", 1), 0, `token ${n + 1}`);
  assert.equal(sends.take("ann", 1), 20);
  assert.equal(sends.take("bob", 200), 0);
});

Deno.test("TokenBuckets.take() gives the whole burst at a rate that is no round number", () => {
  for (const rate of [0.3, 3, 7, 49, 1e5]) {
    const { buckets: sends } = buckets(rate, 200);
    for (let n = 0; n < 200; n++) assert.equal(sends.take("ann", 1), 0, `token ${n + 1}`);
    assert.ok(sends.take("ann", 1) > 0, `rate ${rate}`);
  }
});

Deno.test("TokenBuckets.take() succeeds after exactly the wait that it named", () => {
  const { buckets: sends, pass } = buckets(50, 200);
  assert.equal(sends.take("ann", 200), 0);
  const wait = sends.take("ann", 10);
  assert.equal(wait, 200);
  pass(wait - 1);
  assert.equal(sends.take("ann", 10), 1);
  pass(1);
  assert.equal(sends.take("ann", 10), 0);
  assert.equal(sends.take("ann", 1), 20);
});

Deno.test("TokenBuckets.take() takes nothing where it refuses", () => {
  const { buckets: sends } = buckets(1, 10);
  assert.equal(sends.take("ann", 6), 0);
  assert.equal(sends.take("ann", 5), 1_000);
  assert.equal(sends.take("ann", 4), 0);
});

Deno.test("TokenBuckets.take() fills no bucket past its burst", () => {
  const { buckets: sends, pass } = buckets(50, 200);
  sends.take("ann", 1);
  pass(3_600_000);
  assert.equal(sends.take("ann", 200), 0);
  assert.ok(sends.take("ann", 1) > 0);
});

Deno.test("TokenBuckets.take() serves more than a burst from a full bucket, which then owes", () => {
  const { buckets: sends, pass } = buckets(10, 20);
  assert.equal(sends.take("ann", 50), 0);
  // 30 owed and 1 asked for.
  assert.equal(sends.take("ann", 1), 3_100);
  // More than a burst again: when the bucket is full.
  assert.equal(sends.take("ann", 50), 5_000);
  pass(4_999);
  assert.equal(sends.take("ann", 50), 1);
  pass(1);
  assert.equal(sends.take("ann", 50), 0);
});

Deno.test("TokenBuckets.take() has no limit at rate 0", () => {
  const { buckets: sends } = buckets(0, 1);
  for (let n = 0; n < 1_000; n++) assert.equal(sends.take("ann", 100), 0);
  assert.equal(sends.size, 0);
});

Deno.test("TokenBuckets.take() remembers a bounded number of keys, the last used ones", () => {
  const { buckets: sends } = buckets(1, 1, 3);
  for (const key of ["a", "b", "c"]) assert.equal(sends.take(key, 1), 0);
  assert.equal(sends.size, 3);
  for (const key of ["a", "b", "c"]) assert.ok(sends.take(key, 1) > 0, key);
  assert.equal(sends.take("d", 1), 0);
  assert.equal(sends.size, 3);
  for (const key of ["b", "c", "d"]) assert.ok(sends.take(key, 1) > 0, key);
  assert.equal(sends.take("a", 1), 0);
});

Deno.test("TokenBuckets.take() takes any name for a key", () => {
  const { buckets: sends } = buckets(1, 1);
  for (const key of ["constructor", "__proto__", ""]) {
    assert.equal(sends.take(key, 1), 0);
    assert.equal(sends.take(key, 1), 1_000);
  }
});

Deno.test("TokenBuckets.take() never gives more than a burst and the rate allow", () => {
  const step = fc.record({ tokens: fc.integer({ min: 1, max: 20 }), ms: fc.nat(2_000) });
  fc.assert(fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
    const { buckets: sends, pass } = buckets(7, 20);
    let given = 0;
    let elapsed = 0;
    for (const { tokens, ms } of steps) {
      const wait = sends.take("ann", tokens);
      if (wait === 0) given += tokens;
      assert.ok(given <= 20 + elapsed * 7 / 1000 + 1e-2);
      elapsed += ms;
      pass(ms);
    }
  }));
});
