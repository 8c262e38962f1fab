import assert from "node:assert/strict";
import { type FakeServer, FakeServers } from "./fake_servers.ts";

/** Sweeps; answers what expired. */
async function sweep({ store }: FakeServer, told: string[] = []): Promise<string[]> {
  await store.sweeper.sweep((entries) =>
    Promise.resolve(void told.push(...entries.map((it) => it.id)))
  );
  return told;
}

Deno.test("SharedSweeper.sweep() of others goes on where one mailbox cannot be read", async () => {
  await using servers = await FakeServers.open();
  const server = await servers.start();
  await servers.users(server, "ann", "bob", "cid");
  for (const to of ["ann", "bob", "cid"]) {
    await servers.send(server, { id: to, to, receipt: true, expires: servers.now + 1000 });
  }
  servers.now += 1000;
  server.database.reading = ([table, user]) =>
    table === "messages" && user === "ann" ? Promise.reject(new Error("Bad")) : Promise.resolve();
  const told: string[] = [];
  await assert.rejects(sweep(server, told));
  assert.deepEqual(told.sort(), ["bob", "cid"]);
  server.database.reading = () => Promise.resolve();
  assert.deepEqual(await sweep(server), ["ann"]);
});

Deno.test("SharedSweeper.sweep() of a server that takes long stays the only one", async () => {
  await using servers = await FakeServers.open();
  const [a, b] = [await servers.start(), await servers.start()];
  const names = ["ann", "bob", "cid"];
  await servers.users(a, ...names);
  for (const to of names) {
    await servers.send(a, { id: to, to, receipt: true, expires: servers.now + 1000 });
  }
  servers.now += 1000;
  const told: string[] = [];
  await a.store.sweeper.sweep(async (entries) => {
    servers.now += 20_000;
    assert.deepEqual(await sweep(b), []);
    told.push(...entries.map(({ id }) => id));
  });
  assert.deepEqual(told, names);
});
