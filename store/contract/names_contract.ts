/**
 * The contract of names: whatever a client calls itself is only a name.
 *
 * @module
 */
import assert from "node:assert/strict";
import { assertEntries } from "./delivered.ts";
import type { ContractTest } from "./world.ts";

/** Tests of the names of users, devices and messages. */
export const namesTests: readonly ContractTest[] = [
  {
    // Names come from outside. Those that mean something to the language, to a database or to a
    // careless separator are names like any other (I10).
    name: "Store takes any name for a user, a device and a cid",
    async run(world) {
      await world.users(...NAMES);
      for (const name of NAMES) {
        await world.device(name, name, { seen: 1 });
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
        assert.ok(await world.store.devices.remove(name, name));
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
