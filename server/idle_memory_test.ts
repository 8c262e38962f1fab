import assert from "node:assert/strict";
import { IdleMemory } from "./idle_memory.ts";

Deno.test("IdleMemory.tick() collects once, in the first quiet moment after a wave", () => {
  let collections = 0;
  const memory = new IdleMemory(() => collections++);
  for (let frames = 1; frames < 10; frames++) memory.tick(500, frames);
  assert.equal(collections, 0, "Not while frames come");
  memory.tick(500, 9);
  memory.tick(500, 9);
  assert.equal(collections, 0, "Not after a second without one");
  memory.tick(500, 9);
  assert.equal(collections, 1);
  for (let second = 0; second < 10; second++) memory.tick(500, 9);
  assert.equal(collections, 1, "Not again for the same wave");
});

Deno.test("IdleMemory.tick() does nothing for a few connections, and something when many left", () => {
  let collections = 0;
  const memory = new IdleMemory(() => collections++);
  for (let second = 0; second < 10; second++) memory.tick(499, 0);
  assert.equal(collections, 0);
  for (let second = 0; second < 10; second++) memory.tick(5000, 0);
  assert.equal(collections, 1);
  for (let second = 0; second < 10; second++) memory.tick(10, 0);
  assert.equal(collections, 2);
});
