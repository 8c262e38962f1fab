/**
 * The contract of the index of e-mail addresses: it says what the users say.
 *
 * @module
 */
import assert from "node:assert/strict";
import { type ContractTest, withRestarts, type World } from "./world.ts";

/** Tests of finding users by their address. */
export const emailsTests: readonly ContractTest[] = [
  {
    // Paging and order as everywhere: UTF-16 order, the language's own, is not that of code points.
    name: "Users.withEmail() answers those who have an address, in order, as many as asked",
    async run(world) {
      const ids = ["a", "ab", "b", "é", "я", "\uFF5E", "\u{1F600}"];
      for (const id of ids.toReversed()) await add(world, id, "shared@x.org");
      await add(world, "alone", "alone@x.org");
      await world.users("without");
      for (const limit of [1, 6, 7, 8, 1000]) {
        const found = await world.store.users.withEmail("shared@x.org", limit);
        assert.deepEqual(found, ids.slice(0, limit));
      }
      assert.deepEqual(await world.store.users.withEmail("alone@x.org", 10), ["alone"]);
    },
  },
  {
    // Who normalises them is not the store: two that differ are two.
    name: "Users.withEmail() compares addresses exactly",
    async run(world) {
      const long = "x".repeat(3000);
      const emails = [
        "b@x.org",
        "B@x.org",
        "b@x.or",
        "b@x.org ",
        "",
        "\u00E9@x",
        "e\u0301@x",
        long,
        `${long}.`,
      ];
      for (const [index, email] of emails.entries()) await add(world, `u${index}`, email);
      for (const [index, email] of emails.entries()) {
        assert.deepEqual(await world.store.users.withEmail(email, 10), [`u${index}`]);
      }
      assert.deepEqual(await world.store.users.withEmail("@", 10), []);
      assert.deepEqual(await world.store.users.withEmail("undefined", 10), []);
    },
  },
  {
    name: "Users.create() and replace() that fail leave the index of e-mail addresses",
    async run(world) {
      const { users } = world.store;
      await add(world, "bob", "b@x.org");
      const bob = await users.get("bob");
      assert.ok(bob);
      assert.equal(await users.create({ id: "bob", email: "c@x.org", registered: 2 }), false);
      assert.equal(await users.replace({ ...bob.value, name: "B" }, bob.version), true);
      assert.equal(await users.replace({ ...bob.value, email: "c@x.org" }, bob.version), false);
      const nobody = { id: "nobody", email: "c@x.org", registered: 2 };
      assert.equal(await users.replace(nobody, bob.version), false);
      assert.deepEqual(await users.withEmail("b@x.org", 10), ["bob"]);
      assert.deepEqual(await users.withEmail("c@x.org", 10), []);
    },
  },
  // A sign-in may bring another address, or none: the old one must find nobody any more (I10).
  ...withRestarts(
    "Users.replace() moves the user in the index of e-mail addresses",
    async (world, restart) => {
      await add(world, "bob", "a@x.org");
      await add(world, "carol", "a@x.org");
      for (const after of ["b", "b", null, "c", "a"]) {
        await rename(world, "bob", after === null ? undefined : `${after}@x.org`);
        for (const name of ["a", "b", "c"]) {
          const expected = [
            ...name === after ? ["bob"] : [],
            ...name === "a" ? ["carol"] : [],
          ];
          const found = await world.store.users.withEmail(`${name}@x.org`, 10);
          assert.deepEqual(found, expected, `${name} once it is ${after}`);
        }
        await restart();
      }
    },
  ),
  // The next user of the name has not signed in with that address, and may not be found by it.
  ...withRestarts(
    "Users.remove() takes the user out of the index of e-mail addresses",
    async (world, restart) => {
      await add(world, "bob", "shared@x.org");
      await add(world, "carol", "shared@x.org");
      assert.equal(await world.store.users.remove("bob"), true);
      assert.deepEqual(await world.store.users.withEmail("shared@x.org", 10), ["carol"]);
      await world.users("bob");
      assert.deepEqual(await world.store.users.withEmail("shared@x.org", 10), ["carol"]);
      await restart();
      assert.deepEqual(await world.store.users.withEmail("shared@x.org", 10), ["carol"]);
      await rename(world, "bob", "shared@x.org");
      assert.deepEqual(await world.store.users.withEmail("shared@x.org", 10), ["bob", "carol"]);
    },
  ),
  {
    name: "Users.create() of one id with two addresses at once indexes the one that won",
    async run(world) {
      const emails = Array.from({ length: 8 }, (_, index) => `${index}@x.org`);
      const created = await Promise.all(
        emails.map((email) => world.store.users.create({ id: "bob", email, registered: 1 })),
      );
      for (const [index, email] of emails.entries()) {
        const expected = created[index] ? ["bob"] : [];
        assert.deepEqual(await world.store.users.withEmail(email, 10), expected);
      }
      assert.equal(created.filter(Boolean).length, 1);
    },
  },
];

async function add(world: World, id: string, email: string): Promise<void> {
  assert.equal(await world.store.users.create({ id, email, registered: 1 }), true);
}

/** Gives a user, who must exist, another address. */
async function rename(world: World, id: string, email: string | undefined): Promise<void> {
  const found = await world.store.users.get(id);
  assert.ok(found);
  const { email: _before, ...rest } = found.value;
  const user = email === undefined ? rest : { ...rest, email };
  assert.equal(await world.store.users.replace(user, found.version), true);
}
