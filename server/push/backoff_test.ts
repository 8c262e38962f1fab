import assert from "node:assert/strict";
import type { RandomBytes } from "../clock.ts";
import { backoffMs, jitteredMs } from "./backoff.ts";

const always = (byte: number): RandomBytes => (buffer) => buffer.fill(byte);

Deno.test("backoffMs() doubles up to its longest", () => {
  const range = { min: 1000, max: 300_000 };
  const waits = Array.from({ length: 12 }, (_, n) => backoffMs(n + 1, range) / 1000);
  assert.deepEqual(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);
  assert.equal(backoffMs(5000, range), 300_000);
});

Deno.test("jitteredMs() lies between nothing and all of the time", () => {
  assert.equal(jitteredMs(1000, always(0)), 0);
  assert.equal(jitteredMs(1000, always(128)), 502);
  assert.equal(jitteredMs(1000, always(255)), 1000);
});
