import assert from "node:assert/strict";
import type { DiskFault } from "../../tests/simulation/sim_call.ts";
import { type PushAddress, StoreUnavailableError } from "../store.ts";
import type { Row } from "./database.ts";
import { quiet } from "./fake_clock.ts";
import { FakeKv } from "./fake_kv.ts";

const FAULTS: readonly DiskFault[] = ["refused", "unanswered"];

/** Commits of one removal here: one each but for 3 of devices and 2 of cids. */
const COMMITS = 9;

/** Commits in one removal of these tests, at most; the tests end where none fails. */
const COMMITS_MAX = 50;

/** Devices of `bob`, and messages that he sent: more than one commit deletes. */
const DEVICES = 120;
const SENT = 110;

/** A push address of one of the devices. */
function pushOf(index: number): PushAddress {
  return { provider: "fcm", token: `token ${index}`, registered: 0 };
}

/** Keys on disk that name a user, or whose value does; what others got from the user is theirs. */
function keysOf(kv: FakeKv, user: string): string[] {
  const names = ({ key, value }: Row) =>
    key.includes(user) || key[0] !== "messages" && new TextDecoder().decode(value).includes(user);
  const rows = kv.database.disk.list({ start: ["a"], end: ["z"] });
  return rows.filter((row) => row.key[0] !== "journal" && names(row)).map(({ key }) =>
    key.join(" ")
  );
}

/** A store in which `bob` has something of everything. */
async function openFull(): Promise<FakeKv> {
  const kv = await FakeKv.open(["alice"]);
  const { mailboxes, devices, users, revocations } = kv.store;
  await users.create({ id: "bob", email: "b@x.org", registered: 0 });
  await revocations.revokeUser("bob", 5);
  await mailboxes.attach("bob", "d0", "oldest");
  await mailboxes.attach("alice", "phone", "oldest");
  await kv.send(["m1"], { body: "x".repeat(200_000) });
  await kv.send(["m2"]);
  const mine = { sender: "bob", to: "alice", device: "d0" };
  for (let index = 0; index < SENT; index++) {
    await kv.send([`s${index}`], { ...mine, cid: `c${index}` });
  }
  await Promise.all(Array.from({ length: DEVICES }, (_, index) => {
    const device = { user: "bob", id: `d${index}`, seen: 0, push: pushOf(index) };
    return devices.change("bob", device.id, 1000, () => device);
  }));
  await mailboxes.settle();
  await kv.send(["last"], { ...mine, cid: "last" });
  await kv.send(["m3"]);
  const { entries: [refused] } = await mailboxes.read("bob", "d1", 0, { messages: 1, bytes: 1 });
  assert.ok(refused);
  await mailboxes.setAside("bob", "d0", refused);
  mailboxes.acknowledge("bob", "d0", refused.position);
  const tables = new Set(
    kv.database.disk.list({ start: ["a"], end: ["z"] }).map(({ key }) => key[0]),
  );
  for (const table of ["cids", "cid_expiries", "expiries", "outbox", "aside"]) {
    assert.ok(tables.has(table));
  }
  return kv;
}

/** Checks that `bob` is gone, and that a new one by his name has nothing of his. */
async function checkGone(kv: FakeKv, where: string): Promise<void> {
  const { users, devices, mailboxes, revocations } = kv.store;
  assert.equal(await users.get("bob"), null, where);
  assert.deepEqual(await users.withEmail("b@x.org", 9), [], where);
  assert.deepEqual(await kv.append("m8"), { kind: "unknown" }, where);
  assert.equal(await mailboxes.attach("bob", "d0", "oldest"), null, where);
  await mailboxes.settle();
  assert.deepEqual(keysOf(kv, "bob"), [], where);
  // What is refused of him stays refused.
  assert.equal((await revocations.get("bob", "")).before, 5, where);
  assert.equal(await users.create({ id: "bob", registered: 1 }), true, where);
  await kv.send(["m9"]);
  for (const cid of ["c0", "last"]) await kv.send([cid], { sender: "bob", to: "alice", cid });
  const phone = { user: "alice", id: "phone", seen: 0, push: pushOf(7) };
  await devices.change("alice", "phone", 9, () => phone);
  await kv.reopen();
  assert.deepEqual(await kv.ids("bob", "d0"), ["m9"], where);
  assert.deepEqual(await kv.store.devices.list("bob"), [], where);
  assert.deepEqual(await kv.store.devices.list("alice"), [phone], where);
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
        const left = await kv.store.devices.list("bob");
        assert.equal(left.filter(({ push }) => push !== undefined).length, DEVICES, where);
        assert.deepEqual(await kv.store.users.withEmail("b@x.org", 9), ["bob"], where);
        assert.equal((await kv.append("c0", { sender: "bob", cid: "c0" }))?.kind, "duplicate");
      } else await checkGone(kv, where);
      await kv[Symbol.asyncDispose]();
    }
    assert.ok(commit > COMMITS, `only ${commit} commits were tried`);
  }
});

Deno.test("KvUsers.remove() leaves the user where the disk refuses, and can be repeated", async () => {
  await using kv = await openFull();
  kv.database.failOnce("refused");
  await assert.rejects(kv.store.users.remove("bob"), StoreUnavailableError);
  await kv.send(["m4"]);
  assert.deepEqual(await kv.ids("bob", "d0"), ["m1", "m2", "m3", "m4"]);
  assert.equal(await kv.store.users.remove("bob"), true);
  assert.equal(await kv.store.users.remove("bob"), false);
  await checkGone(kv, "repeated");
});

Deno.test("KvUsers.remove() that the disk interrupts frees an address once it is registered elsewhere", async () => {
  for (let failing = 2; failing <= COMMITS; failing++) {
    await using kv = await openFull();
    const { commits } = kv.database;
    kv.database.judge = (kind, count) =>
      kind === "commit" && count >= commits + failing ? "refused" : "made";
    await assert.rejects(kv.store.users.remove("bob"), StoreUnavailableError);
    kv.database.judge = () => "made";
    // Some devices of bob's may still be there, and the addresses of those with them.
    const tokens = [0, DEVICES / 2, DEVICES - 1];
    for (const index of tokens) {
      const device = { user: "alice", id: `a${index}`, seen: 0, push: pushOf(index) };
      const change = await kv.store.devices.change("alice", device.id, 9, () => device);
      assert.equal(change.kind, "changed");
    }
    await kv.reopen();
    assert.deepEqual(keysOf(kv, "bob"), []);
    const { devices } = await kv.store.devices.unseen(1, null, 1000);
    assert.deepEqual(devices.map(({ push }) => push), [0, DEVICES - 1, DEVICES / 2].map(pushOf));
  }
});

Deno.test("KvUsers.remove() keeps settling going while it deletes many rows of cids", async () => {
  await using kv = await openFull();
  // Deleting is let through so far that only cids are left.
  const isCids = (keys: readonly unknown[]) =>
    keys.length > 1 && keys.every((key) => key === "cids");
  kv.database.judge = (kind) => kind === "commit" ? "held" : "made";
  const removal = kv.store.users.remove("bob");
  await quiet();
  while (!isCids(kv.database.committed.at(-1)?.map(({ key }) => key[0]) ?? [])) {
    kv.database.release();
    await quiet();
  }
  assert.equal(kv.database.held.length, 1);
  const settling = kv.store.mailboxes.settle();
  await quiet();
  assert.equal(kv.database.held.length, 2);
  kv.database.judge = () => "made";
  while (kv.database.held.length > 0) {
    kv.database.release();
    await quiet();
  }
  await settling;
  assert.equal(await removal, true);
});
