import assert from "node:assert/strict";
import { afterInput, systemClock, systemRandom } from "./clock.ts";
import { FakeClock } from "./fake_clock.ts";

Deno.test("systemClock tells the time since 1970, and a time that never goes back", () => {
  const before = Date.now();
  const now = systemClock.now();
  assert.ok(now >= before && now <= Date.now());
  const first = systemClock.monotonic();
  assert.ok(systemClock.monotonic() >= first);
});

Deno.test("systemClock.after() calls back once after the time", async () => {
  const started = systemClock.monotonic();
  let calls = 0;
  await new Promise<void>((resolve) => {
    systemClock.after(5, () => {
      calls++;
      resolve();
    });
  });
  assert.ok(systemClock.monotonic() - started >= 4);
  assert.equal(calls, 1);
});

Deno.test("systemClock.after() answers what cancels it", async () => {
  let called = false;
  const cancel = systemClock.after(0, () => {
    called = true;
  });
  cancel();
  // A timer set later with the same time fires later: by then the first one would have.
  await new Promise<void>((resolve) => systemClock.after(0, resolve));
  assert.equal(called, false);
  cancel();
});

Deno.test("afterInput() calls back once, and answers what cancels it", async () => {
  const called: string[] = [];
  afterInput(() => called.push("cancelled"))();
  await new Promise<void>((resolve) => {
    afterInput(() => {
      called.push("once");
      resolve();
    });
  });
  await new Promise<void>((resolve) => afterInput(resolve));
  assert.deepEqual(called, ["once"]);
});

Deno.test("systemRandom fills the buffer that it is given", () => {
  const buffer = new Uint8Array(32);
  assert.equal(systemRandom(buffer), buffer);
  assert.ok(buffer.some((byte) => byte !== 0));
  assert.notDeepEqual(systemRandom(new Uint8Array(32)), buffer);
});

Deno.test("FakeClock.advance() calls what is due, at its time and in order", () => {
  const clock = new FakeClock(1000);
  const seen: [string, number, number][] = [];
  const note = (name: string) => () => void seen.push([name, clock.monotonic(), clock.now()]);
  clock.after(20, note("late"));
  clock.after(10, () => {
    note("early")();
    clock.after(5, note("nested"));
  });
  const cancel = clock.after(12, note("cancelled"));
  clock.after(10, note("early too"));
  clock.after(31, note("not yet"));
  cancel();
  clock.advance(30);
  assert.deepEqual(seen, [
    ["early", 10, 1010],
    ["early too", 10, 1010],
    ["nested", 15, 1015],
    ["late", 20, 1020],
  ]);
  assert.equal(clock.monotonic(), 30);
  assert.equal(clock.timers, 1);
});
