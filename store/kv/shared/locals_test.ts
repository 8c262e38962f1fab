import assert from "node:assert/strict";
import { type FakeServer, FakeServers } from "./fake_servers.ts";

const NOTHING = () => Promise.resolve();

async function addPhone({ store }: FakeServer): Promise<void> {
  const push = { provider: "fcm", token: "t", registered: 1 } as const;
  const phone = { user: "bob", id: "phone", seen: 1, push };
  await store.devices.change("bob", "phone", 9, () => phone);
}

Deno.test("Locals.leave() of a device that was removed meanwhile ends it: the next one is owed", async () => {
  await using servers = await FakeServers.open();
  const server = await servers.start();
  const { mailboxes, devices } = server.store;
  await servers.users(server, "alice", "bob");
  await mailboxes.attach("bob", "phone", "oldest");
  await devices.remove("bob", "phone");
  mailboxes.detach("bob", "phone", 0);
  assert.equal(server.store.figures().mailboxes, 0);
  await addPhone(server);
  await mailboxes.attach("bob", "phone", "oldest");
  mailboxes.detach("bob", "phone", 0);
  await server.store.sweeper.sweep(NOTHING);
  await servers.send(server, { id: "m" });
  assert.deepEqual(server.told, ["bob: m", "owed bob phone message"]);
});

Deno.test("Locals.void() keeps nothing of a user who was removed at another server", async () => {
  await using servers = await FakeServers.open();
  const [a, b] = [await servers.start(), await servers.start()];
  await servers.users(b, "bob");
  await a.store.mailboxes.attach("bob", "phone", "oldest");
  await b.store.users.remove("bob");
  a.store.mailboxes.detach("bob", "phone", 0);
  await a.store.sweeper.sweep(NOTHING);
  assert.equal(a.store.figures().mailboxes, 0);
});

Deno.test("Locals.isOf() keeps a device of a removed user from what the next of the name gets", async () => {
  await using servers = await FakeServers.open();
  const [a, b] = [await servers.start(), await servers.start()];
  await servers.users(b, "alice", "bob");
  await a.store.mailboxes.attach("bob", "phone", "oldest");
  a.database.isDeaf = true;
  await b.store.users.remove("bob");
  await servers.users(b, "bob");
  await b.store.mailboxes.attach("bob", "phone", "oldest");
  await servers.send(b, { id: "not for the first" });
  const limit = { messages: 9, bytes: 1e6 };
  const read = async ({ store }: FakeServer) =>
    (await store.mailboxes.read("bob", "phone", 0, limit)).entries.map(({ id }) => id);
  assert.deepEqual(await read(a), []);
  assert.equal(a.store.mailboxes.acknowledge("bob", "phone", 1e6), 0);
  await a.store.sweeper.sweep(NOTHING);
  assert.deepEqual(await read(a), []);
  assert.deepEqual(a.told, []);
  assert.deepEqual(await read(b), ["not for the first"]);
  a.store.mailboxes.detach("bob", "phone", 0);
  await a.store.mailboxes.attach("bob", "phone", "oldest");
  assert.deepEqual(await read(a), ["not for the first"]);
});
