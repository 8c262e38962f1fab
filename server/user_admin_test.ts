import assert from "node:assert/strict";
import { AMPLE } from "./fake_world.ts";
import { MemoryStore } from "../store/memory/mod.ts";
import type { Draft, Store } from "../store/mod.ts";
import type { Revocation } from "./revoked_lately.ts";
import { StoreUserAdmin } from "./user_admin.ts";

const NOW = Date.UTC(2026, 10, 22);

/** A store in memory with its admin. */
function scratch() {
  const store = new MemoryStore({ limits: AMPLE, now: () => NOW });
  const evicted: string[] = [];
  const revoked: Revocation[] = [];
  const keptOut: string[] = [];
  const online = new Map([["bob", [{ device: "phone" }]]]);
  const users = new StoreUserAdmin({
    store,
    presence: {
      of: (user) => online.get(user) ?? [],
      evict: (...who) => void evicted.push(who.join("/")),
      everyone: () => [],
      revoke: (revocation) => void revoked.push(revocation),
      keepOut: (revocation) => void revoked.push(revocation),
      alone: async ({ user, device }, work) => {
        keptOut.push(`${user}/${device}`);
        const done = await work();
        keptOut.push("");
        return done;
      },
    },
    now: () => NOW,
  });
  return {
    store,
    users,
    evicted,
    revoked,
    keptOut,
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}

/** Registers a device of bob's where he has less than two. */
async function putDevice({ devices }: Store, id: string, seen: number): Promise<string> {
  return (await devices.change("bob", id, 2, () => ({ user: "bob", id, seen }))).kind;
}

function draft(to: string, body: string): Draft {
  const times = { time: NOW, expires: NOW + 60_000 };
  const people = { sender: "alice", from: "alice", to, device: "default" };
  return {
    id: body,
    kind: "message",
    ...people,
    ...times,
    receipt: false,
    urgent: false,
    body,
    bytes: 5,
  };
}

Deno.test("StoreUserAdmin.add() adds a user with the time of now", async () => {
  await using place = scratch();
  const added = await place.users.add({ id: "bob", name: "Bob", email: "bob@example.com" });
  assert.deepEqual(added, { id: "bob", name: "Bob", email: "bob@example.com", registered: NOW });
  assert.deepEqual((await place.store.users.get("bob"))?.value, added);
});

Deno.test("StoreUserAdmin.add() answers null where the id is taken", async () => {
  await using place = scratch();
  await place.users.add({ id: "bob", name: "Bob" });
  assert.equal(await place.users.add({ id: "bob", name: "Robert" }), null);
  assert.equal((await place.store.users.get("bob"))?.value.name, "Bob");
});

Deno.test("StoreUserAdmin.show() tells of devices and of what waits", async () => {
  await using place = scratch();
  const { store, users } = place;
  const user = await users.add({ id: "bob" });
  await putDevice(store, "phone", 5);
  await putDevice(store, "tablet", 6);
  await store.mailboxes.attach("bob", "phone", "oldest");
  await store.mailboxes.append([draft("bob", "one"), draft("bob", "two")]);
  assert.deepEqual(await users.show("bob"), {
    user,
    devices: [
      { id: "phone", seen: 5, cursor: 0, online: true },
      { id: "tablet", seen: 6, cursor: null, online: false },
    ],
    waiting: { messages: 2, bytes: 10 },
  });
});

Deno.test("StoreUserAdmin.show() answers null for nobody", async () => {
  await using place = scratch();
  assert.equal(await place.users.show("bob"), null);
});

Deno.test("StoreUserAdmin.list() answers pages that join up", async () => {
  await using place = scratch();
  for (const id of ["carl", "alice", "bob", "dora"]) await place.users.add({ id });
  const first = await place.users.list("", 3);
  assert.deepEqual(first.users.map(({ id }) => id), ["alice", "bob", "carl"]);
  assert.equal(first.next, "carl");
  const second = await place.users.list("carl", 3);
  assert.deepEqual(second.users.map(({ id }) => id), ["dora"]);
  assert.equal(second.next, null);
});

Deno.test("StoreUserAdmin.list() knows that a full page is the last", async () => {
  await using place = scratch();
  for (const id of ["alice", "bob"]) await place.users.add({ id });
  assert.equal((await place.users.list("", 2)).next, null);
  assert.deepEqual(await place.users.list("bob", 2), { users: [], next: null });
});

Deno.test("StoreUserAdmin.removeDevice() lets nobody in whose sign-in was under way", async () => {
  await using place = scratch();
  await place.users.add({ id: "bob" });
  const session = { id: "s1", began: NOW, generation: 1, expires: NOW };
  await place.store.devices.change(
    "bob",
    "phone",
    10,
    () => ({ user: "bob", id: "phone", seen: 1, session }),
  );
  assert.equal(await place.users.removeDevice("bob", "phone"), true);
  assert.deepEqual(place.revoked, [{ kind: "session", user: "bob", session: "s1" }]);
});

Deno.test("StoreUserAdmin.remove() removes a user and ends the connections", async () => {
  await using place = scratch();
  await place.users.add({ id: "bob" });
  assert.equal(await place.users.remove("bob"), true);
  assert.equal(await place.store.users.get("bob"), null);
  assert.deepEqual(new Set(place.evicted), new Set(["bob"]));
  assert.deepEqual(place.revoked, [{ kind: "user", user: "bob", before: NOW }]);
  assert.equal(await place.users.remove("bob"), false);
});

/** Bob with a phone that reads and an old one that does not, and two messages. */
async function twoPhones() {
  const place = scratch();
  const { store, users } = place;
  await users.add({ id: "bob" });
  for (const id of ["old", "phone"]) {
    await putDevice(store, id, 5);
    await store.mailboxes.attach("bob", id, "oldest");
  }
  await store.mailboxes.append([draft("bob", "one"), draft("bob", "two")]);
  const { entries } = await store.mailboxes.read("bob", "phone", 0, { messages: 9, bytes: 99 });
  store.mailboxes.acknowledge("bob", "phone", entries[0]?.position ?? 0);
  return place;
}

Deno.test("StoreUserAdmin.removeDevice() lets go of what only that device held", async () => {
  await using place = await twoPhones();
  const { store, users } = place;
  assert.equal((await users.show("bob"))?.waiting.messages, 2);
  assert.equal(await users.removeDevice("bob", "old"), true);
  const left = await users.show("bob");
  assert.deepEqual(left?.devices.map(({ id }) => id), ["phone"]);
  assert.deepEqual(left?.waiting, { messages: 1, bytes: 5 });
  assert.deepEqual([...(await store.mailboxes.inspect("bob"))?.cursors.keys() ?? []], ["phone"]);
  assert.equal(await putDevice(store, "new", 6), "changed");
});

Deno.test("StoreUserAdmin.removeDevice() ends the connection while nobody can sign in", async () => {
  await using place = await twoPhones();
  await place.users.removeDevice("bob", "old");
  assert.deepEqual(place.evicted, ["bob/old"]);
  assert.deepEqual(place.keptOut, ["bob/old", ""]);
});

Deno.test("StoreUserAdmin.removeDevice() ends the connection also where the store refuses", async () => {
  await using place = await twoPhones();
  place.store.devices.remove = () => Promise.reject(new Error("Refused"));
  await assert.rejects(place.users.removeDevice("bob", "old"), /Refused/);
  assert.deepEqual(place.evicted, ["bob/old"]);
});

Deno.test("StoreUserAdmin.removeDevice() can be repeated where a crash cut it short", async () => {
  await using place = await twoPhones();
  await place.store.mailboxes.forget("bob", "old");
  assert.equal(await place.users.removeDevice("bob", "old"), true);
  assert.deepEqual((await place.users.show("bob"))?.devices.map(({ id }) => id), ["phone"]);
});

Deno.test("StoreUserAdmin.removeDevice() answers false for a device that is not there", async () => {
  await using place = await twoPhones();
  assert.equal(await place.users.removeDevice("bob", "Old"), false);
  assert.equal(await place.users.removeDevice("carl", "old"), false);
  assert.equal(await place.users.removeDevice("bob", "old"), true);
  assert.equal(await place.users.removeDevice("bob", "old"), false);
});

Deno.test("StoreUserAdmin.removeDevice() works where no server runs", async () => {
  await using place = await twoPhones();
  const users = new StoreUserAdmin({ store: place.store, now: () => NOW });
  assert.equal(await users.removeDevice("bob", "old"), true);
  assert.deepEqual((await users.show("bob"))?.devices.map(({ id }) => id), ["phone"]);
});
