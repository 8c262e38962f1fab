import assert from "node:assert/strict";
import { StoreUnavailableError } from "../store.ts";
import type { DiskFault } from "../../tests/simulation/sim_database.ts";
import { quiet } from "./fake_clock.ts";
import { FakeKv } from "./fake_kv.ts";

const FAULTS: readonly DiskFault[] = ["refused", "unanswered"];

/** Commits in one removal of these tests, at most; the tests end where none fails. */
const COMMITS_MAX = 50;

/** Turns of the microtask queue that two calls of these tests may be apart. */
const TURNS_MAX = 40;

/** Keys on disk that hold a user's id. */
function keysOf(kv: FakeKv, user: string): string[] {
  const rows = kv.database.disk.list({ start: ["a"], end: ["z"] });
  return rows.filter(({ key }) => key[0] !== "journal" && key.includes(user))
    .map(({ key }) => key.join(" "));
}

/** A store in which `bob` has something of everything. */
async function openFull(): Promise<FakeKv> {
  const kv = await FakeKv.open();
  const { mailboxes, devices } = kv.store;
  for (let index = 0; index < 120; index++) {
    assert.ok(await devices.put({ user: "bob", id: `d${index}`, seen: 0 }, 1000));
  }
  await mailboxes.attach("bob", "d0", "oldest");
  await mailboxes.attach("alice", "phone", "oldest");
  await kv.send(["m1"], { body: "x".repeat(200_000) });
  await kv.send(["m2"]);
  await mailboxes.settle();
  await kv.send(["m3"]);
  const { entries: [refused] } = await mailboxes.read("bob", "d0", 0, { messages: 1, bytes: 1 });
  assert.ok(refused);
  await mailboxes.setAside("bob", "d0", refused);
  mailboxes.acknowledge("bob", "d0", refused.position);
  return kv;
}

/** Checks that `bob` is gone, and that a new one by his name has nothing of his. */
async function checkGone(kv: FakeKv, where: string): Promise<void> {
  const { users, devices, mailboxes } = kv.store;
  assert.equal(await users.get("bob"), null, where);
  assert.deepEqual(await kv.append("m8"), { kind: "unknown" }, where);
  assert.equal(await mailboxes.attach("bob", "d0", "oldest"), null, where);
  await mailboxes.settle();
  assert.deepEqual(keysOf(kv, "bob").filter((key) => !key.startsWith("expiries")), [], where);
  assert.equal(await users.create({ id: "bob", registered: 1 }), true, where);
  await kv.send(["m9"]);
  await kv.reopen();
  assert.deepEqual(await kv.ids("bob", "d0"), ["m9"], where);
  assert.deepEqual(await devices.list("bob"), [], where);
  const state = await kv.store.mailboxes.inspect("bob");
  assert.deepEqual([state?.messages, state?.cursors.size], [1, 0], where);
}

Deno.test("KvUsers.remove() that dies at any commit is finished at the next open, or not begun", async () => {
  for (const fault of FAULTS) {
    let failed = true;
    let commit = 0;
    while (failed) {
      commit++;
      assert.ok(commit < COMMITS_MAX, "Removing ends");
      const kv = await openFull();
      kv.database.dieAt(commit, fault);
      // A commit of the journal whose fate cannot be asked goes on asking: nobody hears of it.
      kv.store.users.remove("bob").catch(() => {});
      await quiet();
      failed = kv.database.judge("commit", kv.database.commits) !== "made";
      await kv.reopen();
      const where = `${fault} at ${commit}`;
      if (commit === 1 && fault === "refused") {
        assert.deepEqual(await kv.ids("bob", "d0", 0), ["m1", "m2", "m3"], where);
        assert.equal((await kv.store.devices.list("bob")).length, 120, where);
      } else await checkGone(kv, where);
      await kv[Symbol.asyncDispose]();
    }
    assert.ok(commit > 5, `only ${commit} commits were tried`);
  }
});

Deno.test("KvUsers.remove() leaves the user where the disk refuses, and can be repeated", async () => {
  await using kv = await openFull();
  kv.database.failOnce("refused");
  await assert.rejects(kv.store.users.remove("bob"), StoreUnavailableError);
  await kv.send(["m4"]);
  assert.deepEqual(await kv.ids("bob", "d1"), ["m1", "m2", "m3", "m4"]);
  assert.equal(await kv.store.users.remove("bob"), true);
  assert.equal(await kv.store.users.remove("bob"), false);
  await checkGone(kv, "repeated");
});

Deno.test("KvUsers.remove() leaves no cursor that an acknowledgement still brings", async () => {
  await using kv = await FakeKv.open();
  await kv.store.mailboxes.attach("bob", "phone", "oldest");
  await kv.send(["m1"]);
  kv.store.mailboxes.acknowledge("bob", "phone", kv.positionOf("m1"));
  assert.equal(await kv.store.users.remove("bob"), true);
  await kv.clock.pass(1000);
  assert.equal(await kv.store.users.create({ id: "bob", registered: 1 }), true);
  await kv.reopen();
  assert.equal((await kv.store.mailboxes.inspect("bob"))?.cursors.size, 0);
});

Deno.test("KvUsers.create() gives an id to one of two, however far apart they come", async () => {
  for (let turns = 0; turns < TURNS_MAX; turns++) {
    await using kv = await FakeKv.open([]);
    const first = kv.store.users.create({ id: "bob", name: "one", registered: 1 });
    for (let turn = 0; turn < turns; turn++) await null;
    const second = kv.store.users.create({ id: "bob", name: "other", registered: 2 });
    assert.deepEqual(await Promise.all([first, second]), [true, false]);
    assert.equal((await kv.store.users.get("bob"))?.value.name, "one");
  }
});

Deno.test("KvUsers.replace() lets one of two through, and none over a removal", async () => {
  for (let turns = 0; turns < TURNS_MAX; turns++) {
    await using kv = await FakeKv.open();
    const { users } = kv.store;
    const version = (await users.get("bob"))?.version ?? "";
    const first = users.replace({ id: "bob", name: "one", registered: 0 }, version);
    for (let turn = 0; turn < turns; turn++) await null;
    const second = users.replace({ id: "bob", name: "other", registered: 0 }, version);
    assert.deepEqual(await Promise.all([first, second]), [true, false]);
    const removal = users.remove("bob");
    const newest = (await users.get("bob"))?.version ?? "";
    const third = users.replace({ id: "bob", name: "late", registered: 0 }, newest);
    assert.deepEqual(await Promise.all([removal, third]), [true, false]);
    assert.equal(await users.get("bob"), null);
  }
});

Deno.test("KvUsers.create() of many at once takes few commits", async () => {
  await using kv = await FakeKv.open([]);
  const { commits } = kv.database;
  const ids = Array.from({ length: 200 }, (_, index) => `user${index}`);
  const made = await Promise.all(ids.map((id) => kv.store.users.create({ id, registered: 0 })));
  assert.ok(made.every((created) => created));
  assert.ok(kv.database.commits - commits <= 4, `${kv.database.commits - commits} commits`);
  assert.equal((await kv.store.users.list("", 1000)).length, 200);
});

Deno.test("KvUsers.create() that the disk refuses leaves the id free", async () => {
  await using kv = await FakeKv.open([]);
  kv.database.failOnce("refused");
  await assert.rejects(
    kv.store.users.create({ id: "bob", registered: 0 }),
    StoreUnavailableError,
  );
  assert.equal(await kv.store.users.create({ id: "bob", registered: 0 }), true);
});

Deno.test("KvUsers.create() of many with long profiles at once keeps the database's limits", async () => {
  await using kv = await FakeKv.open([]);
  const ids = Array.from({ length: 100 }, (_, index) => `user${index}`);
  const name = "x".repeat(9000);
  const made = await Promise.all(
    ids.map((id) => kv.store.users.create({ id, name, registered: 0 })),
  );
  assert.ok(made.every((created) => created));
});

Deno.test("KvUsers.remove() leaves nothing of a device that attaches at any moment of it", async () => {
  for (let turns = 0; turns < TURNS_MAX; turns++) {
    for (const first of ["attach", "remove"] as const) {
      await using kv = await FakeKv.open();
      await kv.send(["m1"]);
      const attach = () => kv.store.mailboxes.attach("bob", "phone", "oldest");
      const remove = () => kv.store.users.remove("bob");
      const call = first === "attach" ? attach() : remove();
      for (let turn = 0; turn < turns; turn++) await null;
      await Promise.all([call, first === "attach" ? remove() : attach()]);
      await kv.store.users.create({ id: "bob", registered: 1 });
      await kv.reopen();
      const state = await kv.store.mailboxes.inspect("bob");
      assert.equal(state?.cursors.size, 0, `${first} ${turns} turns before`);
    }
  }
});
