import assert from "node:assert/strict";
import { systemRandom } from "./clock.ts";
import { drain } from "./drain.ts";
import { FakeClock } from "./fake_clock.ts";

/**
 * Lets a drain go on to its end, and answers when each was closed.
 *
 * @param stallMs how long the process stands still once, after two seconds
 */
async function momentsOf(count: number, ms: number, stallMs = 0): Promise<Map<number, number>> {
  const clock = new FakeClock();
  const closed = new Map<number, number>();
  const all = Array.from({ length: count }, (_, index) => index);
  let isOver = false;
  const draining = drain(all, (index) => void closed.set(index, clock.monotonic()), {
    clock,
    random: systemRandom,
    ms,
  }).then(() => isOver = true);
  for (let step = 0; step < 20_000 && !isOver; step++) {
    await null;
    clock.advance(step === 200 ? 10 + stallMs : 10);
  }
  await draining;
  return closed;
}

/** The most that were closed within so many milliseconds. */
function mostWithin(ms: number, moments: Iterable<number>): number {
  const sorted = [...moments].sort((a, b) => a - b);
  let from = 0;
  return sorted.reduce((most, moment, index) => {
    while (moment - (sorted[from] ?? 0) >= ms) from++;
    return Math.max(most, index - from + 1);
  }, 0);
}

Deno.test("drain() closes everything, 500 a second, in no order", async () => {
  const moments = await momentsOf(5000, 18_000);
  assert.equal(moments.size, 5000);
  const last = Math.max(...moments.values());
  assert.ok(last > 9_500 && last <= 10_100, `${last} ms`);
  assert.ok(mostWithin(1000, moments.values()) <= 600, "a second got more than its share");
  assert.ok(mostWithin(100, moments.values()) <= 110, "a slice got more than its share");
  const inOrder = [...moments.keys()].filter((index, place) => index === place).length;
  assert.ok(inOrder < 50, `${inOrder} in their places`);
});

Deno.test("drain() is faster where the time is too short for that", async () => {
  const moments = await momentsOf(5000, 2000);
  assert.equal(moments.size, 5000);
  assert.ok(Math.max(...moments.values()) <= 2100);
  assert.ok(mostWithin(100, moments.values()) <= 550);
});

Deno.test("drain() does not catch up at once after the process stood still, where there is time", async () => {
  const moments = await momentsOf(5000, 18_000, 3000);
  assert.ok(mostWithin(100, moments.values()) <= 110, "a slice got more than its share");
  const last = Math.max(...moments.values());
  assert.ok(last > 12_500 && last <= 13_100, `${last} ms`);
});

Deno.test("drain() ends in time, however long the process stood still", async () => {
  const moments = await momentsOf(5000, 11_000, 3000);
  assert.equal(moments.size, 5000);
  assert.ok(Math.max(...moments.values()) <= 11_100);
});

Deno.test("drain() closes all at once where there is no time", async () => {
  const moments = await momentsOf(100, 0);
  assert.deepEqual([...new Set(moments.values())], [0]);
  assert.equal(moments.size, 100);
});

Deno.test("drain() of nothing is over at once", async () => {
  assert.equal((await momentsOf(0, 1000)).size, 0);
});
