import assert from "node:assert/strict";
import { eventually } from "../../../tests/harness/eventually.ts";
import { systemClock } from "../../../server/clock.ts";
import { StoreUnavailableError } from "../../store.ts";
import { DenoDatabase } from "../deno_database.ts";
import { epochKey, ownerKey } from "../keys.ts";
import { jsonValue } from "../values.ts";
import { FakeServers, idsOf } from "./fake_servers.ts";
import { formatKey } from "./shared_keys.ts";
import { SharedStore } from "./shared_store.ts";
import { CHECKS_MAX } from "./transaction.ts";

/** Checks until it is so: servers hear each other in their own time. */
async function soon(check: () => void): Promise<void> {
  await eventually(() => Promise.resolve(check()), "what a server hears");
}

Deno.test("SharedMailboxes.append() at several servers at once fills a mailbox exactly", async () => {
  await using servers = await FakeServers.open();
  const all = await Promise.all(Array.from({ length: 3 }, () => servers.start(20)));
  const [first] = all;
  assert.ok(first);
  await servers.users(first, "bob");
  const kinds = await Promise.all(
    Array.from({ length: 45 }, (_, index) => {
      const server = all[index % all.length] ?? first;
      return servers.send(server, { sender: `s${index % 7}`, from: `s${index % 7}` });
    }),
  );
  assert.equal(kinds.filter((kind) => kind === "accepted").length, 20);
  assert.equal(kinds.filter((kind) => kind === "full").length, 25);
  for (const server of all) assert.equal(new Set(await idsOf(server, "bob")).size, 20);
  for (const { database } of all) assert.ok(database.checks <= CHECKS_MAX);
});

Deno.test("SharedMailboxes.append() of one cid at several servers at once stores it once", async () => {
  await using servers = await FakeServers.open();
  const all = await Promise.all(Array.from({ length: 3 }, () => servers.start()));
  const [first] = all;
  assert.ok(first);
  await servers.users(first, "bob");
  const kinds = await Promise.all(
    all.map((server) => servers.send(server, { cid: "c", fingerprint: "f" })),
  );
  assert.deepEqual(kinds.sort(), ["accepted", "duplicate", "duplicate"]);
  assert.equal((await idsOf(first, "bob")).length, 1);
});

Deno.test("SharedMailboxes.append() stores once what a commit that threw had stored", async () => {
  await using servers = await FakeServers.open();
  const server = await servers.start();
  await servers.users(server, "bob");
  let thrown = 0;
  server.database.fate = (writes) => {
    if (!writes.some(({ key }) => key[0] === "messages") || thrown === 2) return "made";
    return ++thrown === 1 ? "refused" : "made and thrown";
  };
  assert.equal(await servers.send(server, { id: "once" }), "accepted");
  assert.equal(thrown, 2);
  assert.deepEqual(await idsOf(server, "bob"), ["once"]);
  assert.equal((await server.store.mailboxes.inspect("bob"))?.messages, 1);
});

Deno.test("SharedMailboxes.append() gives up where the database refuses, and works after", async () => {
  await using servers = await FakeServers.open();
  const server = await servers.start();
  await servers.users(server, "bob");
  server.database.fate = () => "refused";
  await assert.rejects(servers.send(server), StoreUnavailableError);
  server.database.fate = () => "made";
  assert.equal(await servers.send(server, { id: "after" }), "accepted");
  assert.deepEqual(await idsOf(server, "bob"), ["after"]);
});

Deno.test("SharedMailboxes.append() decides anew as often as others were faster", async () => {
  await using servers = await FakeServers.open();
  const slow = await servers.start();
  const fast = await servers.start();
  await servers.users(fast, "bob");
  let overtaken = 0;
  slow.database.before = async (writes) => {
    if (!writes.some(({ key }) => key[0] === "messages") || ++overtaken > 8) return;
    await servers.send(fast, { id: `fast${overtaken}` });
  };
  assert.equal(await servers.send(slow, { id: "slow" }), "accepted");
  assert.deepEqual((await idsOf(fast, "bob")).at(-1), "slow");
  assert.equal((await idsOf(fast, "bob")).length, 9);
});

Deno.test("SharedPeers wake the server of a device, once for what comes at once", async () => {
  await using servers = await FakeServers.open();
  const [a, b] = [await servers.start(), await servers.start()];
  await servers.users(b, "alice", "bob");
  await a.store.mailboxes.attach("bob", "phone", "oldest");
  await servers.send(b, { id: "m" });
  await soon(() => assert.deepEqual(a.told, ["bob: m"]));
  assert.deepEqual(b.told, ["bob: m"], "Nobody is owed a push who is at another server");
  assert.equal(await b.store.outbox.look("bob", "phone"), null);
});

Deno.test("SharedSweeper.sweep() finds what no wake told of", async () => {
  await using servers = await FakeServers.open();
  const [a, b] = [await servers.start(), await servers.start()];
  await servers.users(b, "alice", "bob");
  await a.store.mailboxes.attach("bob", "phone", "oldest");
  a.database.isDeaf = true;
  await b.store.mailboxes.append([servers.draft({ id: "1" }), servers.draft({ id: "2" })]);
  await b.store.peers.tell("said");
  assert.deepEqual(a.told, []);
  await a.store.sweeper.sweep(() => Promise.resolve());
  assert.deepEqual(a.told, ["heard said", "bob: 1,2"]);
});

Deno.test("SharedStore.open() refuses what another store keeps, and another form", async () => {
  const database = await DenoDatabase.open(":memory:");
  const open = () =>
    SharedStore.open(database, {
      clock: systemClock,
      random: (bytes) => crypto.getRandomValues(bytes),
      limits: { mailboxMessages: 1, mailboxBytes: 1, backlogBytes: 1 },
      epoch: "e",
      failed: () => {},
    });
  await database.commit([], [{ key: ownerKey, value: jsonValue({ pid: 1 }) }]);
  await assert.rejects(open(), /it is one that a server owns/);
  await database.commit([], [
    { key: ownerKey, value: null },
    { key: formatKey, value: jsonValue({ format: "shared 9" }) },
    { key: epochKey, value: jsonValue({ epoch: "old" }) },
  ]);
  await assert.rejects(open(), /its form is "shared 9"/);
  await database.commit([], [{ key: formatKey, value: jsonValue({ format: "shared 1" }) }]);
  {
    await using store = await open();
    assert.equal(store.epoch, "old");
  }
  database.close();
});

Deno.test("SharedPeers tell of a device that another server took to be here, and that had left", async () => {
  await using servers = await FakeServers.open();
  const [a, b] = [await servers.start(), await servers.start()];
  await servers.users(b, "alice", "bob");
  await a.store.mailboxes.attach("bob", "phone", "oldest");
  // What the device left behind is on its way to the disk, and slower than the message.
  const { promise: isSent, resolve } = Promise.withResolvers<void>();
  a.database.before = (writes) =>
    writes.some(({ key }) => key[0] === "mailboxes") ? isSent : Promise.resolve();
  a.store.mailboxes.detach("bob", "phone", 0);
  await servers.send(b, { id: "m" });
  assert.deepEqual(b.told, ["bob: m"]);
  resolve();
  await soon(() => assert.deepEqual(a.told, ["owed bob phone message"]));
});

Deno.test("SharedPeers tell a server whose device came to another, until it has left", async () => {
  await using servers = await FakeServers.open();
  const [a, b] = [await servers.start(), await servers.start()];
  await servers.users(b, "bob");
  await a.store.mailboxes.attach("bob", "phone", "oldest");
  await b.store.mailboxes.attach("bob", "phone", "oldest");
  await soon(() => assert.ok(a.told.includes("replaced bob phone")));
  a.told.length = 0;
  await a.store.sweeper.sweep(() => Promise.resolve());
  assert.deepEqual(a.told, ["replaced bob phone"]);
  a.store.mailboxes.detach("bob", "phone", 0);
  await a.store.sweeper.sweep(() => Promise.resolve());
  assert.deepEqual(a.told, ["replaced bob phone"]);
  await servers.send(b, { id: "m" });
  assert.ok(!b.told.some((it) => it.startsWith("owed")), "It is still attached at b");
});

Deno.test("SharedPeers.tell() reaches every other server, and not the own", async () => {
  await using servers = await FakeServers.open();
  const all = await Promise.all(Array.from({ length: 3 }, () => servers.start()));
  const [first, ...others] = all;
  assert.ok(first);
  await first.store.peers.tell("gone");
  for (const other of others) {
    await soon(() => assert.deepEqual(other.told, ["heard gone"]));
  }
  assert.deepEqual(first.told, []);
});

Deno.test("SharedPeers know after a while that a server is gone, and its devices are owed", async () => {
  await using servers = await FakeServers.open();
  const [a, b] = [await servers.start(), await servers.start()];
  await servers.users(b, "alice", "bob");
  await a.store.mailboxes.attach("bob", "phone", "oldest");
  a.database.fate = () => "refused";
  await servers.send(b, { id: "first" });
  assert.deepEqual(b.told, ["bob: first"]);
  servers.now += 30_000;
  await servers.send(b, { id: "second" });
  assert.deepEqual(b.told.slice(1), ["bob: second", "owed bob phone message"]);
  assert.equal((await b.store.outbox.look("bob", "phone"))?.messages, 2);
  const { sleepers } = await b.store.outbox.list("", 10);
  assert.deepEqual(sleepers.map(({ user }) => user), ["bob"]);
  const attachment = await b.store.mailboxes.attach("bob", "phone", "oldest");
  // Nobody said up to where it was sent: everything until it was known to be gone.
  const { pending = 0, sent = 0, tail = 0 } = attachment ?? {};
  assert.deepEqual([pending, sent], [2, tail - 1]);
});

Deno.test("SharedPeers put devices back of a server that was taken for gone", async () => {
  await using servers = await FakeServers.open();
  const [a, b] = [await servers.start(), await servers.start()];
  await servers.users(b, "alice", "bob");
  await a.store.mailboxes.attach("bob", "phone", "oldest");
  servers.now += 30_000;
  await servers.send(b, { id: "missed" });
  assert.ok(b.told.includes("owed bob phone message"));
  await a.store.sweeper.sweep(() => Promise.resolve());
  assert.deepEqual(a.told, ["bob: missed"]);
  await servers.send(b, { id: "live" });
  await soon(() => assert.deepEqual(a.told, ["bob: missed", "bob: live"]));
});

Deno.test("SharedSweeper.sweep() at several servers tells once of what expired", async () => {
  await using servers = await FakeServers.open();
  const [a, b] = [await servers.start(), await servers.start()];
  await servers.users(b, "alice", "bob");
  await servers.send(b, { id: "late", receipt: true, expires: servers.now + 1000 });
  servers.now += 1000;
  const told: string[] = [];
  const sweep = ({ store }: typeof a) =>
    store.sweeper.sweep((entries) =>
      Promise.resolve(void told.push(...entries.map((it) => it.id)))
    );
  await Promise.all([sweep(a), sweep(b)]);
  await Promise.all([sweep(a), sweep(b)]);
  assert.deepEqual(told, ["late"]);
  assert.deepEqual(await idsOf(a, "bob"), []);
});

Deno.test("SharedSweeper.sweep() finishes what a server had promised", async () => {
  await using servers = await FakeServers.open();
  const [a, b] = [await servers.start(), await servers.start()];
  const names = Array.from({ length: 20 }, (_, index) => `u${index}`);
  await servers.users(b, ...names);
  let kept = 0;
  a.database.fate = (writes) => {
    const isGroup = writes.some(({ key, value }) => key[0] === "promised" && value === null);
    return isGroup && ++kept > 1 ? "refused" : "made";
  };
  const drafts = names.map((to) => servers.draft({ to, cid: to, fingerprint: "f" }));
  await assert.rejects(a.store.mailboxes.append(drafts, { atomic: true }), StoreUnavailableError);
  assert.ok(a.database.checks <= CHECKS_MAX);
  const counts = async () =>
    await Promise.all(names.map(async (to) => (await idsOf(b, to)).length));
  assert.ok((await counts()).includes(0), "Some have it not yet");
  const again = await b.store.mailboxes.append(drafts, { atomic: true });
  assert.deepEqual(new Set(again.map(({ kind }) => kind)), new Set(["duplicate"]));
  a.database.fate = () => "made";
  await a.store[Symbol.asyncDispose]();
  servers.now += 30_000;
  await b.store.sweeper.sweep(() => Promise.resolve());
  await b.store.sweeper.sweep(() => Promise.resolve());
  assert.deepEqual(await counts(), names.map(() => 1));
});

Deno.test("SharedUsers and SharedDevices at several servers at once let one succeed", async () => {
  await using servers = await FakeServers.open();
  const all = await Promise.all(Array.from({ length: 4 }, () => servers.start()));
  const [first] = all;
  assert.ok(first);
  const created = await Promise.all(
    all.map(({ store }) => store.users.create({ id: "bob", registered: 1 })),
  );
  assert.equal(created.filter(Boolean).length, 1);
  const changes = await Promise.all(
    all.map(({ store }, index) =>
      store.devices.change("bob", `d${index}`, 2, () => ({ user: "bob", id: `d${index}`, seen: 1 }))
    ),
  );
  assert.deepEqual(changes.map(({ kind }) => kind).sort(), ["changed", "changed", "full", "full"]);
  const removed = await Promise.all(all.map(({ store }) => store.users.remove("bob")));
  assert.ok(removed.includes(true));
  assert.deepEqual(await first.store.devices.list("bob"), []);
});
