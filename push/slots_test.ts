import assert from "node:assert/strict";
import { Slots } from "./slots.ts";

const NEVER = new AbortController().signal;

Deno.test("Slots.take() gives so many slots at once, then in the order of asking", async () => {
  const slots = new Slots(2);
  const [first, second] = [await slots.take(NEVER), await slots.take(NEVER)];
  const order: string[] = [];
  const third = slots.take(NEVER).then((slot) => (order.push("third"), slot));
  const fourth = slots.take(NEVER).then((slot) => (order.push("fourth"), slot));
  await Promise.resolve();
  assert.deepEqual(order, []);
  second[Symbol.dispose]();
  const held = await third;
  assert.deepEqual(order, ["third"]);
  first[Symbol.dispose]();
  (await fourth)[Symbol.dispose]();
  assert.deepEqual(order, ["third", "fourth"]);
  held[Symbol.dispose]();
});

Deno.test("Slots.take() counts a slot once that is given back twice", async () => {
  const slots = new Slots(1);
  const slot = await slots.take(NEVER);
  slot[Symbol.dispose]();
  slot[Symbol.dispose]();
  await slots.take(NEVER);
  const stop = new AbortController();
  const late = slots.take(stop.signal);
  stop.abort("stopped");
  await assert.rejects(late, (reason) => reason === "stopped");
});

Deno.test("Slots.take() loses no slot to one who went away while waiting", async () => {
  const slots = new Slots(1);
  const slot = await slots.take(NEVER);
  const stop = new AbortController();
  const gone = slots.take(stop.signal);
  const next = slots.take(NEVER);
  stop.abort("gone");
  await assert.rejects(gone, (reason) => reason === "gone");
  slot[Symbol.dispose]();
  (await next)[Symbol.dispose]();
  (await slots.take(NEVER))[Symbol.dispose]();
});

Deno.test("Slots.take() gives nothing to one who is gone already", async () => {
  const slots = new Slots(1);
  await assert.rejects(slots.take(AbortSignal.abort("gone")), (reason) => reason === "gone");
  (await slots.take(NEVER))[Symbol.dispose]();
});
