import assert from "node:assert/strict";
import fc from "fast-check";
import { FakeClock } from "../fake_clock.ts";
import { DueQueue, type Timed } from "./due_queue.ts";

interface Named extends Timed {
  readonly name: string;
}

function named(name: string): Named {
  return { name, due: 0, slot: -1 };
}

/** A queue, and the names of what became ripe with the time at which it did. */
function createQueue(clock: FakeClock) {
  const ripe: [name: string, ms: number][] = [];
  const queue = new DueQueue<Named>(clock, ({ name }) => ripe.push([name, clock.monotonic()]));
  return { queue, ripe };
}

Deno.test("DueQueue calls with each when its time has come, in order, with one timer", () => {
  const clock = new FakeClock();
  const { queue, ripe } = createQueue(clock);
  const times: readonly (readonly [string, number])[] = [["b", 20], ["a", 10], ["c", 30]];
  for (const [name, ms] of times) {
    queue.add(named(name), ms);
    assert.equal(clock.timers, 1);
  }
  clock.advance(9);
  assert.deepEqual(ripe, []);
  clock.advance(100);
  assert.deepEqual(ripe, [["a", 10], ["b", 20], ["c", 30]]);
  assert.equal(clock.timers, 0);
});

Deno.test("DueQueue.delete() takes out whoever waits, and says whether it did", () => {
  const clock = new FakeClock();
  const { queue, ripe } = createQueue(clock);
  const [a, b] = [named("a"), named("b")];
  queue.add(a, 10);
  queue.add(b, 20);
  assert.equal(queue.delete(a), true);
  assert.equal(queue.delete(a), false);
  assert.equal(queue.size, 1);
  clock.advance(100);
  assert.deepEqual(ripe, [["b", 20]]);
  assert.equal(queue.delete(b), false);
});

Deno.test("DueQueue waits for longer than a timer of the machine can", () => {
  const clock = new FakeClock();
  const { queue, ripe } = createQueue(clock);
  const longest: number[] = [];
  const after = clock.after.bind(clock);
  clock.after = (ms, callback) => {
    longest.push(ms);
    return after(ms, callback);
  };
  queue.add(named("a"), 2 ** 33);
  clock.advance(2 ** 33 - 1);
  assert.deepEqual(ripe, []);
  clock.advance(1);
  assert.deepEqual(ripe, [["a", 2 ** 33]]);
  assert.ok(Math.max(...longest) < 2 ** 31);
});

Deno.test("DueQueue calls with what is due at once in a later turn, not within add()", () => {
  const clock = new FakeClock();
  const { queue, ripe } = createQueue(clock);
  queue.add(named("a"), 0);
  assert.deepEqual(ripe, []);
  clock.advance(1);
  assert.deepEqual(ripe, [["a", 1]]);
});

Deno.test("DueQueue calls with nothing after it was disposed of", () => {
  const clock = new FakeClock();
  const { queue, ripe } = createQueue(clock);
  queue.add(named("a"), 10);
  queue[Symbol.dispose]();
  queue.add(named("b"), 10);
  clock.advance(100);
  assert.deepEqual(ripe, []);
  assert.equal(clock.timers, 0);
});

Deno.test("DueQueue keeps order whatever is added and taken out", () => {
  const step = fc.record({ ms: fc.integer({ min: 1, max: 50 }), drops: fc.nat(20) });
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    const clock = new FakeClock();
    const { queue, ripe } = createQueue(clock);
    const waiting: Named[] = [];
    for (const [index, { ms, drops }] of steps.entries()) {
      const one = named(`${index}`);
      queue.add(one, ms);
      waiting.push(one);
      const [dropped] = drops < waiting.length ? waiting.splice(drops, 1) : [];
      if (dropped !== undefined) assert.ok(queue.delete(dropped));
    }
    assert.equal(queue.size, waiting.length);
    clock.advance(100);
    assert.deepEqual(ripe.map(([, ms]) => ms), waiting.map(({ due }) => due).sort((a, b) => a - b));
    assert.deepEqual(
      ripe.map(([name]) => name).sort(),
      waiting.map(({ name }) => name).sort(),
    );
  }));
});
