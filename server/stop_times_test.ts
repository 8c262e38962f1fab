import assert from "node:assert/strict";
import { stopTimes } from "./stop_times.ts";

Deno.test("stopTimes() waits for nobody longer than it has to", () => {
  assert.deepEqual(stopTimes(30), { closingMs: 15_000, peersMs: 5000, pushesMs: 5000 });
  assert.deepEqual(stopTimes(3600), { closingMs: 1_800_000, peersMs: 5000, pushesMs: 5000 });
});

Deno.test("stopTimes() fits into a short time, with some left for the last commits", () => {
  for (const seconds of [2, 3, 5, 10]) {
    const { closingMs, peersMs, pushesMs } = stopTimes(seconds);
    assert.ok(closingMs + peersMs <= seconds * 900, `${seconds} s`);
    assert.ok(2 * pushesMs <= closingMs, `${seconds} s`);
  }
});

Deno.test("stopTimes() leaves the last commits of a full load their time, from 4 s on", () => {
  for (const seconds of [4, 5, 10, 13, 30]) {
    const { closingMs, peersMs } = stopTimes(seconds);
    assert.ok(closingMs + peersMs + 1500 <= seconds * 1000, `${seconds} s`);
  }
});

Deno.test("stopTimes() lets peers hear of the end where there is no time at all", () => {
  assert.deepEqual(stopTimes(0), { closingMs: 0, peersMs: 250, pushesMs: 0 });
});
