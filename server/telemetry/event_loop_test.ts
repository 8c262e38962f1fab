import assert from "node:assert/strict";
import { EventLoop } from "./event_loop.ts";
import { HeldClock } from "./fake_held_clock.ts";

/** Lets looks pass, each held up by some time. */
function pass(clock: HeldClock, looks: number, delayMs: number): void {
  for (let look = 0; look < looks; look++) clock.hold(delayMs);
}

Deno.test("EventLoop.isLate is true while timers are late for longer than a moment", () => {
  const clock = new HeldClock();
  using loop = new EventLoop({ clock });
  pass(clock, 20, 0);
  assert.equal(loop.delayMs, 0);
  pass(clock, 1, 2000);
  assert.equal(loop.isLate, false, "one long pause");
  pass(clock, 30, 400);
  assert.equal(loop.isLate, true);
  assert.ok(loop.delayMs > 350 && loop.delayMs < 450);
  pass(clock, 30, 0);
  assert.equal(loop.isLate, false);
});

Deno.test("EventLoop.cores follows what the thread takes, and stays under 1", () => {
  const clock = new HeldClock();
  let cpuMs = 0;
  using loop = new EventLoop({ clock, threadCpuMs: () => cpuMs });
  for (let look = 0; look < 300; look++) {
    cpuMs += 50;
    clock.advance(100);
  }
  assert.ok(Math.abs(loop.cores - 0.5) < 0.01, `${loop.cores}`);
  for (let look = 0; look < 300; look++) {
    cpuMs += 130;
    clock.advance(100);
  }
  assert.ok(loop.cores > 0.99 && loop.cores <= 1, `${loop.cores}`);
});

Deno.test("EventLoop tells each delay, and no more once it is disposed of", () => {
  const clock = new HeldClock();
  const delays: number[] = [];
  const loop = new EventLoop({ clock, looked: (ms) => delays.push(ms) });
  pass(clock, 1, 30);
  pass(clock, 1, 0);
  assert.deepEqual(delays, [30, 0]);
  loop[Symbol.dispose]();
  assert.equal(clock.timers, 0);
});
