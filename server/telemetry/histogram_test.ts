import assert from "node:assert/strict";
import { Histogram } from "./histogram.ts";

Deno.test("Histogram.observe() counts a value at a bound below it, and one past all in the last", () => {
  const histogram = new Histogram([1, 5, 10]);
  for (const value of [0, 1, 1.1, 5, 10, 10.5, 1e9, -3]) histogram.observe(value);
  assert.deepEqual([...histogram.counts], [3, 2, 1, 2]);
  assert.equal(histogram.count, 8);
  assert.equal(histogram.sum, 0 + 1 + 1.1 + 5 + 10 + 10.5 + 1e9);
});
