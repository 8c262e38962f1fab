/**
 * The contract of `Users`: who exists, and who wins when two want the same.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { User } from "../store.ts";
import { assertEntries } from "./delivered.ts";
import { type ContractTest, idsOf, type World } from "./world.ts";

/** Tests of the user directory. */
export const usersTests: readonly ContractTest[] = [
  {
    name: "Users.create() keeps what is known of a user, and nobody else is there",
    async run(world) {
      const { users } = world.store;
      const bob: User = { id: "bob", email: "b@x.org", name: "Bób", picture: "p", registered: 5 };
      assert.equal(await users.get("bob"), null);
      assert.equal(await users.create(bob), true);
      assert.equal(await users.create({ id: "carol", registered: 6 }), true);
      assert.deepEqual((await users.get("bob"))?.value, bob);
      assert.deepEqual((await users.get("carol"))?.value, { id: "carol", registered: 6 });
      assert.equal(await users.get("dave"), null);
    },
  },
  {
    // Two first sign-ins at once must not register a user twice.
    name: "Users.create() succeeds for exactly one of many at once",
    async run(world) {
      const created = await Promise.all(
        Array.from(
          { length: 16 },
          (_, index) =>
            world.store.users.create({ id: "bob", name: `${index}`, registered: index }),
        ),
      );
      assert.equal(created.filter((won) => won).length, 1);
      const bob = (await world.store.users.get("bob"))?.value;
      assert.equal(bob?.registered, created.indexOf(true));
      assert.equal(await world.store.users.create({ id: "bob", registered: 99 }), false);
      assert.deepEqual((await world.store.users.get("bob"))?.value, bob);
    },
  },
  {
    // A change based on what is no longer true would undo somebody else's change.
    name: "Users.replace() succeeds only with the version it was read under",
    async run(world) {
      const { users } = world.store;
      await world.users("bob");
      const first = await users.get("bob");
      assert.ok(first);
      assert.equal(await users.replace({ ...first.value, name: "B" }, first.version), true);
      assert.equal(await users.replace({ ...first.value, name: "C" }, first.version), false);
      const second = await users.get("bob");
      assert.deepEqual(second?.value, { ...first.value, name: "B" });
      assert.notEqual(second?.version, first.version);
      assert.equal(await users.replace({ id: "dave", registered: 1 }, first.version), false);
      assert.equal(await users.get("dave"), null);
    },
  },
  {
    name: "Users.replace() succeeds for exactly one of many at once",
    async run(world) {
      await world.users("bob");
      const before = await world.store.users.get("bob");
      assert.ok(before);
      const replaced = await Promise.all(
        Array.from(
          { length: 16 },
          (_, index) =>
            world.store.users.replace({ ...before.value, name: `${index}` }, before.version),
        ),
      );
      assert.equal(replaced.filter((won) => won).length, 1);
      assert.equal(
        (await world.store.users.get("bob"))?.value.name,
        String(replaced.indexOf(true)),
      );
    },
  },
  {
    // A version must not come back with the next user of the name.
    name: "Users.replace() refuses a user who was removed, and the version of an earlier one",
    async run(world) {
      const { users } = world.store;
      await world.users("bob");
      const before = await users.get("bob");
      assert.ok(before);
      await users.remove("bob");
      assert.equal(await users.replace(before.value, before.version), false);
      assert.equal(await users.get("bob"), null);
      await world.users("bob");
      assert.equal(await users.replace({ ...before.value, name: "old" }, before.version), false);
      assert.deepEqual((await users.get("bob"))?.value, before.value);
    },
  },
  {
    // Paging must not show one twice or skip one. UTF-16 order, the language's own, is not the
    // order of code points: U+FF5E sorts before U+1F600 here.
    name: "Users.list() pages in order of code points, after an id that need not exist",
    async run(world) {
      const ids = ["a", "a.b", "ab", "b@x.org", "z", "é", "я", "日本", "\uFF5E", "\u{1F600}"];
      await world.users(...ids.toReversed());
      const list = async (after: string, limit: number) =>
        (await world.store.users.list(after, limit)).map((user) => user.id);
      assert.deepEqual(await list("", 1000), ids);
      const paged: string[] = [];
      for (let after = "", page = 0; page <= ids.length; page++) {
        const some = await list(after, 3);
        assert.ok(some.length <= 3);
        paged.push(...some);
        after = some.at(-1) ?? "\u{10FFFF}";
      }
      assert.deepEqual(paged, ids);
      assert.deepEqual(await list("aa", 2), ["ab", "b@x.org"]);
      assert.deepEqual(await list("\u{1F600}", 1), []);
    },
  },
  {
    name: "Users.list() answers at most as many users as asked",
    async run(world) {
      const ids = Array.from({ length: 120 }, (_, index) => `u${String(index).padStart(3, "0")}`);
      await Promise.all(ids.map((id) => world.store.users.create({ id, registered: 1 })));
      for (const limit of [1, 119, 120, 121, 1000]) {
        const users = await world.store.users.list("", limit);
        assert.deepEqual(users.map((user) => user.id), ids.slice(0, limit));
      }
    },
  },
  {
    // Who leaves leaves nothing behind.
    name: "Users.remove() removes the user, the devices and the mailbox",
    async run(world) {
      await fill(world);
      assert.equal(await world.store.users.remove("bob"), true);
      assert.equal(await world.store.users.remove("bob"), false);
      assert.equal(await world.store.users.get("bob"), null);
      assert.deepEqual(await world.store.users.list("", 10), []);
      assert.deepEqual(await world.store.devices.list("bob"), []);
      assert.equal(await world.mailboxes.inspect("bob"), null);
      assert.deepEqual(await world.kinds([{}]), ["unknown"]);
      await world.settle();
      assert.equal(await world.mailboxes.inspect("bob"), null);
    },
  },
  {
    // The next user of the name must not read what was written to the one before (I10), nor
    // stand in the way of its own messages: positions have gone on.
    name: "Users.create() after remove() starts with an empty mailbox and no devices",
    async run(world) {
      const before = await fill(world);
      await world.store.users.remove("bob");
      await world.users("bob");
      assert.deepEqual(await world.mailboxes.inspect("bob"), {
        messages: 0,
        bytes: 0,
        cursors: new Map(),
      });
      assert.deepEqual(await world.store.devices.list("bob"), []);
      assert.deepEqual(await world.ids("bob", "phone"), []);
      const next = await world.send();
      assert.ok(next.position > before);
      await world.settle();
      const attachment = await world.attach("bob", "phone", "newest");
      assert.equal(attachment.pending, 1);
      assertEntries(await world.read("bob", "phone", attachment.cursor), [next]);
      assert.deepEqual(idsOf(await world.read("bob", "web")), [next.id]);
    },
  },
  {
    // Nobody is ever told that a message of a removed user expired: it went with the user.
    name: "Users.remove() leaves nothing of the mailbox to sweep",
    async run(world) {
      await world.users("bob");
      const sent = await world.send({ receipt: true });
      await world.settle();
      await world.store.users.remove("bob");
      await world.users("bob");
      world.now = sent.expires;
      await world.store.sweeper.sweep(() => Promise.reject(new Error("Nothing to be told")));
    },
  },
];

/** Gives `bob` devices, cursors and messages. @returns the position of the last message */
async function fill(world: World): Promise<number> {
  await world.users("bob");
  await world.device("bob", "phone");
  await world.attach("bob", "phone");
  await world.attach("bob", "web");
  await world.sendMany(2);
  await world.settle();
  return (await world.send()).position;
}
