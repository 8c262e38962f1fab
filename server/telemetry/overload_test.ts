import assert from "node:assert/strict";
import { EventLoop } from "./event_loop.ts";
import { HeldClock } from "./fake_held_clock.ts";
import { Overload, type OverloadLevel } from "./overload.ts";

/** The level after some looks that all see the same. */
function after(
  overload: Overload,
  looks: number,
  delayMs: number,
  cores: number,
): OverloadLevel {
  for (let look = 0; look < looks; look++) overload.look({ delayMs, cores });
  return overload.level;
}

Deno.test("Overload turns new connections away past 95 % of a core, until it is below 85 %", () => {
  const overload = new Overload();
  assert.equal(after(overload, 100, 0, 0.949), 0);
  assert.equal(overload.look({ delayMs: 0, cores: 0.95 }), true);
  assert.equal(overload.level, 1);
  assert.equal(overload.look({ delayMs: 0, cores: 0.86 }), false);
  assert.equal(overload.level, 1);
  assert.equal(after(overload, 1, 0, 0.84), 0);
});

Deno.test("Overload refuses no send while answers come in time, however busy the core is", () => {
  assert.equal(after(new Overload(), 10_000, 124, 1), 1);
});

Deno.test("Overload refuses sends once the loop was late for 3 s, and new connections before", () => {
  const overload = new Overload();
  // Timers that are 250 ms late look every 350 ms.
  assert.equal(after(overload, 8, 250, 0.5), 1);
  assert.equal(after(overload, 1, 250, 0.5), 2);
  assert.equal(after(overload, 50, 130, 0.5), 2, "it is not well yet");
  assert.equal(after(overload, 1, 124, 0.5), 0);
  assert.equal(after(overload, 8, 250, 0.5), 1, "it counts anew");
});

Deno.test("Overload refuses sends no later where the loop is later", () => {
  const clock = new HeldClock();
  const overload = new Overload();
  using _loop = new EventLoop({ clock, looked: (_, loop) => overload.look(loop) });
  const startedAt = clock.monotonic();
  while (overload.level < 2 && clock.monotonic() - startedAt < 60_000) clock.hold(1000);
  const ms = clock.monotonic() - startedAt;
  assert.ok(ms < 10_000, `after ${ms} ms`);
});
