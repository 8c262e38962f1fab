import assert from "node:assert/strict";
import { StoreUnavailableError } from "../store.ts";
import type { DiskFault } from "../../tests/simulation/sim_database.ts";
import { quiet } from "./fake_clock.ts";
import { FakeKv } from "./fake_kv.ts";

const FAULTS: readonly DiskFault[] = ["refused", "unanswered"];

/** Turns of the microtask queue that two calls of these tests may be apart. */
const TURNS_MAX = 60;

/** The devices of `bob`. */
async function devicesOf(kv: FakeKv): Promise<string[]> {
  return (await kv.store.devices.list("bob")).map(({ id }) => id);
}

Deno.test("KvDevices.put() never adds more devices than the most, however close they come", async () => {
  for (let turns = 0; turns < TURNS_MAX; turns++) {
    await using kv = await FakeKv.open();
    const puts: Promise<boolean>[] = [];
    for (const id of ["a", "b", "c"]) {
      puts.push(kv.store.devices.put({ user: "bob", id, seen: 0 }, 2));
      for (let turn = 0; turn < turns; turn++) await null;
    }
    assert.deepEqual(await Promise.all(puts), [true, true, false]);
    assert.deepEqual(await devicesOf(kv), ["a", "b"]);
  }
});

Deno.test("KvDevices.put() replaces a known device where there is no room for a new one", async () => {
  await using kv = await FakeKv.open();
  const { devices } = kv.store;
  assert.equal(await devices.put({ user: "bob", id: "a", seen: 1 }, 1), true);
  assert.equal(await devices.put({ user: "bob", id: "a", seen: 2 }, 1), true);
  assert.equal(await devices.put({ user: "bob", id: "b", seen: 2 }, 1), false);
  assert.deepEqual(await devices.list("bob"), [{ user: "bob", id: "a", seen: 2 }]);
});

Deno.test("KvDevices.put() leaves nothing behind a user who is removed meanwhile", async () => {
  for (let turns = 0; turns < TURNS_MAX; turns++) {
    await using kv = await FakeKv.open();
    const removal = kv.store.users.remove("bob");
    for (let turn = 0; turn < turns; turn++) await null;
    const put = await kv.store.devices.put({ user: "bob", id: "a", seen: 0 }, 9);
    assert.equal(await removal, true);
    assert.equal(put, false);
    assert.deepEqual(await devicesOf(kv), []);
  }
});

Deno.test("KvDevices.put() goes when the user is removed after it, however close", async () => {
  for (let turns = 0; turns < TURNS_MAX; turns++) {
    await using kv = await FakeKv.open();
    const put = kv.store.devices.put({ user: "bob", id: "a", seen: 0 }, 9);
    for (let turn = 0; turn < turns; turn++) await null;
    assert.deepEqual(await Promise.all([put, kv.store.users.remove("bob")]), [true, true]);
    assert.deepEqual(await devicesOf(kv), []);
  }
});

Deno.test("KvDevices.remove() drops the cursor too, so that it holds nothing back", async () => {
  await using kv = await FakeKv.open();
  const { devices, mailboxes } = kv.store;
  for (const id of ["phone", "web"]) {
    await devices.put({ user: "bob", id, seen: 0 }, 9);
    await mailboxes.attach("bob", id, "oldest");
  }
  await kv.send(["m1"]);
  mailboxes.acknowledge("bob", "phone", kv.positionOf("m1"));
  assert.equal((await kv.waiting("bob")).messages, 1);
  assert.equal(await devices.remove("bob", "web"), true);
  assert.equal(await devices.remove("bob", "web"), false);
  assert.equal((await kv.waiting("bob")).messages, 0);
  await kv.reopen();
  assert.deepEqual(await devicesOf(kv), ["phone"]);
  const state = await kv.store.mailboxes.inspect("bob");
  assert.deepEqual([...state?.cursors.keys() ?? []], ["phone"]);
});

Deno.test("KvDevices.remove() that dies at any commit can be repeated, and is then whole", async () => {
  for (const fault of FAULTS) {
    for (let commit = 1; commit <= 3; commit++) {
      await using kv = await FakeKv.open();
      for (const id of ["phone", "web"]) {
        await kv.store.devices.put({ user: "bob", id, seen: 0 }, 9);
        await kv.store.mailboxes.attach("bob", id, "oldest");
      }
      kv.database.dieAt(commit, fault);
      const removal = kv.store.devices.remove("bob", "web");
      removal.catch(() => {});
      await quiet();
      await kv.reopen();
      const found = (await devicesOf(kv)).includes("web");
      const where = `${fault} at ${commit}`;
      assert.equal(await kv.store.devices.remove("bob", "web"), found, where);
      assert.deepEqual(await devicesOf(kv), ["phone"], where);
      const state = await kv.store.mailboxes.inspect("bob");
      assert.deepEqual([...state?.cursors.keys() ?? []], ["phone"], where);
    }
  }
});

Deno.test("KvDevices.put() that the disk refuses adds nothing", async () => {
  await using kv = await FakeKv.open();
  kv.database.failOnce("refused");
  const put = kv.store.devices.put({ user: "bob", id: "a", seen: 0 }, 9);
  await assert.rejects(put, StoreUnavailableError);
  assert.deepEqual(await devicesOf(kv), []);
});
