import assert from "node:assert/strict";
import { StallWatch } from "./stall_watch.ts";

/** How long this process stands still here, in milliseconds. */
const STALL_MS = 150;

Deno.test("StallWatch.longest() tells how long the process stood still", async () => {
  using watch = new StallWatch();
  const started = performance.now();
  while (performance.now() < started + STALL_MS) { /* Nothing else runs meanwhile. */ }
  // What was due meanwhile is looked at first.
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setTimeout(resolve, 30));
  const now = performance.now();
  assert.ok(watch.longest(started, now) > STALL_MS / 2);
  assert.equal(watch.longest(now + 1000, now + 2000), 0);
});
