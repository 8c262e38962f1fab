import assert from "node:assert/strict";
import { type PushAddress, type Sleeper, StoreUnavailableError } from "../store.ts";
import { quiet } from "./fake_clock.ts";
import { FakeKv } from "./fake_kv.ts";
import { outboxKey } from "./keys.ts";

const SLEEPER: Sleeper = { user: "bob", device: "phone", provider: "fcm" };

async function register(
  kv: FakeKv,
  token = "t",
  provider: PushAddress["provider"] = "fcm",
  user = "bob",
) {
  const push: PushAddress = { provider, token, registered: 0 };
  const device = { user, id: "phone", seen: 0, push };
  await kv.store.devices.change(user, "phone", 9, () => device);
}

async function listed(kv: FakeKv): Promise<readonly Sleeper[]> {
  return (await kv.store.outbox.list("", 1000)).sleepers;
}

async function isNew(kv: FakeKv): Promise<boolean | undefined> {
  return (await kv.store.outbox.look("bob", "phone"))?.isNew;
}

Deno.test("KvOutbox.list() names after a crash whom a push is owed, settled or not", async () => {
  for (const isSettled of [false, true]) {
    await using kv = await FakeKv.open();
    await register(kv);
    await kv.send(["m1"]);
    if (isSettled) await kv.store.mailboxes.settle();
    await kv.reopen();
    assert.deepEqual(await listed(kv), [SLEEPER]);
    assert.equal(await isNew(kv), true);
  }
});

Deno.test("KvOutbox.list() names whom the rows name while the journal cannot be settled, then all", async () => {
  await using kv = await FakeKv.open(["alice", "bob"]);
  await register(kv, "a", "apns", "alice");
  await kv.send(["m1"], { to: "alice" });
  await kv.store.mailboxes.settle();
  await register(kv);
  await kv.send(["m2"]);
  await kv.reopen();
  const alice: Sleeper = { user: "alice", device: "phone", provider: "apns" };
  kv.database.judge = (kind) => kind === "commit" ? "refused" : "made";
  for (let times = 0; times < 2; times++) assert.deepEqual(await listed(kv), [alice]);
  kv.database.judge = () => "made";
  assert.deepEqual(await listed(kv), [alice, SLEEPER]);
});

Deno.test("KvOutbox.spoke() holds over a crash once it was on disk, and the outbox names nobody", async () => {
  await using kv = await FakeKv.open();
  await register(kv);
  await kv.send(["m1"]);
  await kv.store.mailboxes.settle();
  await kv.store.outbox.spoke("bob", "phone", { upTo: kv.positionOf("m1"), at: 5 });
  await kv.clock.pass(100);
  await kv.send(["m2"], { to: "alice" });
  await kv.reopen();
  assert.equal(await isNew(kv), false);
  assert.equal((await kv.store.outbox.look("bob", "phone"))?.spoken.at, 5);
  await kv.store.mailboxes.settle();
  assert.deepEqual(await listed(kv), []);
});

Deno.test("KvOutbox.spoke() that a crash loses leads to a second push, not to none", async () => {
  await using kv = await FakeKv.open();
  await register(kv);
  await kv.send(["m1"]);
  await kv.store.outbox.spoke("bob", "phone", { upTo: kv.positionOf("m1"), at: 5 });
  await kv.reopen();
  await kv.store.mailboxes.settle();
  assert.deepEqual([await isNew(kv), await listed(kv)], [true, [SLEEPER]]);
});

Deno.test("KvOutbox.look() has the outbox name nobody whom nothing is owed any more", async () => {
  await using kv = await FakeKv.open();
  await register(kv);
  await kv.send(["m1"], { kind: "receipt" });
  await kv.store.mailboxes.settle();
  // Who looks finds that it is a receipt.
  assert.deepEqual(await listed(kv), [SLEEPER]);
  assert.equal(await kv.store.outbox.look("bob", "phone"), null);
  await kv.store.mailboxes.settle();
  assert.deepEqual(await listed(kv), []);
});

Deno.test("KvOutbox.list() is right after a settling commit of which nobody knows whether it was made", async () => {
  for (const fault of ["refused", "unanswered"] as const) {
    await using kv = await FakeKv.open();
    await register(kv);
    await kv.send(["m1"]);
    kv.database.failOnce(fault);
    await assert.rejects(kv.store.mailboxes.settle());
    await kv.store.outbox.spoke("bob", "phone", { upTo: kv.positionOf("m1"), at: 5 });
    await kv.store.mailboxes.settle();
    assert.deepEqual(await listed(kv), [], fault);
    await kv.send(["m2"]);
    await kv.store.mailboxes.settle();
    assert.deepEqual(await listed(kv), [SLEEPER], fault);
  }
});

Deno.test("KvOutbox.look() reads only what came since the last look", async () => {
  await using kv = await FakeKv.open();
  await register(kv);
  for (let index = 0; index < 40; index++) {
    await kv.send([`m${index}`], { body: "x".repeat(60_000), bytes: 60_000 });
    await kv.store.mailboxes.settle();
  }
  let reads = 0;
  const count = async () => {
    reads = 0;
    kv.database.judge = () => {
      reads++;
      return "made";
    };
    const waiting = await kv.store.outbox.look("bob", "phone");
    kv.database.judge = () => "made";
    return [waiting?.messages, waiting?.newest.id];
  };
  assert.deepEqual(await count(), [40, "m39"]);
  const first = reads;
  await kv.send(["last"]);
  assert.deepEqual(await count(), [41, "last"]);
  assert.ok(reads < first / 2, `${reads} of ${first} reads`);
});

Deno.test("KvOutbox.setReach() knows a device again whose registration a crash cut short", async () => {
  await using kv = await FakeKv.open();
  // The row of the device is written, what its mailbox is to know of it is not.
  kv.database.dieAt(2, "refused");
  register(kv).catch(() => {});
  await quiet();
  await kv.reopen();
  assert.equal((await kv.store.devices.list("bob")).length, 1);
  await kv.send(["m1"]);
  assert.equal(await kv.store.outbox.look("bob", "phone"), null);
  await register(kv);
  assert.equal(await isNew(kv), true);
});

/** A store in which a push has spoken, on disk, for the one message that waits. */
async function openSpoken(): Promise<FakeKv> {
  const kv = await FakeKv.open();
  await register(kv);
  await kv.send(["m1"]);
  await kv.store.outbox.spoke("bob", "phone", { upTo: kv.positionOf("m1"), at: 5 });
  await kv.clock.pass(100);
  return kv;
}

async function tokenOf(kv: FakeKv): Promise<string | undefined> {
  return (await kv.store.devices.get("bob", "phone"))?.push?.token;
}

Deno.test("KvOutbox.setReach() is in the commit of the device's row: no crash comes between", async () => {
  const deaths = [[1, "refused", "t"], [1, "unanswered", "other"], [
    2,
    "refused",
    "other",
  ]] as const;
  for (const [commit, fault, token] of deaths) {
    await using kv = await openSpoken();
    assert.equal(await isNew(kv), false);
    kv.database.dieAt(commit, fault);
    register(kv, "other").catch(() => {});
    await quiet();
    await kv.reopen();
    assert.deepEqual([await tokenOf(kv), await isNew(kv)], [token, token === "other"]);
  }
});

Deno.test("KvOutbox.setReach() that the disk refuses leaves all as it was, and can be repeated", async () => {
  await using kv = await openSpoken();
  kv.database.failOnce("refused");
  await assert.rejects(register(kv, "other", "apns"), StoreUnavailableError);
  assert.deepEqual([await tokenOf(kv), await isNew(kv)], ["t", false]);
  await kv.send(["m2"]);
  assert.deepEqual(await listed(kv), [SLEEPER]);
  await register(kv, "other", "apns");
  await kv.store.mailboxes.settle();
  assert.deepEqual(await listed(kv), [{ ...SLEEPER, provider: "apns" }]);
});

Deno.test("KvOutbox.setReach() that the disk refuses behind the row of a new device holds in memory", async () => {
  await using kv = await FakeKv.open();
  const third = kv.database.commits + 3;
  kv.database.judge = (kind, commits) =>
    kind === "commit" && commits === third ? "refused" : "made";
  await assert.rejects(register(kv), StoreUnavailableError);
  await kv.send(["m1"]);
  assert.deepEqual([await tokenOf(kv), await isNew(kv)], ["t", true]);
});

Deno.test("KvOutbox.look() waits for the address that is on its way, and no push to the last counts there", async () => {
  await using kv = await openSpoken();
  kv.database.hold();
  const moved = register(kv, "other");
  await quiet();
  const looked = kv.store.outbox.look("bob", "phone").then(async (waiting) => ({
    isNew: waiting?.isNew,
    token: await tokenOf(kv),
  }));
  await kv.store.outbox.spoke("bob", "phone", { upTo: kv.positionOf("m1"), at: 6 });
  await quiet();
  kv.database.judge = () => "made";
  kv.database.release();
  await moved;
  assert.deepEqual(await looked, { isNew: true, token: "other" });
});

Deno.test("KvUsers.remove() takes what is owed out of the outbox", async () => {
  await using kv = await FakeKv.open();
  await register(kv);
  await kv.send(["m1"]);
  await kv.store.mailboxes.settle();
  await kv.store.users.remove("bob");
  assert.deepEqual(await kv.database.read([outboxKey("bob")]), [null]);
});

Deno.test("KvOutbox.look() counts anew where the newest message expires while it is looked for", async () => {
  await using kv = await FakeKv.open();
  await register(kv);
  await kv.send(["m1"]);
  const expires = kv.clock.now() + 1000;
  await kv.send(["m2"], { expires });
  await kv.store.mailboxes.settle();
  assert.equal((await kv.store.outbox.look("bob", "phone"))?.messages, 2);
  // It is counted before that time and read after it.
  const times = [expires - 1];
  kv.clock.now = () => times.shift() ?? expires;
  const waiting = await kv.store.outbox.look("bob", "phone");
  assert.deepEqual([waiting?.messages, waiting?.newest.id, waiting?.isNew], [1, "m1", true]);
});

Deno.test("KvOutbox.look() takes nothing else for the newest message where that has expired", async () => {
  await using kv = await FakeKv.open();
  await register(kv);
  const expires = kv.clock.now() + 1000;
  await kv.send(["m1"], { expires });
  await kv.send(["r1"], { kind: "receipt" });
  await kv.store.mailboxes.settle();
  assert.equal((await kv.store.outbox.look("bob", "phone"))?.newest.id, "m1");
  const times = [expires - 1];
  kv.clock.now = () => times.shift() ?? expires;
  assert.equal(await kv.store.outbox.look("bob", "phone"), null);
});
