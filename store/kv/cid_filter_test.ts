import assert from "node:assert/strict";
import { CidFilter, FILTER_BYTES_MAX } from "./cid_filter.ts";

const KEYS = 100_000;

/** A generator of pseudo-random numbers (mulberry32), so that a failure can be repeated. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = state + 0x6d2b79f5 | 0;
    let mixed = Math.imul(state ^ state >>> 15, 1 | state);
    mixed = mixed + Math.imul(mixed ^ mixed >>> 7, 61 | mixed) ^ mixed;
    return (mixed ^ mixed >>> 14) >>> 0;
  };
}

/** A cid of a sender. */
type Key = readonly [sender: number, cid: string];

/** Random keys; those of two seeds have none in common but by a chance of 2 to the minus 60. */
function keysOf(seed: number, count = KEYS): Key[] {
  const next = numbers(seed);
  return Array.from({ length: count }, () => {
    const name = () => next().toString(36) + next().toString(36) + next().toString(36);
    return [next() % 1000, name()];
  });
}

function falseRate(filter: CidFilter, others: readonly Key[]): number {
  return others.filter((key) => filter.has(...key)).length / others.length;
}

Deno.test("CidFilter.has() misses no key, and takes few others for one, for any seed", () => {
  const [keys, others] = [keysOf(1), keysOf(2)];
  for (const seed of [0, -1, 0x811c9dc5, Date.UTC(2026, 0, 1)]) {
    const filter = new CidFilter(seed);
    for (const key of keys) filter.add(...key);
    assert.ok(keys.every((key) => filter.has(...key)));
    const rate = falseRate(filter, others);
    assert.ok(rate < 0.02, `${rate} for seed ${seed}`);
  }
});

Deno.test("CidFilter.has() tells keys apart that are alike: counted names, one letter, one bit", () => {
  const filter = new CidFilter(7);
  const alice = 0x1234_5678;
  const keys = (sender: number, from: number, head = "") =>
    Array.from({ length: KEYS }, (_, index): Key => [sender, `${head}${from + index}`]);
  for (const key of keys(alice, 0)) filter.add(...key);
  for (const sender of [alice ^ 1, alice ^ 1 << 31, alice + 1, -alice, 0]) {
    assert.ok(falseRate(filter, keys(sender, 0)) < 0.02);
  }
  assert.ok(falseRate(filter, keys(alice, KEYS)) < 0.02);
  assert.ok(falseRate(filter, keys(alice, 0, "x")) < 0.02);
});

Deno.test("CidFilter.has() misses no key where there are more than its memory is good for", () => {
  const bytesMax = 200 * 1024;
  const filter = new CidFilter(7, bytesMax);
  const keys = keysOf(3, 2 * KEYS);
  for (const key of keys) filter.add(...key);
  assert.ok(filter.bytes <= bytesMax, `${filter.bytes} bytes`);
  assert.ok(keys.every((key) => filter.has(...key)));
  const rate = falseRate(filter, keysOf(4));
  assert.ok(rate > 0.02 && rate < 0.9, `${rate}: it errs more, and is still of use`);
});

Deno.test("CidFilter.add() takes memory as it is needed, and none for a key it holds", () => {
  const filter = new CidFilter(7);
  assert.equal(filter.has(1, "a"), false);
  assert.equal(filter.bytes, 0);
  filter.add(1, "a");
  const { bytes } = filter;
  assert.ok(bytes > 0 && bytes <= FILTER_BYTES_MAX / 100);
  for (let count = 0; count < KEYS; count++) filter.add(1, "a");
  assert.equal(filter.bytes, bytes);
  for (const key of keysOf(5)) filter.add(...key);
  assert.ok(filter.bytes > bytes);
});

Deno.test("CidFilter.has() errs for other keys where the seed is another", () => {
  const [one, other] = [new CidFilter(1, 0), new CidFilter(2, 0)];
  for (const key of keysOf(6)) {
    one.add(...key);
    other.add(...key);
  }
  const errors = keysOf(7).filter((key) => one.has(...key));
  assert.ok(errors.length > 100);
  const shared = errors.filter((key) => other.has(...key));
  assert.ok(shared.length < errors.length * 0.9);
});
