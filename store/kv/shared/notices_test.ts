import assert from "node:assert/strict";
import { type FakeServer, FakeServers } from "./fake_servers.ts";

const sweep = ({ store }: FakeServer) => store.sweeper.sweep(() => Promise.resolve());

Deno.test("Notices.tell() that is refused is told later, once to each server", async () => {
  await using servers = await FakeServers.open();
  const [a, b] = [await servers.start(), await servers.start()];
  a.database.isDeaf = true;
  b.database.fate = ([write]) => write?.key[0] === "notices" ? "refused" : "made";
  await assert.rejects(b.store.peers.tell("gone"));
  b.database.fate = () => "made";
  await b.store.peers.tell("more");
  await sweep(b);
  await sweep(b);
  await sweep(a);
  assert.deepEqual(a.told.sort(), ["heard gone", "heard more"]);
});

Deno.test("Notices.tell() of the largest text reaches more servers than one commit holds", async () => {
  await using servers = await FakeServers.open();
  const all = await Promise.all(Array.from({ length: 16 }, () => servers.start()));
  const [first, ...others] = all;
  assert.ok(first);
  const text = '"'.repeat(60_000);
  await first.store.peers.tell(text);
  for (const other of others) {
    await sweep(other);
    assert.deepEqual(other.told, [`heard ${text}`]);
  }
});

Deno.test("Notices.take() hears what it could not delete", async () => {
  await using servers = await FakeServers.open();
  const [a, b] = [await servers.start(), await servers.start()];
  a.database.isDeaf = true;
  await b.store.peers.tell("gone");
  a.database.fate = ([write]) => write?.key[0] === "notices" ? "made and thrown" : "made";
  await assert.rejects(sweep(a));
  await sweep(a);
  assert.deepEqual(a.told, ["heard gone"]);
});

Deno.test("Notices.take() goes on behind what nobody understands", async () => {
  await using servers = await FakeServers.open();
  const [a, b] = [await servers.start(), await servers.start()];
  a.database.isDeaf = true;
  const heard: string[] = [];
  a.store.listen({
    committed: () => {},
    heard(text) {
      if (text === "?") throw new SyntaxError("Not understood");
      heard.push(text);
    },
  });
  for (const text of ["?", "1", "?", "2"]) await b.store.peers.tell(text);
  await sweep(a);
  assert.deepEqual(heard.sort(), ["1", "2"]);
  await sweep(a);
  assert.deepEqual(heard.sort(), ["1", "2"]);
});
