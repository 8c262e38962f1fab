/**
 * The contract of `Devices`, and of names: whatever a client calls itself is only a name.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Device } from "../store.ts";
import { assertEntries, type ContractTest } from "./world.ts";

/** Tests of the devices of users. */
export const devicesTests: readonly ContractTest[] = [
  {
    name: "Devices.put() keeps what is known of a device, listed in order of code points",
    async run(world) {
      const { devices } = world.store;
      await world.users("bob", "carol");
      const ids = ["a", "ab", "b", "я", "\uFF5E", "\u{1F600}"];
      const all: Device[] = ids.map((id, seen) => ({ user: "bob", id, platform: "web", seen }));
      for (const device of all.toReversed()) assert.equal(await devices.put(device, 10), true);
      assert.equal(await devices.put({ user: "carol", id: "a", seen: 9 }, 10), true);
      assert.deepEqual(await devices.list("bob"), all);
      assert.deepEqual(await devices.list("carol"), [{ user: "carol", id: "a", seen: 9 }]);
      assert.deepEqual(await devices.list("nobody"), []);
    },
  },
  {
    // Each device holds messages back: their number is bounded (I7), replacing one is not adding.
    name: "Devices.put() adds up to a number, and replaces at it",
    async run(world) {
      const { devices } = world.store;
      await world.users("bob");
      const device = (id: string, seen: number): Device => ({ user: "bob", id, seen });
      assert.equal(await devices.put(device("a", 1), 2), true);
      assert.equal(await devices.put(device("b", 1), 2), true);
      assert.equal(await devices.put(device("c", 1), 2), false);
      assert.equal(await devices.put(device("b", 2), 2), true);
      assert.deepEqual(await devices.list("bob"), [device("a", 1), device("b", 2)]);
      assert.equal(await devices.put(device("a", 3), 1), true);
      assert.equal(await devices.remove("bob", "a"), true);
      assert.equal(await devices.put(device("c", 4), 2), true);
      assert.deepEqual(await devices.list("bob"), [device("b", 2), device("c", 4)]);
    },
  },
  {
    // Ten tabs that sign in at once are ten devices that count each other.
    name: "Devices.put() adds no more than allowed when many come at once",
    async run(world) {
      await world.users("bob");
      const put = await Promise.all(
        Array.from(
          { length: 12 },
          (_, index) => world.store.devices.put({ user: "bob", id: `d${index}`, seen: 1 }, 5),
        ),
      );
      assert.equal(put.filter((added) => added).length, 5);
      assert.equal((await world.store.devices.list("bob")).length, 5);
    },
  },
  {
    name: "Devices.put() refuses a device of nobody",
    async run(world) {
      const device: Device = { user: "nobody", id: "phone", seen: 1 };
      assert.equal(await world.store.devices.put(device, 10), false);
      assert.deepEqual(await world.store.devices.list("nobody"), []);
    },
  },
  {
    // A device that was given up must not fill its user's mailbox.
    name: "Devices.remove() removes the device and its cursor",
    async run(world) {
      const { devices } = world.store;
      await world.users("bob");
      for (const id of ["phone", "web"]) {
        await devices.put({ user: "bob", id, seen: 1 }, 10);
        await world.attach("bob", id);
      }
      const sent = await world.send();
      world.mailboxes.acknowledge("bob", "web", sent.position);
      assert.equal((await world.waiting("bob")).messages, 1);
      assert.equal(await devices.remove("bob", "phone"), true);
      assert.equal(await devices.remove("bob", "phone"), false);
      assert.equal(await devices.remove("nobody", "phone"), false);
      assert.deepEqual((await devices.list("bob")).map((device) => device.id), ["web"]);
      const state = await world.mailboxes.inspect("bob");
      assert.deepEqual([...(state?.cursors.keys() ?? [])], ["web"]);
      assert.equal(state?.messages, 0);
    },
  },
  {
    // Names come from outside. Those that mean something to the language, to a database or to a
    // careless separator are names like any other (I10).
    name: "Store takes any name for a user, a device and a cid",
    async run(world) {
      await world.users(...NAMES);
      for (const name of NAMES) {
        const device = { user: name, id: name, seen: 1 };
        assert.equal(await world.store.devices.put(device, 10), true);
        assert.equal((await world.attach(name, name)).pending, 0);
        await world.attach(name, "other");
      }
      for (const name of NAMES) {
        const part = { sender: name, to: name, device: name, cid: name, fingerprint: name };
        const sent = await world.send(part);
        assert.deepEqual(await world.append([part]), [
          { kind: "duplicate", id: sent.id, time: sent.time },
        ]);
        await world.settle();
        assertEntries(await world.read(name, name), [sent]);
        world.mailboxes.acknowledge(name, name, sent.position);
        world.mailboxes.acknowledge(name, "other", sent.position);
      }
      for (const name of NAMES) {
        assert.deepEqual(await world.waiting(name), { messages: 0, bytes: 0 });
        assert.deepEqual(await world.store.devices.list(name), [{ user: name, id: name, seen: 1 }]);
        assert.equal(await world.store.devices.remove(name, name), true);
        assert.equal(await world.store.users.remove(name), true);
      }
      assert.deepEqual(await world.store.users.list("", 1000), []);
    },
  },
  {
    // What nobody registered exists for nobody, though every object has it.
    name: "Store finds nobody under the names that every object has",
    async run(world) {
      for (const name of ["constructor", "__proto__", "toString", "hasOwnProperty"]) {
        assert.equal(await world.store.users.get(name), null);
        assert.deepEqual(await world.store.devices.list(name), []);
        assert.equal(await world.mailboxes.inspect(name), null);
        assert.deepEqual(await world.kinds([{ to: name }]), ["unknown"]);
      }
    },
  },
];

const NAMES: readonly string[] = [
  "constructor",
  "__proto__",
  "hasOwnProperty",
  "tostring",
  "0",
  "null",
  "a b",
  "a/b",
  "a:b,c;d",
  "a%00b",
  '"quoted\\"',
  "\u{1F469}\u200D\u{1F680}",
  "日本語",
  "é",
  "x".repeat(128),
  "я".repeat(64),
  "\u{1F600}".repeat(32),
];
