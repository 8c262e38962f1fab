import assert from "node:assert/strict";
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
  assert.equal(after(overload, 29, 250, 0.5), 1);
  assert.equal(after(overload, 1, 250, 0.5), 2);
  assert.equal(after(overload, 50, 130, 0.5), 2, "it is not well yet");
  assert.equal(after(overload, 1, 124, 0.5), 0);
  assert.equal(after(overload, 29, 250, 0.5), 1, "it counts anew");
});
