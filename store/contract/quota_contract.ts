/**
 * The contract of a mailbox's limits: what counts, when it is full and when there is room again
 * (I7).
 *
 * @module
 */
import assert from "node:assert/strict";
import { type ContractTest, HOUR_MS, lastOf } from "./world.ts";

/** Tests of what may wait in one mailbox. */
export const quotaTests: readonly ContractTest[] = [
  {
    name: "append() takes as many messages as may wait, and not one more",
    limits: { mailboxMessages: 3 },
    async run(world) {
      await world.users("bob", "carol");
      await world.sendMany(2);
      await world.settle();
      assert.deepEqual(await world.kinds([{}, {}]), ["accepted", "full"]);
      await world.settle();
      assert.deepEqual(await world.kinds([{}]), ["full"]);
      assert.equal((await world.read("bob", "phone")).length, 3);
      // One user's full mailbox is nobody else's.
      assert.deepEqual(await world.kinds([{}, { to: "carol" }]), ["full", "accepted"]);
    },
  },
  {
    name: "append() takes as many bytes as may wait, and not one more",
    limits: { mailboxBytes: 1000 },
    async run(world) {
      await world.users("bob");
      await world.send({ body: "x".repeat(600) });
      await world.settle();
      assert.deepEqual(await world.kinds([{ body: "x".repeat(401) }]), ["full"]);
      assert.deepEqual(await world.kinds([{ body: "я".repeat(200) }]), ["accepted"]);
      await world.settle();
      assert.deepEqual(await world.kinds([{ body: "x" }]), ["full"]);
      assert.deepEqual(await world.waiting("bob"), { messages: 2, bytes: 1000 });
    },
  },
  {
    // The limit holds against a crowd too, not only against one sender that waits its turn.
    name: "append() takes exactly what fits from many senders at once",
    limits: { mailboxMessages: 10 },
    async run(world) {
      await world.users("bob");
      const outcomes = await Promise.all(
        Array.from({ length: 30 }, (_, index) => world.kinds([{ sender: `s${index % 7}` }])),
      );
      const kinds = outcomes.flat();
      assert.equal(kinds.filter((kind) => kind === "accepted").length, 10);
      assert.equal(kinds.filter((kind) => kind === "full").length, 20);
      await world.settle();
      assert.equal((await world.read("bob", "phone")).length, 10);
    },
  },
  {
    // A message is stored for all devices: it takes room until the last of them has it.
    name: "append() has room again when every device has acknowledged",
    limits: { mailboxMessages: 2 },
    async run(world) {
      await world.users("bob");
      await world.attach("bob", "phone");
      await world.attach("bob", "web");
      const [first, second] = await world.sendMany(2);
      assert.ok(first && second);
      world.mailboxes.acknowledge("bob", "phone", second.position);
      await world.settle();
      assert.deepEqual(await world.kinds([{}]), ["full"]);
      world.mailboxes.acknowledge("bob", "web", first.position);
      await world.settle();
      assert.deepEqual(await world.kinds([{}, {}]), ["accepted", "full"]);
      world.mailboxes.acknowledge("bob", "web", lastOf(world.entries("bob")));
      assert.deepEqual(await world.kinds([{}]), ["accepted"]);
    },
  },
  {
    // A device in a drawer must not keep its user from hearing anything for ever.
    name: "append() has room again when the device that lags is forgotten",
    limits: { mailboxMessages: 2 },
    async run(world) {
      await world.users("bob");
      await world.attach("bob", "phone");
      await world.attach("bob", "drawer");
      await world.sendMany(2);
      world.mailboxes.acknowledge("bob", "phone", lastOf(world.entries("bob")));
      await world.settle();
      assert.deepEqual(await world.kinds([{}]), ["full"]);
      await world.mailboxes.forget("bob", "drawer");
      assert.deepEqual(await world.kinds([{}, {}, {}]), ["accepted", "accepted", "full"]);
    },
  },
  {
    // What can no longer be delivered takes no room, swept or not.
    name: "append() has room again at the moment a message expires",
    limits: { mailboxMessages: 1 },
    async run(world) {
      await world.users("bob");
      const first = await world.send();
      await world.settle();
      world.now = first.expires - 1;
      assert.deepEqual(await world.kinds([{}]), ["full"]);
      world.now = first.expires;
      assert.deepEqual(await world.kinds([{}, {}]), ["accepted", "full"]);
    },
  },
  {
    // A mailbox that nobody ever opened is bounded like any other.
    name: "append() counts everything in a mailbox without devices",
    limits: { mailboxMessages: 2 },
    async run(world) {
      await world.users("bob");
      await world.sendMany(2);
      await world.settle();
      assert.deepEqual(await world.kinds([{}]), ["full"]);
      assert.equal((await world.attach("bob", "phone")).pending, 2);
      await world.mailboxes.forget("bob", "phone");
      assert.deepEqual(await world.kinds([{}]), ["full"]);
    },
  },
  {
    // Receipts come by what others do: they must not crowd out messages, nor be without a bound.
    name: "append() bounds receipts by themselves, at twice the number of messages",
    limits: { mailboxMessages: 2 },
    async run(world) {
      await world.users("bob");
      const receipt = { kind: "receipt" } as const;
      await world.sendMany(2);
      assert.deepEqual(await world.kinds(Array(4).fill(receipt)), Array(4).fill("accepted"));
      await world.settle();
      assert.deepEqual(await world.kinds([receipt, {}]), ["full", "full"]);
      await world.attach("bob", "phone");
      world.mailboxes.acknowledge("bob", "phone", lastOf(world.entries("bob")));
      await world.settle();
      assert.deepEqual(await world.kinds(Array(4).fill(receipt)), Array(4).fill("accepted"));
      assert.deepEqual(await world.kinds([{}, {}, {}]), ["accepted", "accepted", "full"]);
    },
  },
  {
    name: "append() has room for receipts again when they expire",
    limits: { mailboxMessages: 1 },
    async run(world) {
      await world.users("bob");
      const receipt = { kind: "receipt" } as const;
      assert.deepEqual(await world.kinds(Array(3).fill(receipt)), ["accepted", "accepted", "full"]);
      await world.settle();
      world.now += HOUR_MS;
      assert.deepEqual(await world.kinds([receipt]), ["accepted"]);
    },
  },
  {
    // The copy is a comfort, the message is the promise: it goes out without the copy.
    name: "append() leaves out a copy that does not fit, and sends all the same",
    limits: { mailboxMessages: 1 },
    async run(world) {
      await world.users("alice", "bob", "carol", "dave");
      await world.attach("alice", "web");
      assert.deepEqual(
        await world.kinds([{ id: "a" }, { id: "b", to: "carol" }]),
        ["accepted", "accepted"],
      );
      await world.settle();
      assert.deepEqual(await world.kinds([{ id: "c", to: "dave" }]), ["accepted"]);
      assert.deepEqual(await world.ids("alice", "web"), ["a"]);
      assert.deepEqual(await world.ids("carol", "phone"), ["b"]);
      assert.deepEqual(await world.ids("dave", "phone"), ["c"]);
      // The copy takes room as any message does.
      assert.deepEqual(await world.kinds([{ sender: "bob", to: "alice" }]), ["full"]);
    },
  },
];
