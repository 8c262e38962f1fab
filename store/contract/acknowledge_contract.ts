/**
 * The contract of what a device has done with its messages, and what `inspect` says of it.
 *
 * @module
 */
import assert from "node:assert/strict";
import { assertEntries } from "./delivered.ts";
import { type ContractTest, HOUR_MS, lastOf } from "./world.ts";

/** Tests of `acknowledge`, `setAside` and `inspect`. */
export const acknowledgeTests: readonly ContractTest[] = [
  {
    // Acknowledgements of several connections can meet; the cursor must not go back (I3).
    name: "acknowledge() moves the cursor forward and never back",
    async run(world) {
      await world.users("bob");
      await world.attach("bob", "phone");
      const [first, second, third] = await world.sendMany(3);
      assert.ok(first && second && third);
      world.mailboxes.acknowledge("bob", "phone", second.position);
      world.mailboxes.acknowledge("bob", "phone", first.position);
      await world.settle();
      world.mailboxes.acknowledge("bob", "phone", 0);
      const attachment = await world.attach("bob", "phone");
      assert.equal(attachment.cursor, second.position);
      assertEntries(await world.read("bob", "phone", attachment.cursor), [third]);
    },
  },
  {
    // A device cannot have what was not sent yet, whatever it says (I3).
    name: "acknowledge() past the newest entry does not skip what comes later",
    async run(world) {
      await world.users("bob");
      await world.attach("bob", "phone");
      const first = await world.send();
      world.mailboxes.acknowledge("bob", "phone", first.position + 1_000_000);
      await world.settle();
      const next = await world.send();
      await world.settle();
      const { cursor, pending } = await world.attach("bob", "phone");
      assert.equal(pending, 1);
      assertEntries(await world.read("bob", "phone", cursor), [next]);
    },
  },
  {
    // Each device gets every message, whatever the others have read.
    name: "acknowledge() of one device leaves the others where they are",
    async run(world) {
      await world.users("bob");
      await world.attach("bob", "phone");
      const { cursor } = await world.attach("bob", "web");
      const sent = await world.sendMany(3);
      world.mailboxes.acknowledge("bob", "phone", lastOf(sent));
      await world.settle();
      const web = await world.attach("bob", "web");
      assert.equal(web.cursor, cursor);
      assert.equal(web.pending, 3);
      assertEntries(await world.read("bob", "web", web.cursor), sent);
    },
  },
  {
    // The sender hears "delivered" once, from the first device that has it.
    name: "acknowledge() answers the furthest position acknowledged before, by any device",
    async run(world) {
      await world.users("bob", "carol");
      await world.attach("bob", "phone");
      await world.attach("bob", "web");
      await world.attach("carol", "phone");
      const [first, second, third] = await world.sendMany(3);
      assert.ok(first && second && third);
      const other = await world.send({ to: "carol" });
      const bob = (device: string, upTo: number) =>
        world.mailboxes.acknowledge("bob", device, upTo);
      assert.ok(bob("phone", second.position) < first.position);
      await world.settle();
      assert.equal(bob("web", first.position), second.position);
      assert.equal(bob("web", third.position), second.position);
      await world.settle();
      assert.equal(bob("phone", third.position), third.position);
      assert.equal(bob("phone", first.position), third.position);
      const before = world.mailboxes.acknowledge("carol", "phone", other.position);
      assert.ok(before < first.position, "What bob does is nothing to carol's mailbox");
    },
  },
  {
    // A connection acknowledges late, perhaps after its device or user was removed.
    name: "acknowledge() of an unknown device or user changes nothing",
    async run(world) {
      await world.users("bob");
      const sent = await world.send();
      world.mailboxes.acknowledge("bob", "phone", sent.position);
      world.mailboxes.acknowledge("nobody", "phone", 7);
      await world.settle();
      assert.equal((await world.mailboxes.inspect("bob"))?.cursors.size, 0);
      assert.equal((await world.attach("bob", "phone")).pending, 1);
      assertEntries(await world.read("bob", "phone"), [sent]);
    },
  },
  {
    // Setting aside keeps a message that one device cannot take; its place is only passed by
    // acknowledging, so that nobody else loses it.
    name: "setAside() changes neither the cursor nor what others read",
    async run(world) {
      await world.users("bob");
      const { cursor } = await world.attach("bob", "phone");
      await world.attach("bob", "web");
      const [bad, next] = await world.sendMany(2);
      assert.ok(bad && next);
      await world.settle();
      await world.mailboxes.setAside("bob", "phone", bad);
      assert.equal((await world.attach("bob", "phone")).cursor, cursor);
      world.mailboxes.acknowledge("bob", "phone", bad.position);
      await world.settle();
      assertEntries(await world.read("bob", "phone", bad.position), [next]);
      assertEntries(await world.read("bob", "web"), [bad, next]);
      assert.equal((await world.waiting("bob")).messages, 2);
    },
  },
  {
    name: "inspect() answers null where there is no such user, and zeros for a new one",
    async run(world) {
      assert.equal(await world.mailboxes.inspect("bob"), null);
      await world.users("bob");
      assert.deepEqual(await world.mailboxes.inspect("bob"), {
        messages: 0,
        bytes: 0,
        cursors: new Map(),
      });
    },
  },
  {
    // The operator asks why a user's mailbox is full: the slowest device decides.
    name: "inspect() counts what some device has not acknowledged",
    async run(world) {
      await world.users("bob");
      await world.attach("bob", "phone");
      await world.attach("bob", "web");
      const [first, second, third] = await world.sendMany(3, { body: "x".repeat(10) });
      assert.ok(first && second && third);
      await world.settle();
      assert.deepEqual(await world.waiting("bob"), { messages: 3, bytes: 30 });
      world.mailboxes.acknowledge("bob", "phone", third.position);
      assert.deepEqual(await world.waiting("bob"), { messages: 3, bytes: 30 });
      world.mailboxes.acknowledge("bob", "web", second.position);
      await world.settle();
      assert.deepEqual(await world.waiting("bob"), { messages: 1, bytes: 10 });
      const state = await world.mailboxes.inspect("bob");
      assert.equal(state?.cursors.get("phone"), third.position);
      assert.equal(state?.cursors.get("web"), second.position);
      world.mailboxes.acknowledge("bob", "web", third.position);
      assert.deepEqual(await world.waiting("bob"), { messages: 0, bytes: 0 });
    },
  },
  {
    name: "inspect() counts everything where no device reads, but nothing expired and no receipt",
    async run(world) {
      await world.users("bob");
      await world.send({ body: "x".repeat(10), expires: world.now + 1000 });
      await world.send({ body: "x".repeat(20), expires: world.now + HOUR_MS });
      await world.send({ body: "x".repeat(40), kind: "receipt" });
      await world.settle();
      assert.deepEqual(await world.waiting("bob"), { messages: 2, bytes: 30 });
      world.now += 999;
      assert.deepEqual(await world.waiting("bob"), { messages: 2, bytes: 30 });
      world.now += 1;
      assert.deepEqual(await world.waiting("bob"), { messages: 1, bytes: 20 });
    },
  },
  {
    name: "inspect() counts copies of what the user sent",
    async run(world) {
      await world.users("alice", "bob");
      await world.attach("alice", "web");
      const sent = await world.send({ body: "x".repeat(10) });
      await world.settle();
      assert.deepEqual(await world.waiting("alice"), { messages: 1, bytes: 10 });
      world.mailboxes.acknowledge("alice", "web", sent.position);
      assert.deepEqual(await world.waiting("alice"), { messages: 0, bytes: 0 });
      assert.deepEqual(await world.waiting("bob"), { messages: 1, bytes: 10 });
    },
  },
  {
    // Removing a lost phone is how a user frees the mailbox.
    name: "forget() lets go of what only that device held",
    async run(world) {
      await world.users("bob");
      await world.attach("bob", "phone");
      await world.attach("bob", "lost");
      const sent = await world.sendMany(3);
      world.mailboxes.acknowledge("bob", "phone", lastOf(sent.slice(0, 2)));
      await world.settle();
      assert.equal((await world.waiting("bob")).messages, 3);
      await world.mailboxes.forget("bob", "lost");
      await world.settle();
      assert.equal((await world.waiting("bob")).messages, 1);
      assertEntries(await world.read("bob", "phone", lastOf(sent.slice(0, 2))), sent.slice(2));
    },
  },
];
