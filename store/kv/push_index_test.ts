import assert from "node:assert/strict";
import fc from "fast-check";
import type { DiskFault } from "../../tests/simulation/sim_call.ts";
import { SimDisk } from "../../tests/simulation/sim_disk.ts";
import { anyCall, type DirectoryCall } from "../contract/directory_calls.ts";
import { anyBatch, aRestart, checkDirectory } from "../contract/directory_contract.ts";
import { DirectoryModel, USERS } from "../contract/directory_model.ts";
import type { StoreFactory } from "../contract/harness.ts";
import { World } from "../contract/world.ts";
import type { Device, PushAddress, User } from "../store.ts";
import { quiet } from "./fake_clock.ts";
import { FakeDatabase } from "./fake_database.ts";
import { FakeKv } from "./fake_kv.ts";
import { deviceKey, emailKey, pushKey } from "./keys.ts";
import { KvStore } from "./kv_store.ts";
import { OwnedDatabase } from "./owned_database.ts";
import { type DeviceName, freeWrites, pushOwner, takePush } from "./push_index.ts";
import { jsonValue, parseJson } from "./values.ts";

/** Runs of the test that ends each with a crash. */
const CRASHES = 200;

const PUSH: PushAddress = { provider: "fcm", token: "t", registered: 1 };

async function open(): Promise<{ database: FakeDatabase; owned: OwnedDatabase }> {
  const database = new FakeDatabase();
  return { database, owned: await OwnedDatabase.take(database, {}, () => {}) };
}

function deviceOf(user: string, push: PushAddress | undefined): Device {
  return { user, id: "phone", seen: 0, ...push === undefined ? {} : { push } };
}

/** Writes the row of a device. */
function rowOf(device: Device) {
  return { key: deviceKey(device.user, device.id), value: jsonValue(device) };
}

Deno.test("takePush() takes an address from the device that has it, and leaves the rest of that", async () => {
  const { owned, database } = await open();
  await owned.write((await takePush(owned, PUSH, deviceOf("bob", PUSH))).writes);
  await owned.write([rowOf({ ...deviceOf("bob", PUSH), name: "N" })]);
  assert.deepEqual(await pushOwner(owned, PUSH), { user: "bob", id: "phone" });
  const { writes, loser } = await takePush(owned, PUSH, deviceOf("alice", PUSH));
  assert.deepEqual(loser, { user: "bob", id: "phone" });
  await owned.write(writes);
  assert.deepEqual(await pushOwner(owned, PUSH), { user: "alice", id: "phone" });
  const row = database.disk.get(deviceKey("bob", "phone"));
  assert.deepEqual(row && parseJson(row.value), { ...deviceOf("bob", undefined), name: "N" });
});

Deno.test("takePush() changes no device that is gone, or has another address by now", async () => {
  const { owned } = await open();
  await owned.write((await takePush(owned, PUSH, deviceOf("bob", PUSH))).writes);
  const index = { key: pushKey(PUSH), value: jsonValue({ user: "alice", id: "phone" }) };
  const nobodys = { writes: [index], loser: null };
  assert.deepEqual(await takePush(owned, PUSH, deviceOf("alice", PUSH)), nobodys);
  await owned.write([rowOf(deviceOf("bob", { ...PUSH, token: "other" }))]);
  assert.deepEqual(await takePush(owned, PUSH, deviceOf("alice", PUSH)), nobodys);
});

Deno.test("freeWrites() frees the addresses of devices, and none that is another's by now", async () => {
  const { owned } = await open();
  const pushes = Array.from({ length: 25 }, (_, index) => ({ ...PUSH, token: `t${index}` }));
  const devices = pushes.map((push, index) => ({ ...deviceOf("bob", push), id: `d${index}` }));
  for (const [index, push] of pushes.entries()) {
    const owner = index === 12 ? deviceOf("alice", push) : devices[index];
    assert.ok(owner);
    if (index !== 13) await owned.write((await takePush(owned, push, owner)).writes);
  }
  const writes = await freeWrites(owned, [deviceOf("bob", undefined), ...devices]);
  const expected = pushes.filter((_, index) => index !== 12 && index !== 13);
  assert.deepEqual(writes, expected.map((push) => ({ key: pushKey(push), value: null })));
});

Deno.test("the indexes on disk say what the rows say after any calls and restarts", async () => {
  const disks = new Map<string, SimDisk>();
  const factory: StoreFactory = {
    open({ limits, now }, directory) {
      const disk = disks.get(directory) ?? new SimDisk();
      disks.set(directory, disk);
      return KvStore.open(new FakeDatabase(disk), {
        clock: { now, monotonic: () => 0, after: () => () => {} },
        limits,
        owner: { instance: "test" },
        epoch: "test",
        lost: () => {},
        failed: () => {},
      });
    },
  };
  await using world = await World.open(factory, "never");
  await checkDirectory(world, [anyBatch, anyBatch, anyBatch, aRestart], () => {
    const [disk] = [...disks.values()].slice(-1);
    assert.ok(disk);
    assertIndexes(disk);
  });
});

Deno.test("the indexes on disk say what the rows say after any crash among calls", async () => {
  const someCalls = fc.array(anyCall, { minLength: 1, maxLength: 6 });
  const property = fc.asyncProperty(
    fc.array(someCalls, { minLength: 1, maxLength: 12, size: "max" }),
    fc.integer({ min: 1, max: 8 }),
    fc.constantFrom<DiskFault>("refused", "unanswered"),
    async (batches, commit, fault) => {
      await using kv = await FakeKv.open([]);
      for (const user of USERS) await kv.store.users.create({ id: user, registered: 0 });
      const last = batches.pop() ?? [];
      for (const calls of batches) {
        await makeSome(kv, calls);
        assertIndexes(kv.database.disk);
      }
      await makeSome(kv, last, () => kv.database.dieAt(commit, fault));
      await kv.reopen();
      assertIndexes(kv.database.disk);
    },
  );
  await fc.assert(property, { numRuns: CRASHES });
});

/** Makes some calls at once, until nothing of them goes on: a dead disk answers some of them never. */
async function makeSome(
  kv: FakeKv,
  calls: readonly DirectoryCall[],
  ready: () => void = () => {},
): Promise<void> {
  const versions = new Map<string, string>();
  for (const id of USERS) {
    const found = await kv.store.users.get(id);
    if (found !== null) versions.set(id, found.version);
  }
  const before = { now: kv.clock.now(), versions, model: new DirectoryModel() };
  ready();
  for (const call of calls) call.make(kv.store, before).catch(() => {});
  await quiet();
}

/** Checks the rows of a disk. */
function assertIndexes(disk: SimDisk): void {
  const list = (name: string) => disk.list({ start: [name], end: [name, Infinity] });
  const users = list("users").map(({ value }) => parseJson<User>(value));
  const devices = list("devices").map(({ value }) => parseJson<Device>(value));
  const emails = users.flatMap(({ id, email }) => email === undefined ? [] : [emailKey(email, id)]);
  assert.deepEqual(sorted(list("emails").map(({ key }) => key)), sorted(emails));
  const pushes = devices.flatMap(({ user, id, push }) =>
    push === undefined ? [] : [[...pushKey(push), user, id]]
  );
  const rows = list("pushes").map(({ key, value }) => {
    const { user, id } = parseJson<DeviceName>(value);
    return [...key, user, id];
  });
  assert.deepEqual(sorted(rows), sorted(pushes));
  const ids = new Set(users.map(({ id }) => id));
  assert.ok(devices.every(({ user }) => ids.has(user)));
  assert.deepEqual(list("removals"), []);
}

function sorted(keys: readonly (readonly unknown[])[]): string[] {
  return keys.map((key) => key.join(" ")).sort();
}
