import assert from "node:assert/strict";
import { HOUR_MS, World } from "../contract/world.ts";
import { MemoryStore } from "./memory_store.ts";

Deno.test("MemoryStore.asideOf() answers what was set aside until it expires", async () => {
  const open = (options: ConstructorParameters<typeof MemoryStore>[0]) =>
    Promise.resolve(new MemoryStore(options));
  await using world = await World.open({ open }, "never");
  assert.ok(world.store instanceof MemoryStore);
  await world.users("bob");
  const short = await world.send({ expires: world.now + 1000 });
  const long = await world.send({ expires: world.now + HOUR_MS });
  await world.mailboxes.setAside("bob", "phone", short);
  await world.mailboxes.setAside("bob", "phone", long);
  assert.deepEqual(world.store.asideOf("bob"), [short, long]);
  world.now += 1000;
  await world.store.sweeper.sweep(() => Promise.resolve());
  assert.deepEqual(world.store.asideOf("bob"), [long]);
  assert.deepEqual(world.store.asideOf("nobody"), []);
});
