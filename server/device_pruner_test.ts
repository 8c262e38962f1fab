import assert from "node:assert/strict";
import { MemoryStore } from "../store/memory/mod.ts";
import { DevicePruner } from "./device_pruner.ts";
import { FakeClock } from "./fake_clock.ts";
import { AMPLE, FakeLog, settled } from "./fake_world.ts";
import { nobodyPresent } from "./presence.ts";
import type { Revocation } from "./revoked_lately.ts";

const DAY_MS = 24 * 3600 * 1000;

/** A store with a user and a pruner that allows 90 days. */
async function scratch(online: readonly string[] = []) {
  const clock = new FakeClock();
  const log = new FakeLog();
  const store = new MemoryStore({ limits: AMPLE, now: () => clock.now() });
  await store.users.create({ id: "ann", registered: clock.now() });
  const live = online.map((device) => ({ user: "ann", device }));
  const keptOut: Revocation[] = [];
  const keepOut = (revocation: Revocation) => void keptOut.push(revocation);
  const presence = { ...nobodyPresent, of: () => live, everyone: () => live, keepOut };
  const { devices } = store;
  const pruner = new DevicePruner({ devices, presence, clock, log, seconds: 90 * 86_400 });
  const put = async (id: string, seen: number) => {
    await devices.change("ann", id, 1000, () => ({ user: "ann", id, seen }));
  };
  const ids = async () => (await devices.list("ann")).map(({ id }) => id);
  return {
    clock,
    log,
    store,
    pruner,
    put,
    ids,
    keptOut,
    async [Symbol.asyncDispose]() {
      await pruner.stop();
      await store[Symbol.asyncDispose]();
    },
  };
}

Deno.test("DevicePruner.prune() drops a device and its cursor once 90 days are over", async () => {
  await using place = await scratch();
  const { store, clock, pruner } = place;
  const now = clock.now();
  await place.put("just", now - 90 * DAY_MS);
  await place.put("over", now - 90 * DAY_MS - 1);
  for (const id of ["just", "over"]) await store.mailboxes.attach("ann", id, "oldest");
  await pruner.prune();
  assert.deepEqual(await place.ids(), ["just"]);
  assert.deepEqual([...(await store.mailboxes.inspect("ann"))?.cursors.keys() ?? []], ["just"]);
  assert.deepEqual(place.log.of("device dropped").map(({ fields }) => fields.device), ["over"]);
});

Deno.test("DevicePruner.prune() keeps a device that is connected, and notes that it is", async () => {
  await using place = await scratch(["phone"]);
  await place.put("phone", 1);
  await place.pruner.prune();
  const [phone] = await place.store.devices.list("ann");
  assert.equal(phone?.seen, place.clock.now());
});

Deno.test("DevicePruner.prune() keeps out whoever is on the way with a dropped session", async () => {
  await using place = await scratch();
  const session = { id: "s1", began: 1, generation: 1, expires: 1 };
  await place.store.devices.change(
    "ann",
    "old",
    10,
    () => ({ user: "ann", id: "old", seen: 1, session }),
  );
  await place.pruner.prune();
  assert.deepEqual(place.keptOut, [{ kind: "session", user: "ann", session: "s1" }]);
});

Deno.test("DevicePruner.prune() goes through all pages", async () => {
  await using place = await scratch();
  for (let i = 0; i < 450; i++) await place.put(`d${i}`, i % 2 === 0 ? 1 : place.clock.now());
  await place.pruner.prune();
  assert.equal((await place.ids()).length, 225);
});

Deno.test("DevicePruner looks every hour", async () => {
  await using place = await scratch();
  await place.put("phone", place.clock.now() - 90 * DAY_MS);
  place.clock.advance(3600 * 1000);
  for (let i = 0; i < 20; i++) await settled();
  assert.deepEqual(await place.ids(), []);
  assert.equal(place.clock.timers, 1);
});
