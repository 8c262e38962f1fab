import assert from "node:assert/strict";
import { KeyedQueue } from "./keyed_queue.ts";

Deno.test("KeyedQueue.run() keeps jobs of one key apart, also after one that fails", async () => {
  const queue = new KeyedQueue();
  const log: string[] = [];
  const job = (name: string, fails = false) => async () => {
    log.push(`${name} begins`);
    await null;
    log.push(`${name} ends`);
    if (fails) throw new Error("Cannot go on");
    return name;
  };
  const failing = assert.rejects(queue.run("a", job("first", true)));
  assert.deepEqual(
    await Promise.all([queue.run("a", job("second")), queue.run("a", job("third"))]),
    [
      "second",
      "third",
    ],
  );
  await failing;
  const expected = ["first", "second", "third"].flatMap((
    name,
  ) => [`${name} begins`, `${name} ends`]);
  assert.deepEqual(log, expected);
});

Deno.test("KeyedQueue.run() lets jobs of another key pass", async () => {
  const queue = new KeyedQueue();
  const { promise, resolve } = Promise.withResolvers<void>();
  const slow = queue.run("a", () => promise);
  assert.equal(await queue.run("b", () => Promise.resolve(1)), 1);
  resolve();
  await slow;
});
