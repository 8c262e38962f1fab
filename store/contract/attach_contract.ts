/**
 * The contract of devices in their mailbox: where they start, what they are told, how they leave.
 *
 * @module
 */
import assert from "node:assert/strict";
import { assertEntries } from "./delivered.ts";
import { type ContractTest, idsOf, lastOf } from "./world.ts";

/** Tests of `attach`, `detach` and `forget`. */
export const attachTests: readonly ContractTest[] = [
  {
    // Whoever signs in for the first time wants what was sent before, whatever the device asks.
    name: "attach() starts the first device of a user at the oldest kept entry",
    async run(world) {
      await world.users("bob", "carol");
      for (const [user, start] of [["bob", "oldest"], ["carol", "newest"]] as const) {
        const sent = await world.sendMany(3, { to: user });
        await world.settle();
        const attachment = await world.attach(user, "phone", start);
        assert.ok(attachment.cursor < (sent[0]?.position ?? 0));
        assert.equal(attachment.sent, attachment.cursor);
        assert.equal(attachment.tail, lastOf(sent));
        assert.equal(attachment.pending, 3);
        assertEntries(await world.read(user, "phone", attachment.cursor), sent);
      }
    },
  },
  {
    name: "attach() starts a further device at the oldest kept entry where it asks for that",
    async run(world) {
      await world.users("bob");
      await world.attach("bob", "phone");
      const sent = await world.sendMany(3);
      await world.settle();
      const attachment = await world.attach("bob", "web");
      assert.equal(attachment.pending, 3);
      assert.equal(attachment.sent, attachment.cursor);
      assertEntries(await world.read("bob", "web", attachment.cursor), sent);
    },
  },
  {
    // A second screen need not replay what the first one has yet to read.
    name: "attach() starts a further device after the newest entry where it asks for that",
    async run(world) {
      await world.users("bob");
      await world.attach("bob", "phone");
      const sent = await world.sendMany(3);
      await world.settle();
      const attachment = await world.attach("bob", "web", "newest");
      const tail = lastOf(sent);
      assert.deepEqual(attachment, { cursor: tail, sent: tail, tail, pending: 0 });
      const next = await world.send();
      await world.settle();
      assertEntries(await world.read("bob", "web", tail), [next]);
      assertEntries(await world.read("bob", "phone"), [...sent, next]);
    },
  },
  {
    name: "attach() to an empty mailbox finds nothing, and misses nothing that comes",
    async run(world) {
      await world.users("bob");
      for (const device of ["phone", "web"]) {
        const attachment = await world.attach("bob", device, "newest");
        assert.equal(attachment.pending, 0);
        assert.ok(attachment.cursor >= attachment.tail, "queue.empty is due at once");
      }
      const first = await world.send();
      await world.settle();
      for (const device of ["phone", "web"]) {
        const { cursor, pending } = await world.attach("bob", device, "newest");
        assert.equal(pending, 1);
        assertEntries(await world.read("bob", device, cursor), [first]);
      }
    },
  },
  {
    // A device signs in again many times a day: its place is its own, not its wish (I3).
    name: "attach() again keeps the cursor, whatever start says",
    async run(world) {
      await world.users("bob");
      await world.attach("bob", "phone");
      await world.attach("bob", "web");
      const [first, second, third] = await world.sendMany(3);
      assert.ok(first && second && third);
      world.mailboxes.acknowledge("bob", "phone", first.position);
      await world.settle();
      for (const start of ["newest", "oldest"] as const) {
        const attachment = await world.attach("bob", "phone", start);
        assert.equal(attachment.cursor, first.position);
        assert.equal(attachment.pending, 2);
        assert.equal(attachment.tail, third.position);
        assertEntries(await world.read("bob", "phone", attachment.cursor), [second, third]);
      }
    },
  },
  {
    // The client shows this number; what will never come must not be in it.
    name: "attach() counts as pending neither expired messages nor receipts",
    async run(world) {
      await world.users("bob");
      await world.attach("bob", "phone");
      const short = await world.send({ expires: world.now + 1000 });
      await world.send({ kind: "receipt" });
      const kept = await world.sendMany(2);
      await world.send({ kind: "receipt" });
      await world.settle();
      assert.equal((await world.attach("bob", "phone")).pending, 3);
      world.now = short.expires;
      assert.equal((await world.attach("bob", "phone")).pending, 2);
      world.mailboxes.acknowledge("bob", "phone", lastOf(kept));
      assert.equal((await world.attach("bob", "phone")).pending, 0);
    },
  },
  {
    // A connection can outlive its user; it must not bring a part of the user back.
    name: "attach() of an unknown user answers null",
    async run(world) {
      assert.equal(await world.mailboxes.attach("nobody", "phone", "oldest"), null);
      await world.users("bob", "nobody");
      await world.store.users.remove("bob");
      assert.equal(await world.mailboxes.attach("bob", "phone", "oldest"), null);
      await world.users("bob");
      for (const user of ["bob", "nobody"]) {
        assert.equal((await world.mailboxes.inspect(user))?.cursors.size, 0);
      }
    },
  },
  {
    // `queue.empty` waits for the cursor to reach the tail; it must be able to.
    name: "attach() names a tail that reading and acknowledging reaches",
    async run(world) {
      await world.users("bob");
      await world.attach("bob", "phone");
      await world.sendMany(3);
      const last = await world.send({ kind: "receipt", expires: world.now + 1000 });
      await world.settle();
      world.now = last.expires;
      const { cursor, tail } = await world.attach("bob", "phone");
      assert.equal(tail, last.position);
      const page = await world.page("bob", "phone", cursor);
      assert.ok(page.end);
      world.mailboxes.acknowledge("bob", "phone", page.upTo);
      await world.settle();
      const after = await world.attach("bob", "phone");
      assert.ok(after.cursor >= after.tail);
      assert.equal(after.pending, 0);
    },
  },
  {
    // `redelivered` tells the client which messages it may have seen.
    name: "detach() keeps how far was sent for the next attach(), and never lowers it",
    async run(world) {
      await world.users("bob");
      await world.attach("bob", "phone");
      await world.attach("bob", "web");
      const [first, second, third] = await world.sendMany(3);
      assert.ok(first && second && third);
      world.mailboxes.acknowledge("bob", "phone", first.position);
      world.mailboxes.detach("bob", "phone", second.position);
      await world.settle();
      const attachment = await world.attach("bob", "phone");
      assert.equal(attachment.cursor, first.position);
      assert.equal(attachment.sent, second.position);
      assert.equal(attachment.pending, 2);
      world.mailboxes.detach("bob", "phone", first.position);
      assert.equal((await world.attach("bob", "phone")).sent, second.position);
      world.mailboxes.acknowledge("bob", "phone", third.position);
      assert.equal((await world.attach("bob", "phone")).sent, third.position);
      const other = await world.attach("bob", "web");
      assert.equal(other.sent, other.cursor);
    },
  },
  {
    // A connection ends late, perhaps after its device or user was removed.
    name: "detach() of an unknown device or user does nothing",
    async run(world) {
      await world.users("bob");
      const sent = await world.send();
      world.mailboxes.detach("bob", "phone", sent.position);
      world.mailboxes.detach("nobody", "phone", 7);
      await world.settle();
      assert.equal((await world.mailboxes.inspect("bob"))?.cursors.size, 0);
      assert.equal(await world.mailboxes.inspect("nobody"), null);
      const attachment = await world.attach("bob", "phone");
      assert.equal(attachment.pending, 1);
      assert.equal(attachment.sent, attachment.cursor);
    },
  },
  {
    name: "forget() drops a cursor, and the device starts again as a new one",
    async run(world) {
      await world.users("bob");
      await world.attach("bob", "phone");
      await world.attach("bob", "web");
      const sent = await world.sendMany(3);
      world.mailboxes.acknowledge("bob", "web", lastOf(sent));
      world.mailboxes.detach("bob", "web", lastOf(sent));
      await world.settle();
      await world.mailboxes.forget("bob", "web");
      await world.settle();
      const state = await world.mailboxes.inspect("bob");
      assert.deepEqual([...(state?.cursors.keys() ?? [])], ["phone"]);
      const attachment = await world.attach("bob", "web");
      assert.equal(attachment.pending, 3);
      assert.equal(attachment.sent, attachment.cursor);
      assertEntries(await world.read("bob", "web", attachment.cursor), sent);
    },
  },
  {
    // Messages wait for the user, not for the devices of the day.
    name: "forget() of the last device leaves what waits to the next first one",
    async run(world) {
      await world.users("bob");
      await world.attach("bob", "phone");
      const sent = await world.sendMany(2);
      await world.mailboxes.forget("bob", "phone");
      const later = await world.send();
      await world.settle();
      const attachment = await world.attach("bob", "web", "newest");
      assert.equal(attachment.pending, 3);
      assert.deepEqual(
        idsOf(await world.read("bob", "web", attachment.cursor)),
        idsOf([...sent, later]),
      );
    },
  },
  {
    name: "forget() of an unknown device or user does nothing",
    async run(world) {
      await world.users("bob");
      await world.attach("bob", "phone");
      await world.mailboxes.forget("bob", "web");
      await world.mailboxes.forget("nobody", "phone");
      assert.equal((await world.mailboxes.inspect("bob"))?.cursors.size, 1);
      assert.equal(await world.mailboxes.inspect("nobody"), null);
    },
  },
];
