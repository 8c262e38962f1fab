/**
 * The contract of closing a store, and of opening it again.
 *
 * @module
 */
import assert from "node:assert/strict";
import { CID_MS_MIN } from "../../limits.ts";
import { type Store, StoreUnavailableError } from "../store.ts";
import { assertEntries } from "./delivered.ts";
import { type ContractTest, HOUR_MS, idsOf, lastOf, type World } from "./world.ts";

/** Tests of the end of a store. */
export const closingTests: readonly ContractTest[] = [
  {
    // A late call must fail loudly: an answer from a closed store could be a broken promise (I1).
    name: "Store rejects every call after it was disposed of",
    async run(world) {
      await world.users("bob");
      await world.attach("bob", "phone");
      const entry = await world.send();
      const { store } = world;
      await store[Symbol.asyncDispose]();
      for (const [name, call] of callsOf(store, world, entry)) {
        await assert.rejects(call(), StoreUnavailableError, name);
      }
    },
  },
  {
    // Connections end after the store did. They only have something to say, nothing to lose.
    name: "Store ignores detach() and acknowledge() after it was disposed of",
    async run(world) {
      await world.users("bob");
      await world.attach("bob", "phone");
      const entry = await world.send();
      await world.store[Symbol.asyncDispose]();
      world.mailboxes.detach("bob", "phone", entry.position);
      world.mailboxes.acknowledge("bob", "phone", entry.position);
    },
  },
  {
    name: "Store can be disposed of twice, and twice at once",
    async run(world) {
      await world.users("bob");
      await world.send();
      const { store } = world;
      await Promise.all([store[Symbol.asyncDispose](), store[Symbol.asyncDispose]()]);
      await store[Symbol.asyncDispose]();
    },
  },
  {
    // A call under way when the store closes is answered, one way or the other, and truly.
    name: "Store answers calls that are under way when it is disposed of",
    reopens: true,
    async run(world) {
      await world.users("bob");
      const drafts = Array.from({ length: 20 }, () => world.draft());
      const calls = drafts.map((draft) => world.mailboxes.append([draft]));
      const [settled] = await Promise.all([
        Promise.allSettled(calls),
        world.store[Symbol.asyncDispose](),
      ]);
      for (const result of settled) {
        if (result.status === "rejected") assert.ok(result.reason instanceof StoreUnavailableError);
      }
      await world.reopen();
      const accepted = drafts.filter((_, index) => settled[index]?.status === "fulfilled");
      assert.deepEqual(await world.ids("bob", "phone"), idsOf(accepted));
    },
  },
];

/** Tests of data that is opened again. */
export const reopeningTests: readonly ContractTest[] = [
  {
    // The promise of the whole server: accepted is kept (I1, I4), in order (I2, I6).
    name: "Store opened again has all entries, in order, with the same ids and positions",
    reopens: true,
    async run(world) {
      await world.users("bob", "carol");
      await world.sendMany(3);
      await world.settle();
      await world.sendMany(3, { to: "carol", body: '"\u{1F600}"' });
      await world.sendMany(3);
      for (let turn = 0; turn < 2; turn++) {
        await world.reopen();
        assertEntries(await world.read("bob", "phone"), world.entries("bob"));
        assertEntries(await world.read("carol", "phone"), world.entries("carol"));
        await world.settle();
      }
      assert.equal((await world.waiting("bob")).messages, 6);
    },
  },
  {
    // A position that is handed out twice would be skipped by whoever acknowledged the first (I3).
    name: "Store opened again hands out positions past all earlier ones",
    reopens: true,
    async run(world) {
      await world.users("bob");
      await world.attach("bob", "phone");
      let last = 0;
      for (let turn = 0; turn < 4; turn++) {
        const sent = await world.sendMany(2);
        assert.ok(sent.every((entry) => entry.position > last));
        last = lastOf(sent);
        await world.attach("bob", "phone");
        if (turn % 2 === 0) world.mailboxes.acknowledge("bob", "phone", last);
        await world.settle();
        await world.reopen();
      }
      // The newest is read and gone, and still nothing comes below it.
      await world.attach("bob", "phone");
      world.mailboxes.acknowledge("bob", "phone", last);
      await world.settle();
      await world.reopen();
      const next = await world.send();
      assert.ok(next.position > last);
      const { cursor } = await world.attach("bob", "phone");
      assertEntries(await world.read("bob", "phone", cursor), [next]);
    },
  },
  {
    // A clean stop loses no acknowledgement: nothing is sent again without need.
    name: "Store opened again has every cursor and what was sent",
    reopens: true,
    async run(world) {
      await world.users("bob");
      for (const device of ["phone", "web", "idle", "gone"]) {
        await world.attach("bob", device);
      }
      world.mailboxes.detach("bob", "idle", 0);
      const [first, second, third] = await world.sendMany(3);
      assert.ok(first && second && third);
      await world.settle();
      world.mailboxes.acknowledge("bob", "phone", first.position);
      world.mailboxes.detach("bob", "phone", second.position);
      world.mailboxes.acknowledge("bob", "web", third.position);
      await world.mailboxes.forget("bob", "gone");
      await world.reopen();
      const attach = (device: string) => world.attach("bob", device);
      assert.deepEqual(await attach("phone"), {
        cursor: first.position,
        sent: second.position,
        tail: third.position,
        pending: 2,
      });
      const web = await attach("web");
      assert.equal(web.cursor, third.position);
      assert.equal((await attach("web")).pending, 0);
      assert.deepEqual(await attach("idle"), {
        cursor: 0,
        sent: 0,
        tail: third.position,
        pending: 3,
      });
      // Nobody said that it left, so it may have been sent everything.
      assert.equal(web.sent, third.position);
      const cursors = (await world.mailboxes.inspect("bob"))?.cursors;
      assert.deepEqual([...(cursors?.keys() ?? [])].sort(), ["idle", "phone", "web"]);
      assert.ok(world.mailboxes.acknowledge("bob", "phone", third.position) >= third.position);
    },
  },
  {
    // Sends are repeated most of all around a restart (I5).
    name: "Store opened again knows every cid until its time is over",
    reopens: true,
    async run(world) {
      await world.users("bob");
      const first = await world.send({ cid: "1", fingerprint: "f" });
      await world.settle();
      const second = await world.send({ cid: "2", fingerprint: "f" });
      await world.append([{ cid: "3", fingerprint: "f" }, { to: "nobody" }], { atomic: true });
      await world.reopen();
      const repeats = await world.append([
        { cid: "1", fingerprint: "f" },
        { cid: "2", fingerprint: "f" },
        { cid: "2", fingerprint: "g" },
        { cid: "3", fingerprint: "f" },
      ]);
      assert.deepEqual(repeats, [
        { kind: "duplicate", id: first.id, time: first.time },
        { kind: "duplicate", id: second.id, time: second.time },
        { kind: "conflict" },
        { kind: "accepted" },
      ]);
      world.now += CID_MS_MIN;
      await world.reopen();
      assert.deepEqual(await world.kinds([{ cid: "1", fingerprint: "g" }]), ["accepted"]);
    },
  },
  {
    name: "Store opened again has its users and devices, and not those removed",
    reopens: true,
    async run(world) {
      const { users, devices } = world.store;
      await world.users("bob", "carol", "dave");
      await world.device("bob", "phone", { platform: "ios", seen: 1 });
      await world.device("bob", "web");
      await world.send({ to: "carol" });
      const bob = await users.get("bob");
      assert.ok(bob);
      await users.replace({ ...bob.value, name: "Bob" }, bob.version);
      await devices.remove("bob", "web");
      await users.remove("carol");
      await world.reopen();
      const again = world.store;
      assert.deepEqual((await again.users.list("", 10)).map(({ id }) => id), ["bob", "dave"]);
      const kept = await again.users.get("bob");
      assert.deepEqual(kept?.value, { ...bob.value, name: "Bob" });
      assert.equal(await again.users.replace(bob.value, bob.version), false);
      assert.equal(await again.users.replace(bob.value, kept?.version ?? ""), true);
      assert.deepEqual(await again.devices.list("bob"), [
        { user: "bob", id: "phone", platform: "ios", seen: 1 },
      ]);
      await world.users("carol");
      assert.deepEqual(await world.ids("carol", "phone"), []);
    },
  },
  {
    // The other own device is known across restarts, or the conversation gets holes.
    name: "Store opened again still copies to the sender's other device",
    reopens: true,
    async run(world) {
      await world.users("alice", "bob");
      await world.attach("alice", "phone");
      await world.attach("alice", "web");
      const before = await world.send();
      await world.settle();
      await world.reopen();
      const after = await world.send();
      assertEntries(await world.read("alice", "web"), [before, after]);
      assert.deepEqual(await world.ids("alice", "phone"), []);
    },
  },
  {
    // A limit that a restart resets is no limit.
    name: "Store opened again counts what waits, and goes on sweeping",
    reopens: true,
    limits: { mailboxMessages: 4 },
    async run(world) {
      await world.users("bob");
      await world.attach("bob", "phone");
      const read = await world.send({ receipt: true });
      const late = await world.send({ receipt: true });
      await world.settle();
      await world.sendMany(2);
      world.mailboxes.acknowledge("bob", "phone", read.position);
      await world.reopen();
      assert.deepEqual(await world.kinds([{}, {}]), ["accepted", "full"]);
      assert.equal((await world.waiting("bob")).messages, 4);
      world.now += HOUR_MS;
      await world.reopen();
      const told: string[] = [];
      const hear = (entries: readonly { id: string }[]) =>
        Promise.resolve(void told.push(...entries.map(({ id }) => id)));
      await world.store.sweeper.sweep(hear);
      await world.reopen();
      await world.store.sweeper.sweep(hear);
      assert.deepEqual(told, [late.id]);
      assert.deepEqual(await world.kinds([{}]), ["accepted"]);
    },
  },
];

/** Every call of a store that answers with a promise, by name. */
function callsOf(
  store: Store,
  world: World,
  entry: Parameters<Store["mailboxes"]["setAside"]>[2],
): ReadonlyMap<string, () => Promise<unknown>> {
  const { mailboxes, users, devices, revocations, sweeper } = store;
  const user = { id: "carol", registered: 1 };
  const phone = { user: "bob", id: "phone", seen: 1 };
  return new Map<string, () => Promise<unknown>>([
    ["probe", () => store.probe()],
    ["append", () => mailboxes.append([world.draft()])],
    ["append nothing", () => mailboxes.append([])],
    ["attach", () => mailboxes.attach("bob", "phone", "oldest")],
    ["read", () => mailboxes.read("bob", "phone", 0, { messages: 1, bytes: 1 })],
    ["setAside", () => mailboxes.setAside("bob", "phone", entry)],
    ["readAside", () => mailboxes.readAside("bob", null, { messages: 1, bytes: 1 })],
    ["inspect", () => mailboxes.inspect("bob")],
    ["forget", () => mailboxes.forget("bob", "phone")],
    ["users.get", () => users.get("bob")],
    ["users.create", () => users.create(user)],
    ["users.replace", () => users.replace(user, "1")],
    ["users.remove", () => users.remove("bob")],
    ["users.list", () => users.list("", 10)],
    ["devices.list", () => devices.list("bob")],
    ["users.withEmail", () => users.withEmail("b@x.org", 10)],
    ["devices.change", () => devices.change("bob", "phone", 10, () => phone)],
    ["devices.change to nothing", () => devices.change("bob", "phone", 10, () => null)],
    ["devices.unseen", () => devices.unseen(1, null, 10)],
    ["devices.remove", () => devices.remove("bob", "phone")],
    ["revocations.get", () => revocations.get("bob", "t")],
    ["revocations.revokeUser", () => revocations.revokeUser("bob", 1)],
    ["revocations.revokeUser to nothing", () => revocations.revokeUser("bob", 0)],
    ["revocations.revokeToken", () => revocations.revokeToken("t", 1)],
    ["sweep", () => sweeper.sweep(() => Promise.resolve())],
  ]);
}
