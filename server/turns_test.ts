import assert from "node:assert/strict";
import { afterInput } from "./clock.ts";
import { FakeClock } from "./fake_clock.ts";
import { Turns } from "./turns.ts";

Deno.test("Turns.next() calls back in the next turn, in order", async () => {
  using turns = new Turns(new FakeClock());
  const called: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  turns.next(() => {
    called.push("first");
    turns.next(() => {
      called.push("one turn later");
      resolve();
    });
  });
  turns.next(() => called.push("second"));
  await Promise.resolve();
  assert.deepEqual(called, []);
  await promise;
  assert.deepEqual(called, ["first", "second", "one turn later"]);
});

Deno.test("Turns.next() calls back at the end of a turn, when its timers have been called", async () => {
  const clock = new FakeClock();
  using turns = new Turns(clock);
  const called: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  turns.next(() => {
    called.push("turn");
    resolve();
  });
  clock.after(0, () => called.push("timer"));
  await promise;
  assert.deepEqual(called, ["timer", "turn"]);
});

Deno.test("Turns forgets what waits for the end of a turn when disposed of", async () => {
  const clock = new FakeClock();
  let calls = 0;
  {
    using turns = new Turns(clock);
    turns.next(() => calls++);
    await new Promise<void>((resolve) => clock.after(0, resolve));
  }
  await new Promise<void>((resolve) => afterInput(resolve));
  assert.equal(calls, 0);
});

Deno.test("Turns forgets what waits when disposed of", async () => {
  const clock = new FakeClock();
  let calls = 0;
  {
    using turns = new Turns(clock);
    turns.next(() => calls++);
  }
  await new Promise<void>((resolve) => clock.after(0, resolve));
  assert.equal(calls, 0);
});
