import assert from "node:assert/strict";
import { eventually } from "../../../tests/harness/eventually.ts";
import { type FakeServer, FakeServers } from "./fake_servers.ts";

const sweep = ({ store }: FakeServer) => store.sweeper.sweep(() => Promise.resolve());

/** Server A, where `bob` is and which hears of nothing by itself, and server B. */
async function pair(servers: FakeServers): Promise<[FakeServer, FakeServer]> {
  const [a, b] = [await servers.start(), await servers.start()];
  await servers.users(b, "alice", "carol", "bob");
  await a.store.mailboxes.attach("bob", "phone", "oldest");
  await sweep(a);
  a.database.isDeaf = true;
  return [a, b];
}

Deno.test("Woken.look() looks again at a mailbox that could not be read", async () => {
  await using servers = await FakeServers.open();
  const [a, b] = await pair(servers);
  await servers.send(b, { id: "m" });
  a.database.reading = ([table]) =>
    table === "mailboxes" ? Promise.reject(new Error("Away")) : Promise.resolve();
  await assert.rejects(sweep(a));
  a.database.reading = () => Promise.resolve();
  await sweep(a);
  assert.deepEqual(a.told, ["bob: m"]);
});

Deno.test("Woken.take() loses nothing where the commit that takes it throws after all", async () => {
  await using servers = await FakeServers.open();
  const [a, b] = await pair(servers);
  await servers.send(b, { id: "m" });
  a.database.fate = ([write]) => write?.key[0] === "woken" ? "made and thrown" : "made";
  await assert.rejects(sweep(a));
  await sweep(a);
  assert.deepEqual(a.told, ["bob: m"]);
});

Deno.test("Woken.look() is not held up by one mailbox", async () => {
  await using servers = await FakeServers.open();
  const [a, b] = await pair(servers);
  await a.store.mailboxes.attach("carol", "phone", "oldest");
  const { promise: isOver, resolve } = Promise.withResolvers<void>();
  const { promise: isHeld, resolve: hold } = Promise.withResolvers<void>();
  const { promise: isTaken, resolve: take } = Promise.withResolvers<void>();
  a.database.before = ([write]) => {
    if (write?.key[0] === "woken") take();
    if (write?.key[0] !== "devices") return Promise.resolve();
    hold();
    return isOver;
  };
  const changing = a.store.devices.change("bob", "web", 9, () => ({
    user: "bob",
    id: "web",
    seen: 1,
  }));
  await isHeld;
  await servers.send(b, { id: "1" });
  const first = sweep(a);
  await isTaken;
  await servers.send(b, { id: "2", to: "carol" });
  a.database.isDeaf = false;
  a.database.stir();
  await eventually(
    () => Promise.resolve(assert.deepEqual(a.told, ["carol: 2"])),
    "what carol got while bob's mailbox is held",
  ).finally(resolve);
  await Promise.all([changing, first]);
  await eventually(
    () => Promise.resolve(assert.deepEqual(a.told, ["carol: 2", "bob: 1"])),
    "what bob got",
  );
});
