import assert from "node:assert/strict";
import { FakeClock } from "../fake_clock.ts";
import { Pace } from "./pace.ts";

/** Takes as many as there are now. */
function takeAll(pace: Pace): number {
  let taken = 0;
  while (pace.waitMs === 0) {
    pace.take();
    taken++;
  }
  return taken;
}

Deno.test("Pace gives a burst, then its rate", () => {
  const clock = new FakeClock();
  const pace = new Pace({ rate: 100, burst: 5, clock });
  assert.equal(takeAll(pace), 5);
  assert.equal(pace.waitMs, 10);
  let taken = 0;
  for (let ms = 0; ms < 1000; ms++) {
    clock.advance(1);
    taken += takeAll(pace);
  }
  assert.equal(taken, 100);
});

Deno.test("Pace gives no more than a burst after any rest", () => {
  const clock = new FakeClock();
  const pace = new Pace({ rate: 100, burst: 5, clock });
  takeAll(pace);
  clock.advance(3600 * 1000);
  assert.equal(takeAll(pace), 5);
});

Deno.test("Pace.giveBack() lets another one be taken", () => {
  const clock = new FakeClock();
  const pace = new Pace({ rate: 100, burst: 5, clock });
  takeAll(pace);
  pace.giveBack();
  assert.equal(takeAll(pace), 1);
});
