/**
 * The contract of a sender's own devices: all of them show the same conversation.
 *
 * @module
 */
import assert from "node:assert/strict";
import { assertEntries } from "./delivered.ts";
import type { ContractTest } from "./world.ts";

/** Tests of the copies that a sender keeps. */
export const ownDevicesTests: readonly ContractTest[] = [
  {
    // Most users have one device; a copy nobody reads would cost as much as the message.
    name: "append() makes no copy for a sender with one device",
    async run(world) {
      await world.users("alice", "bob");
      await world.send();
      await world.attach("alice", "phone");
      await world.send();
      await world.settle();
      assert.deepEqual(world.entries("alice"), []);
      assert.deepEqual(await world.waiting("alice"), { messages: 0, bytes: 0 });
      assert.deepEqual(await world.ids("alice", "web"), []);
    },
  },
  {
    // Position and id are the message's own, so devices can agree on what they show (I4).
    name: "append() copies to the sender's other device under the same position and id",
    async run(world) {
      await world.users("alice", "bob");
      await world.attach("alice", "phone");
      await world.attach("alice", "web");
      const sent = await world.send();
      assertEntries(world.entries("alice"), [sent]);
      await world.settle();
      assertEntries(await world.read("alice", "web"), [sent]);
      assertEntries(await world.read("bob", "phone"), [sent]);
      assert.equal((await world.waiting("alice")).messages, 1);
    },
  },
  {
    // The device that sent it has it. Its reading must still pass it, or it would stand for ever.
    name: "read() skips what the device sent itself and passes it",
    async run(world) {
      await world.users("alice", "bob");
      await world.attach("alice", "phone");
      await world.attach("alice", "web");
      const own = await world.send({ device: "phone" });
      const reply = await world.send({ sender: "bob", to: "alice" });
      const last = await world.send({ device: "phone" });
      await world.settle();
      const page = await world.page("alice", "phone", 0);
      assertEntries(page.entries, [reply]);
      assert.ok(page.end && page.upTo >= last.position);
      assertEntries(await world.read("alice", "web"), [own, reply, last]);
      assert.equal((await world.attach("alice", "phone")).pending, 1);
      assert.equal((await world.attach("alice", "web")).pending, 3);
    },
  },
  {
    // Device names are a user's own: bob's phone is not alice's.
    name: "read() does not take a message of another user's device of the same name for its own",
    async run(world) {
      await world.users("alice", "bob");
      await world.attach("bob", "phone");
      const sent = await world.send({ device: "phone" });
      await world.settle();
      assertEntries(await world.read("bob", "phone"), [sent]);
      assert.equal((await world.attach("bob", "phone")).pending, 1);
    },
  },
  {
    // A message sent over HTTP comes from a device that never reads.
    name: "append() copies to a device also where the sending one never attached",
    async run(world) {
      await world.users("alice", "bob");
      await world.attach("alice", "web");
      const sent = await world.send({ device: "script" });
      await world.settle();
      assertEntries(await world.read("alice", "web"), [sent]);
    },
  },
  {
    name: "append() makes no copy once the sender's other device is forgotten",
    async run(world) {
      await world.users("alice", "bob");
      await world.attach("alice", "phone");
      await world.attach("alice", "web");
      await world.mailboxes.forget("alice", "web");
      await world.settle();
      await world.send({ device: "phone" });
      assert.deepEqual(world.entries("alice"), []);
    },
  },
  {
    // A note to oneself is read everywhere, also where it was written: it was addressed there.
    name: "append() to oneself reaches every own device once, the sending one too",
    async run(world) {
      await world.users("alice");
      await world.attach("alice", "phone");
      await world.attach("alice", "web");
      const note = await world.send({ to: "alice", device: "phone" });
      assertEntries(world.entries("alice"), [note]);
      await world.settle();
      assertEntries(await world.read("alice", "phone"), [note]);
      assertEntries(await world.read("alice", "web"), [note]);
      assert.equal((await world.attach("alice", "phone")).pending, 1);
      assert.equal((await world.waiting("alice")).messages, 1);
    },
  },
  {
    // The message itself must not fail for a device in a drawer.
    name: "append() leaves a copy out while the sender's mailbox is full, and only then",
    limits: { mailboxMessages: 2 },
    async run(world) {
      await world.users("alice", "bob", "carol", "dave");
      await world.attach("alice", "phone");
      await world.attach("alice", "web");
      const first = await world.send();
      const second = await world.send();
      await world.settle();
      await world.send({ to: "carol" });
      assertEntries(await world.read("alice", "web"), [first, second]);
      for (const device of ["phone", "web"]) {
        world.mailboxes.acknowledge("alice", device, second.position);
      }
      // What all devices have read may still lie there.
      const third = await world.send({ to: "carol" });
      const fourth = await world.send({ to: "dave" });
      await world.send({ to: "dave" });
      assertEntries(await world.read("alice", "web", second.position), [third, fourth]);
      assert.deepEqual(await world.kinds([{ to: "carol" }]), ["full"]);
    },
  },
  {
    // A bot answers on its user's account; neither its answer nor a receipt is the user's word.
    name: "append() copies neither what is from somebody else nor receipts",
    async run(world) {
      await world.users("alice", "bob");
      await world.attach("alice", "phone");
      await world.attach("alice", "web");
      await world.send({ from: "bot", to: "bob" });
      await world.send({ kind: "receipt", to: "bob" });
      assert.deepEqual(world.entries("alice"), []);
      const echo = await world.send({ from: "echo", to: "alice", device: "phone" });
      await world.settle();
      assertEntries(await world.read("alice", "phone"), [echo]);
      assertEntries(await world.read("alice", "web"), [echo]);
    },
  },
  {
    // What nobody received must not show as sent.
    name: "append() copies nothing of a refused draft",
    async run(world) {
      await world.users("alice", "bob");
      await world.attach("alice", "web");
      await world.append([{ to: "nobody" }]);
      await world.append([{}, { to: "nobody" }], { atomic: true });
      await world.settle();
      assert.deepEqual(world.entries("alice"), []);
      assert.deepEqual(await world.ids("alice", "web"), []);
    },
  },
  {
    // Each mailbox has its own chain of news; a copy is a link of the sender's.
    name: "append() links copies and messages of a mailbox into one chain",
    async run(world) {
      await world.users("alice", "bob");
      await world.attach("alice", "web");
      const first = await world.send();
      const second = await world.send({ sender: "bob", to: "alice" });
      const third = await world.send();
      const chain = world.news.filter(({ user }) => user === "alice").map(({ after }) => after);
      assert.deepEqual(chain, [0, first.position, second.position]);
      await world.settle();
      assertEntries(await world.read("alice", "web"), [first, second, third]);
    },
  },
];
