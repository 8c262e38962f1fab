import assert from "node:assert/strict";
import { type FakeServer, FakeServers } from "./fake_servers.ts";
import { instancesRange } from "./shared_keys.ts";

const sweep = ({ store }: FakeServer) => store.sweeper.sweep(() => Promise.resolve());

Deno.test("SharedPeers tell a server whose clock is an hour behind what its devices get", async () => {
  await using servers = await FakeServers.open();
  const [a, b] = [await servers.start(1000, -3600_000), await servers.start()];
  await servers.users(b, "alice", "bob");
  await a.store.mailboxes.attach("bob", "phone", "oldest");
  a.database.isDeaf = true;
  for (const id of ["1", "2"]) {
    await servers.send(b, { id });
    await sweep(a);
  }
  assert.deepEqual(a.told, ["bob: 1", "bob: 2"]);
});

Deno.test("SharedPeers put devices back later where the database refused that at first", async () => {
  await using servers = await FakeServers.open();
  const [a, b] = [await servers.start(), await servers.start()];
  await servers.users(b, "alice", "bob");
  await a.store.mailboxes.attach("bob", "phone", "oldest");
  a.database.isDeaf = true;
  servers.now += 30_000;
  await servers.send(b, { id: "missed" });
  a.database.fate = ([write]) => write?.key[0] === "mailboxes" ? "refused" : "made";
  await assert.rejects(sweep(a));
  a.database.fate = () => "made";
  await sweep(a);
  assert.deepEqual(a.told, ["bob: missed"]);
  await servers.send(b, { id: "live" });
  await sweep(a);
  assert.deepEqual(a.told, ["bob: missed", "bob: live"]);
});

Deno.test("SharedPeers look once for all changes that come while they look", async () => {
  await using servers = await FakeServers.open();
  const server = await servers.start();
  await sweep(server);
  const { promise: isOver, resolve } = Promise.withResolvers<void>();
  const { promise: isHeld, resolve: hold } = Promise.withResolvers<void>();
  let looks = 0;
  server.database.reading = ([table]) => {
    if (table !== "notices") return Promise.resolve();
    looks++;
    hold();
    return isOver;
  };
  server.database.stir();
  await isHeld;
  for (let change = 0; change < 1000; change++) server.database.stir();
  resolve();
  await sweep(server);
  await sweep(server);
  assert.ok(looks <= 4, `${looks} looks`);
});

Deno.test("SharedPeers.stop() waits for a beat, so that nobody takes the server to be there", async () => {
  await using servers = await FakeServers.open();
  const [a, b] = [await servers.start(), await servers.start()];
  const { promise: isOver, resolve } = Promise.withResolvers<void>();
  const { promise: isHeld, resolve: hold } = Promise.withResolvers<void>();
  a.database.before = ([write]) => {
    if (write?.key[0] !== "instances" || write.value === null) return Promise.resolve();
    hold();
    return isOver;
  };
  const probing = a.store.probe();
  await isHeld;
  const disposing = a.store[Symbol.asyncDispose]();
  // Longer than what a stop does without waiting: the database is asked twice beside it.
  for (let turn = 0; turn < 20; turn++) await b.store.probe();
  resolve();
  await Promise.all([probing, disposing]);
  assert.equal((await b.database.list(instancesRange(""), 10)).length, 1);
});
