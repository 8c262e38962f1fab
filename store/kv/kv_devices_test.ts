import assert from "node:assert/strict";
import { type Device, type PushAddress, StoreUnavailableError } from "../store.ts";
import type { DiskFault } from "../../tests/simulation/sim_call.ts";
import { quiet } from "./fake_clock.ts";
import { FakeKv } from "./fake_kv.ts";

const FAULTS: readonly DiskFault[] = ["refused", "unanswered"];

/** Turns of the microtask queue that two calls of these tests may be apart. */
const TURNS_MAX = 60;

/** Puts a device of `bob` where there is room for it. */
async function put(kv: FakeKv, id: string, max = 9, part: Partial<Device> = {}): Promise<string> {
  const device: Device = { user: "bob", id, seen: 0, ...part };
  return (await kv.store.devices.change("bob", id, max, () => device)).kind;
}

/** The devices of `bob`. */
async function devicesOf(kv: FakeKv): Promise<string[]> {
  return (await kv.store.devices.list("bob")).map(({ id }) => id);
}

Deno.test("KvDevices.change() never adds more devices than the most, however close they come", async () => {
  for (let turns = 0; turns < TURNS_MAX; turns++) {
    await using kv = await FakeKv.open();
    const puts: Promise<string>[] = [];
    for (const id of ["a", "b", "c"]) {
      puts.push(put(kv, id, 2));
      for (let turn = 0; turn < turns; turn++) await null;
    }
    assert.deepEqual(await Promise.all(puts), ["changed", "changed", "full"]);
    assert.deepEqual(await devicesOf(kv), ["a", "b"]);
  }
});

Deno.test("KvDevices.change() leaves nothing behind a user who is removed meanwhile", async () => {
  for (let turns = 0; turns < TURNS_MAX; turns++) {
    await using kv = await FakeKv.open();
    const removal = kv.store.users.remove("bob");
    for (let turn = 0; turn < turns; turn++) await null;
    assert.equal(await put(kv, "a"), "unknown");
    assert.equal(await removal, true);
    assert.deepEqual(await devicesOf(kv), []);
  }
});

Deno.test("KvDevices.change() goes when the user is removed after it, however close", async () => {
  for (let turns = 0; turns < TURNS_MAX; turns++) {
    await using kv = await FakeKv.open();
    const change = put(kv, "a");
    for (let turn = 0; turn < turns; turn++) await null;
    const removal = kv.store.users.remove("bob");
    assert.deepEqual(await Promise.all([change, removal]), ["changed", true]);
    assert.deepEqual(await devicesOf(kv), []);
  }
});

Deno.test("KvDevices.remove() drops the cursor too, so that it holds nothing back", async () => {
  await using kv = await FakeKv.open();
  const { devices, mailboxes } = kv.store;
  for (const id of ["phone", "web"]) {
    await put(kv, id);
    await mailboxes.attach("bob", id, "oldest");
  }
  await kv.send(["m1"]);
  mailboxes.acknowledge("bob", "phone", kv.positionOf("m1"));
  assert.equal((await kv.waiting("bob")).messages, 1);
  assert.ok(await devices.remove("bob", "web"));
  assert.equal(await devices.remove("bob", "web"), null);
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
        await put(kv, id);
        await kv.store.mailboxes.attach("bob", id, "oldest");
      }
      kv.database.dieAt(commit, fault);
      const removal = kv.store.devices.remove("bob", "web");
      removal.catch(() => {});
      await quiet();
      await kv.reopen();
      const found = (await devicesOf(kv)).includes("web");
      const where = `${fault} at ${commit}`;
      assert.equal(await kv.store.devices.remove("bob", "web") !== null, found, where);
      assert.deepEqual(await devicesOf(kv), ["phone"], where);
      const state = await kv.store.mailboxes.inspect("bob");
      assert.deepEqual([...state?.cursors.keys() ?? []], ["phone"], where);
    }
  }
});

Deno.test("KvDevices.change() that the disk refuses adds nothing", async () => {
  await using kv = await FakeKv.open();
  kv.database.failOnce("refused");
  await assert.rejects(put(kv, "a"), StoreUnavailableError);
  assert.deepEqual(await devicesOf(kv), []);
});

/** A push address. */
function pushOf(token: string): PushAddress {
  return { provider: "fcm", token, registered: 1 };
}

Deno.test("KvDevices.change() reads little and commits once, moved address or not", async () => {
  await using kv = await FakeKv.open();
  await put(kv, "phone", 9, { push: pushOf("t") });
  let reads = 0;
  kv.database.judge = (kind) => {
    if (kind !== "commit") reads++;
    return "made";
  };
  const { commits } = kv.database;
  await put(kv, "phone", 9, { push: pushOf("t"), name: "N" });
  assert.deepEqual([reads, kv.database.commits - commits], [1, 1]);
  const device: Device = { user: "alice", id: "web", seen: 0, push: pushOf("t") };
  await kv.store.devices.change("alice", "web", 9, () => device);
  // One for the device that is new and those that are changed, two by which its mailbox knows it.
  assert.equal(kv.database.commits - commits, 4);
});

Deno.test("KvDevices.change() asks once more where the device changed before its address was held", async () => {
  await using kv = await FakeKv.open();
  await put(kv, "phone", 9, { name: "a" });
  const given: (string | undefined)[] = [];
  // The name decides the address: the second time another name is there, and so another address.
  const change = kv.store.devices.change("bob", "phone", 9, (known) => {
    assert.ok(known);
    given.push(known.name);
    return { ...known, push: pushOf(`of ${known.name}`) };
  });
  await Promise.all([change, put(kv, "phone", 9, { name: "b" })]);
  assert.deepEqual(given, ["a", "b", "b"]);
  const [phone] = await kv.store.devices.list("bob");
  assert.equal(phone?.push?.token, "of b");
  await kv.store.devices.change(
    "alice",
    "web",
    9,
    () => ({ user: "alice", id: "web", seen: 0, push: pushOf("of b") }),
  );
  const [after] = await kv.store.devices.list("bob");
  assert.equal(after?.push, undefined);
});

Deno.test("KvDevices.change() moves an address to one of two, however close they come", async () => {
  for (let turns = 0; turns < TURNS_MAX; turns++) {
    await using kv = await FakeKv.open(["alice", "bob", "carol"]);
    await put(kv, "phone", 9, { push: pushOf("t") });
    const moves: Promise<unknown>[] = [];
    for (const user of ["alice", "carol"]) {
      const device: Device = { user, id: "phone", seen: 0, push: pushOf("t") };
      moves.push(kv.store.devices.change(user, "phone", 9, () => device));
      for (let turn = 0; turn < turns; turn++) await null;
    }
    await Promise.all(moves);
    const { devices } = await kv.store.devices.unseen(1, null, 9);
    assert.deepEqual(devices.map(({ user, push }) => [user, push?.token]), [
      ["alice", undefined],
      ["bob", undefined],
      ["carol", "t"],
    ]);
  }
});

Deno.test("KvDevices.change() beside the removal of the device's user frees or moves the address", async () => {
  for (let turns = 0; turns < TURNS_MAX; turns++) {
    for (const first of ["move", "remove"] as const) {
      await using kv = await FakeKv.open();
      await put(kv, "phone", 9, { push: pushOf("t") });
      const device: Device = { user: "alice", id: "web", seen: 0, push: pushOf("t") };
      const move = () => kv.store.devices.change("alice", "web", 9, () => device);
      const remove = () => kv.store.users.remove("bob");
      const call = first === "move" ? move() : remove();
      for (let turn = 0; turn < turns; turn++) await null;
      await Promise.all([call, first === "move" ? remove() : move()]);
      const { devices } = await kv.store.devices.unseen(1, null, 9);
      assert.deepEqual(devices, [device], `${first} ${turns} turns before`);
    }
  }
});

Deno.test("KvDevices.change() of something too long fails alone, not with all of its commit", async () => {
  await using kv = await FakeKv.open();
  const [long, short] = await Promise.allSettled([
    put(kv, "long", 9, { name: "x".repeat(70_000) }),
    put(kv, "short"),
  ]);
  assert.ok(long.status === "rejected" && long.reason instanceof RangeError);
  assert.equal(short.status, "fulfilled");
  assert.deepEqual(await devicesOf(kv), ["short"]);
});
