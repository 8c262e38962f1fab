import assert from "node:assert/strict";
import { Deadlines, waitAtMost } from "./deadlines.ts";
import { FakeClock } from "./fake_clock.ts";

class Thing {
  expired = 0;
  onExpire: () => void = () => {};

  expire(): void {
    this.expired++;
    this.onExpire();
  }
}

Deno.test("Deadlines tells a thing once that its time is up", () => {
  const clock = new FakeClock();
  using deadlines = new Deadlines(clock);
  const thing = new Thing();
  deadlines.set(thing, 5000);
  clock.advance(4999);
  assert.equal(thing.expired, 0);
  clock.advance(1001);
  assert.equal(thing.expired, 1);
  clock.advance(60_000);
  assert.equal(thing.expired, 1);
});

Deno.test("Deadlines.clear() is heeded, and a new deadline replaces the old one", () => {
  const clock = new FakeClock();
  using deadlines = new Deadlines(clock);
  const [happened, delayed] = [new Thing(), new Thing()];
  deadlines.set(happened, 5000);
  deadlines.set(delayed, 5000);
  deadlines.clear(happened);
  deadlines.set(delayed, 9000);
  clock.advance(8000);
  assert.deepEqual([happened.expired, delayed.expired], [0, 0]);
  clock.advance(2000);
  assert.deepEqual([happened.expired, delayed.expired], [0, 1]);
});

Deno.test("Deadlines has one timer for all, and none while nothing waits", () => {
  const clock = new FakeClock();
  using deadlines = new Deadlines(clock);
  const things = Array.from({ length: 100 }, () => new Thing());
  assert.equal(clock.timers, 0);
  for (const thing of things) deadlines.set(thing, 3000);
  assert.equal(clock.timers, 1);
  clock.advance(4000);
  assert.ok(things.every(({ expired }) => expired === 1));
  assert.equal(clock.timers, 0);
});

Deno.test("Deadlines takes a new deadline from a thing whose time is up", () => {
  const clock = new FakeClock();
  using deadlines = new Deadlines(clock);
  const thing = new Thing();
  thing.onExpire = () => {
    if (thing.expired === 1) deadlines.set(thing, 10_000);
  };
  deadlines.set(thing, 1000);
  clock.advance(2000);
  assert.equal(thing.expired, 1);
  assert.equal(clock.timers, 1);
  clock.advance(11_000);
  assert.equal(thing.expired, 2);
});

Deno.test("Deadlines forgets everything when disposed of", () => {
  const clock = new FakeClock();
  const thing = new Thing();
  {
    using deadlines = new Deadlines(clock);
    deadlines.set(thing, 1000);
  }
  assert.equal(clock.timers, 0);
  clock.advance(10_000);
  assert.equal(thing.expired, 0);
});

Deno.test("waitAtMost() resolves with the promise and leaves no timer", async () => {
  const clock = new FakeClock();
  await waitAtMost(clock, 1000, Promise.resolve());
  assert.equal(clock.timers, 0);
});

Deno.test("waitAtMost() resolves without the promise when the time is up", async () => {
  const clock = new FakeClock();
  const waited = waitAtMost(clock, 1000, new Promise(() => {}));
  clock.advance(1000);
  await waited;
});

Deno.test("waitAtMost() rejects with the promise and leaves no timer", async () => {
  const clock = new FakeClock();
  await assert.rejects(waitAtMost(clock, 1000, Promise.reject(new Error("Gone"))), /Gone/);
  assert.equal(clock.timers, 0);
});
