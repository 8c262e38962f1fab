/**
 * The contract of `Revocations`: what is refused stays refused, whatever happens to the user.
 *
 * @module
 */
import assert from "node:assert/strict";
import { type ContractTest, HOUR_MS, withRestarts, type World } from "./world.ts";

/** Tests of tokens that are refused. */
export const revocationsTests: readonly ContractTest[] = [
  {
    name: "Revocations.get() refuses nothing of whom nobody revoked",
    async run(world) {
      const { revocations } = world.store;
      await revocations.revokeUser("bob", 5);
      await revocations.revokeToken("t", world.now + HOUR_MS);
      assert.deepEqual(await revocations.get("carol", "u"), { before: 0, token: false });
      assert.deepEqual(await revocations.get("bob", "u"), { before: 5, token: false });
      assert.deepEqual(await revocations.get("carol", "t"), { before: 0, token: true });
      assert.deepEqual(await revocations.get("bob", "t"), { before: 5, token: true });
      // A user and a token of one name have nothing to do with each other.
      assert.deepEqual(await revocations.get("t", "bob"), { before: 0, token: false });
    },
  },
  {
    // A crash between the two would leave a user without tokens, or tokens without their user.
    name: "Users.remove() refuses tokens in the same step, and none of whom it does not know",
    async run(world) {
      const { users, revocations } = world.store;
      await world.users("bob");
      await revocations.revokeUser("bob", 5);
      assert.equal(await users.remove("bob", 4), true);
      assert.equal((await revocations.get("bob", "t")).before, 5);
      await world.users("bob");
      assert.equal(await users.remove("bob", 7), true);
      assert.equal((await revocations.get("bob", "t")).before, 7);
      assert.equal(await users.remove("bob", 9), false);
      assert.equal((await revocations.get("bob", "t")).before, 7);
    },
  },
  {
    // Times are those of tokens, which are not whole milliseconds.
    name: "Revocations.revokeUser() moves the time forward only, exactly",
    async run(world) {
      const { revocations } = world.store;
      const steps = [[5.25, 5.25], [5.5, 5.5], [5.25, 5.5], [0, 5.5], [5.5, 5.5], [9, 9]] as const;
      for (const [before, expected] of steps) {
        await revocations.revokeUser("bob", before);
        assert.equal((await revocations.get("bob", "t")).before, expected);
      }
    },
  },
  {
    name: "Revocations.revokeUser() keeps the latest of many times that come at once",
    async run(world) {
      const { revocations } = world.store;
      const times = [3, 9, 1, 7, 16, 2, 12, 8];
      await Promise.all(times.map((before) => revocations.revokeUser("bob", before)));
      assert.equal((await revocations.get("bob", "t")).before, 16);
    },
  },
  // A token of somebody who was removed must not bring them back: not to what they had, and not
  // to what the next user of the name has (I10).
  ...withRestarts(
    "Revocations.revokeUser() outlives the user, and need not have known one",
    async (world, restart) => {
      await world.users("bob");
      await world.store.revocations.revokeUser("bob", 5);
      await world.store.revocations.revokeUser("nobody", 6);
      await world.store.users.remove("bob");
      const check = async () => {
        assert.equal((await world.store.revocations.get("bob", "t")).before, 5);
        assert.equal((await world.store.revocations.get("nobody", "t")).before, 6);
      };
      await check();
      await world.users("bob", "nobody");
      world.now += 100 * 365 * 24 * HOUR_MS;
      await sweep(world);
      await restart();
      await check();
    },
  ),
  ...withRestarts(
    "Revocations.revokeToken() refuses a token until it has ended, exactly",
    async (world, restart) => {
      const { revocations } = world.store;
      await revocations.revokeToken("whole", world.now + 1000);
      await revocations.revokeToken("fraction", world.now + 1000.5);
      await revocations.revokeToken("long", world.now + HOUR_MS);
      const isRefused = async (token: string) =>
        (await world.store.revocations.get("bob", token)).token;
      world.now += 999;
      await sweep(world);
      for (const token of ["whole", "fraction", "long"]) assert.ok(await isRefused(token), token);
      await restart();
      world.now += 1;
      await sweep(world);
      for (const token of ["fraction", "long"]) assert.ok(await isRefused(token), token);
      world.now += 1;
      await sweep(world);
      await restart();
      assert.ok(await isRefused("long"));
    },
  ),
  {
    // Two who end the same token may know different ends of it: the later one is safe.
    name: "Revocations.revokeToken() refuses until the latest time that was said",
    async run(world) {
      const { revocations } = world.store;
      await Promise.all([
        revocations.revokeToken("t", world.now + 1000),
        revocations.revokeToken("t", world.now + HOUR_MS),
        revocations.revokeToken("t", world.now + 500),
      ]);
      world.now += 1000;
      await sweep(world);
      await sweep(world);
      assert.equal((await revocations.get("bob", "t")).token, true);
    },
  },
  {
    // A token that is refused again while the sweep is about to forget it must stay refused.
    name: "Revocations.revokeToken() beside a sweep is not lost",
    async run(world) {
      const { revocations } = world.store;
      const tokens = Array.from({ length: 120 }, (_, index) => `t${index}`);
      await Promise.all(tokens.map((token) => revocations.revokeToken(token, world.now + 1)));
      world.now += 1;
      await Promise.all([
        sweep(world),
        ...tokens.map((token) => revocations.revokeToken(token, world.now + HOUR_MS)),
      ]);
      await sweep(world);
      for (const token of tokens) {
        assert.equal((await revocations.get("bob", token)).token, true, token);
      }
    },
  },
  {
    name: "Revocations take ids of any length and any name",
    async run(world) {
      const { revocations } = world.store;
      const long = "x".repeat(3000);
      const names = ["", "constructor", "__proto__", "a\nb", "\u00E9", "e\u0301", long, `${long}.`];
      for (const [index, name] of names.entries()) {
        assert.deepEqual(await revocations.get(name, name), { before: 0, token: false });
        await revocations.revokeUser(name, index + 1);
        await revocations.revokeToken(name, world.now + HOUR_MS);
      }
      for (const [index, name] of names.entries()) {
        assert.deepEqual(await revocations.get(name, name), { before: index + 1, token: true });
      }
    },
  },
];

function sweep(world: World): Promise<void> {
  return world.store.sweeper.sweep(() => Promise.resolve());
}
