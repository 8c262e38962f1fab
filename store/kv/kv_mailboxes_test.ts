import assert from "node:assert/strict";
import { StoreUnavailableError } from "../store.ts";
import { quiet } from "./fake_clock.ts";
import { FakeKv } from "./fake_kv.ts";

/** What a promise comes to: its value, or the name of its error. */
function outcomeOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.catch((error: Error) => error.name);
}

/** A store with a message in a row, whose disk refuses the second commit from now. */
async function openInterrupted(): Promise<FakeKv> {
  const kv = await FakeKv.open();
  await kv.send(["old"]);
  await kv.store.mailboxes.settle();
  const interrupted = kv.database.commits + 2;
  kv.database.judge = (kind, commits) =>
    kind === "commit" && commits === interrupted ? "refused" : "made";
  return kv;
}

Deno.test("KvUsers.remove() that the disk interrupted is finished before the name is used again", async () => {
  await using kv = await openInterrupted();
  assert.equal(await outcomeOf(kv.store.users.remove("bob")), "StoreUnavailableError");
  kv.database.judge = () => "made";
  assert.equal(await kv.store.users.create({ id: "bob", registered: 1 }), true);
  await kv.send(["new1", "new2"]);
  await kv.store.mailboxes.settle();
  await kv.reopen();
  assert.deepEqual(await kv.ids("bob"), ["new1", "new2"]);
});

Deno.test("KvUsers.remove() that the disk interrupted can be repeated, and then is done", async () => {
  await using kv = await openInterrupted();
  await outcomeOf(kv.store.users.remove("bob"));
  kv.database.judge = () => "made";
  assert.equal(await kv.store.users.remove("bob"), true);
  assert.equal(await kv.store.users.remove("bob"), false);
  assert.deepEqual(
    kv.database.disk.list({ start: ["messages"], end: ["messages", Infinity] }),
    [],
  );
});

Deno.test("KvUsers.remove() that fails loses nothing that was committed meanwhile (I1)", async () => {
  await using kv = await FakeKv.open();
  await kv.store.mailboxes.attach("bob", "phone", "oldest");
  await kv.send(["m0"]);
  kv.database.hold("commit");
  const sent = kv.append("m1");
  await quiet();
  const removed = outcomeOf(kv.store.users.remove("bob"));
  await quiet();
  kv.database.release();
  await quiet();
  assert.deepEqual(await sent, { kind: "accepted" });
  kv.database.release("refused");
  assert.equal(await removed, "StoreUnavailableError");
  kv.database.judge = () => "made";
  await kv.send(["m2"]);
  await kv.store.mailboxes.settle();
  await kv.reopen();
  assert.deepEqual(await kv.ids("bob"), ["m0", "m1", "m2"]);
});

Deno.test("KvMailboxes.inspect() beside a removal brings nothing of the old user back (I10)", async () => {
  await using kv = await FakeKv.open();
  await kv.store.mailboxes.attach("bob", "phone", "oldest");
  await kv.send(["secret1", "secret2"]);
  kv.database.hold("commit");
  const removing = kv.store.users.remove("bob");
  await quiet();
  const inspecting = outcomeOf(kv.store.mailboxes.inspect("bob"));
  await quiet();
  kv.database.judge = () => "made";
  while (kv.database.held.length > 0) {
    kv.database.release();
    await quiet();
  }
  assert.equal(await removing, true);
  assert.equal(await inspecting, null);
  await kv.store.users.create({ id: "bob", registered: 1 });
  const attachment = await kv.store.mailboxes.attach("bob", "laptop", "oldest");
  assert.equal(attachment?.pending, 0);
  assert.deepEqual(await kv.ids("bob"), []);
});

Deno.test("Compactor deletes rows that were acknowledged while they were written", async () => {
  await using kv = await FakeKv.open();
  await kv.store.mailboxes.attach("bob", "phone", "oldest");
  await kv.send(["m1", "m2"]);
  kv.database.hold("commit");
  const settling = kv.store.mailboxes.settle();
  await quiet();
  kv.store.mailboxes.acknowledge("bob", "phone", kv.positionOf("m2"));
  kv.database.judge = () => "made";
  while (kv.database.held.length > 0) {
    kv.database.release();
    await quiet();
  }
  await settling;
  await kv.store.sweeper.sweep(() => Promise.resolve());
  assert.deepEqual(
    kv.database.disk.list({ start: ["messages"], end: ["messages", Infinity] }),
    [],
  );
});

Deno.test("KvMailboxes.attach() of a second device waits to know whether the first one is there (I1)", async () => {
  await using kv = await FakeKv.open();
  await kv.send(["m1"]);
  kv.database.hold("commit");
  const first = outcomeOf(kv.store.mailboxes.attach("bob", "phone", "oldest"));
  await quiet();
  const second = kv.store.mailboxes.attach("bob", "laptop", "newest");
  await quiet();
  kv.database.judge = () => "made";
  kv.database.release("refused");
  assert.equal(await first, "StoreUnavailableError");
  assert.equal((await second)?.pending, 1);
});

Deno.test("KvMailboxes.forget() can be repeated where the disk refused", async () => {
  await using kv = await FakeKv.open();
  const { mailboxes } = kv.store;
  await mailboxes.attach("bob", "phone", "oldest");
  await mailboxes.attach("bob", "dead", "oldest");
  await mailboxes.settle();
  kv.database.failOnce("refused");
  await assert.rejects(mailboxes.forget("bob", "dead"));
  await mailboxes.forget("bob", "dead");
  await kv.reopen();
  assert.deepEqual([...(await kv.store.mailboxes.inspect("bob"))?.cursors.keys() ?? []], ["phone"]);
});

Deno.test("KvMailboxes puts no device past positions that nothing on disk has (I1)", async () => {
  await using kv = await FakeKv.open(["alice", "bob", "carol"]);
  kv.database.judge = (kind) => kind === "commit" ? "refused" : "made";
  await assert.rejects(kv.append("m1", { to: "carol" }), StoreUnavailableError);
  kv.database.judge = () => "made";
  await kv.store.mailboxes.attach("bob", "phone", "oldest");
  await kv.reopen();
  // It has the position of the one that failed.
  await kv.send(["m2"]);
  const attachment = await kv.store.mailboxes.attach("bob", "phone", "oldest");
  assert.equal(attachment?.pending, 1);
  assert.deepEqual(await kv.ids("bob", "phone", attachment.cursor), ["m2"]);
});
