import assert from "node:assert/strict";
import { HOUR_MS, World } from "../contract/world.ts";
import { MemoryStore } from "./memory_store.ts";

Deno.test("MemoryAsides are let go by a sweep once they have expired", async () => {
  const open = (options: ConstructorParameters<typeof MemoryStore>[0]) =>
    Promise.resolve(new MemoryStore(options));
  await using world = await World.open({ open }, "never");
  await world.users("bob");
  const short = await world.send({ expires: world.now + 1000 });
  const long = await world.send({ expires: world.now + HOUR_MS });
  await world.mailboxes.setAside("bob", "phone", short);
  await world.mailboxes.setAside("bob", "phone", long);
  const kept = async () => {
    const page = await world.mailboxes.readAside("bob", null, { messages: 9, bytes: 1000 });
    return page.asides.map(({ entry }) => entry.id);
  };
  const sweep = () => world.store.sweeper.sweep(() => Promise.resolve());
  world.now += 999;
  await sweep();
  assert.deepEqual(await kept(), [short.id, long.id]);
  world.now += 1;
  await sweep();
  assert.deepEqual(await kept(), [long.id]);
});
