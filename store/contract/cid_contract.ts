/**
 * The contract of `cid`: a client that did not hear an answer sends again, and nothing is stored
 * twice (I5).
 *
 * @module
 */
import assert from "node:assert/strict";
import { CID_MS_MIN } from "../../limits.ts";
import type { Draft, Outcome } from "../store.ts";
import { type ContractTest, HOUR_MS, idsOf } from "./world.ts";

/** Tests of how repeats are known. */
export const cidTests: readonly ContractTest[] = [
  {
    // The repeat must get the first answer, or the client shows two messages where one went out.
    name: "append() answers a repeat with the id and time of the first, and stores nothing",
    async run(world) {
      await world.users("bob");
      const first = await world.send({ cid: "c", fingerprint: "f" });
      await world.settle();
      world.now += 5000;
      const outcomes = await world.append([{ cid: "c", fingerprint: "f" }]);
      assert.deepEqual(outcomes, [duplicateOf(first)]);
      assert.deepEqual(await world.ids("bob", "phone"), [first.id]);
      assert.equal(world.entries("bob").length, 1);
    },
  },
  {
    // Answering "done" for something else would lose the second message silently.
    name: "append() refuses a cid that comes again with other content",
    async run(world) {
      await world.users("bob");
      const first = await world.send({ cid: "c", fingerprint: "f" });
      await world.settle();
      assert.deepEqual(await world.kinds([{ cid: "c", fingerprint: "g" }]), ["conflict"]);
      assert.deepEqual(await world.append([{ cid: "c", fingerprint: "f" }]), [duplicateOf(first)]);
      assert.deepEqual(await world.ids("bob", "phone"), [first.id]);
    },
  },
  {
    // A batch is no excuse: the drafts of one call are judged in their order.
    name: "append() knows a repeat inside one call",
    async run(world) {
      await world.users("bob");
      const first = world.draft({ cid: "c", fingerprint: "f" });
      const again = world.draft({ cid: "c", fingerprint: "f" });
      const other = world.draft({ cid: "c", fingerprint: "g" });
      const outcomes = await world.mailboxes.append([first, again, other]);
      assert.deepEqual(outcomes, [
        { kind: "accepted" },
        duplicateOf(first),
        { kind: "conflict" },
      ]);
      await world.settle();
      assert.deepEqual(await world.ids("bob", "phone"), [first.id]);
    },
  },
  {
    // An impatient client repeats while the first commit is still under way.
    name: "append() knows a repeat of what is not committed yet",
    async run(world) {
      await world.users("bob");
      const drafts = Array.from({ length: 20 }, () => world.draft({ cid: "c", fingerprint: "f" }));
      const [first, ...others] = await Promise.all(
        drafts.map((draft) => world.mailboxes.append([draft])),
      );
      assert.deepEqual(first, [{ kind: "accepted" }]);
      const firstDraft = drafts[0];
      assert.ok(firstDraft);
      for (const outcomes of others) assert.deepEqual(outcomes, [duplicateOf(firstDraft)]);
      await world.settle();
      assert.deepEqual(await world.ids("bob", "phone"), [firstDraft.id]);
    },
  },
  {
    // Clients count from 1: the same cid of another sender is another message (I10).
    name: "append() keeps the cids of senders apart",
    async run(world) {
      await world.users("bob");
      const kinds = await world.kinds([
        { sender: "alice", cid: "1", fingerprint: "f" },
        { sender: "carol", cid: "1", fingerprint: "g" },
      ]);
      assert.deepEqual(kinds, ["accepted", "accepted"]);
      await world.settle();
      // A sender and a cid that together spell the same must not meet either.
      const close = await world.kinds([
        { sender: "al", cid: "ice1", fingerprint: "h" },
        { sender: "a", cid: "lice1", fingerprint: "i" },
      ]);
      assert.deepEqual(close, ["accepted", "accepted"]);
    },
  },
  {
    name: "append() takes drafts without a cid as often as they come",
    async run(world) {
      await world.users("bob");
      const kinds = await world.kinds([{ fingerprint: "f" }, { fingerprint: "f" }]);
      assert.deepEqual(kinds, ["accepted", "accepted"]);
    },
  },
  {
    // A short-lived message is gone long before its sender gives up repeating.
    name: "append() remembers a cid for a day, exactly",
    async run(world) {
      await world.users("bob");
      const first = await world.send({ ...repeatable, expires: world.now + 1000 });
      await world.settle();
      await world.store.sweeper.sweep(() => Promise.resolve());
      world.now = first.time + CID_MS_MIN - 1;
      await world.store.sweeper.sweep(() => Promise.resolve());
      assert.deepEqual(await world.append([repeatable]), [duplicateOf(first)]);
      world.now = first.time + CID_MS_MIN;
      assert.deepEqual(await world.kinds([repeatable]), ["accepted"]);
      assert.deepEqual(await world.kinds([repeatable]), ["duplicate"]);
    },
  },
  {
    // A message that waits for weeks can be repeated for weeks.
    name: "append() remembers a cid while its message lives, exactly",
    async run(world) {
      await world.users("bob");
      const expires = world.now + 30 * CID_MS_MIN;
      const first = await world.send({ ...repeatable, expires });
      await world.settle();
      world.now = expires - 1;
      await world.store.sweeper.sweep(() => Promise.resolve());
      assert.deepEqual(await world.append([repeatable]), [duplicateOf(first)]);
      world.now = expires;
      await world.store.sweeper.sweep(() => Promise.resolve());
      const second = await world.send(repeatable);
      assert.deepEqual(await world.append([repeatable]), [duplicateOf(second)]);
    },
  },
  {
    // The repeat after the reason is gone is the one that must go through.
    name: "append() does not use up the cid of a refused draft",
    limits: { mailboxMessages: 1 },
    async run(world) {
      assert.deepEqual(await world.kinds([repeatable]), ["unknown"]);
      await world.users("bob");
      await world.send({ expires: world.now + HOUR_MS });
      assert.deepEqual(await world.kinds([repeatable]), ["full"]);
      // Nor inside one call: the second is judged for itself.
      assert.deepEqual(await world.kinds([repeatable, repeatable]), ["full", "full"]);
      await world.settle();
      world.now += HOUR_MS;
      assert.deepEqual(await world.kinds([repeatable, repeatable]), ["accepted", "duplicate"]);
    },
  },
  {
    // It was accepted once, and that stays true whatever happened to its receiver since.
    name: "append() knows a repeat whose message was read, or whose receiver is full or gone",
    limits: { mailboxMessages: 1 },
    async run(world) {
      await world.users("bob");
      const first = await world.send(repeatable);
      assert.deepEqual(await world.append([repeatable]), [duplicateOf(first)]);
      await world.attach("bob", "phone");
      world.mailboxes.acknowledge("bob", "phone", first.position);
      await world.settle();
      assert.deepEqual(await world.append([repeatable]), [duplicateOf(first)]);
      await world.store.users.remove("bob");
      assert.deepEqual(await world.append([repeatable]), [duplicateOf(first)]);
    },
  },
  {
    // A repeat often comes with new messages behind it; only the new ones may be stored.
    name: "append() tells repeats from new drafts in one call",
    async run(world) {
      await world.users("bob");
      const first = await world.send({ cid: "1", fingerprint: "f" });
      await world.settle();
      const kinds = await world.kinds([
        { id: "new-1", cid: "0", fingerprint: "f" },
        { cid: "1", fingerprint: "f" },
        { id: "new-2", cid: "2", fingerprint: "f" },
      ]);
      assert.deepEqual(kinds, ["accepted", "duplicate", "accepted"]);
      assert.deepEqual(await world.ids("bob", "phone"), idsOf([first]).concat("new-1", "new-2"));
    },
  },
  {
    // Whoever takes the name of somebody who left counts from 1 too (I10).
    name: "Users.remove() frees the cids of the user, and those used again are kept",
    async run(world) {
      await world.users("alice", "bob");
      const settled = await world.send({ cid: "settled", fingerprint: "f" });
      await world.settle();
      await world.send({ cid: "newest", fingerprint: "f" });
      await world.send({ sender: "al", cid: "settled", fingerprint: "f" });
      assert.equal(await world.store.users.remove("alice"), true);
      await world.users("alice");
      world.now += HOUR_MS;
      const cids = ["settled", "newest"];
      const parts = cids.map((cid): Partial<Draft> => ({ cid, fingerprint: "g" }));
      assert.deepEqual(await world.kinds(parts), ["accepted", "accepted"]);
      await world.settle();
      // What was kept of the first ones ends now; the second ones live an hour longer.
      world.now = settled.time + CID_MS_MIN;
      await world.store.sweeper.sweep(() => Promise.resolve());
      assert.deepEqual(await world.kinds(parts), ["duplicate", "duplicate"]);
      world.now += HOUR_MS;
      await world.store.sweeper.sweep(() => Promise.resolve());
      assert.deepEqual(await world.kinds(parts), ["accepted", "accepted"]);
    },
  },
  {
    name: "Users.remove() leaves the cids of everybody else",
    async run(world) {
      await world.users("alice", "al", "bob");
      const first = await world.send({ sender: "al", cid: "c", fingerprint: "f" });
      await world.settle();
      const second = await world.send({ sender: "al", cid: "d", fingerprint: "f" });
      for (const user of ["alice", "bob"]) await world.store.users.remove(user);
      const repeats = await world.append([
        { sender: "al", cid: "c", fingerprint: "f" },
        { sender: "al", cid: "d", fingerprint: "f" },
      ]);
      assert.deepEqual(repeats, [duplicateOf(first), duplicateOf(second)]);
    },
  },
  {
    // What is free again must not be taken by a restart, nor what is in use given away.
    name: "Users.remove() frees the cids of the user over restarts too",
    reopens: true,
    async run(world) {
      await world.users("alice", "bob");
      await world.send({ cid: "a", fingerprint: "f" });
      await world.settle();
      await world.send({ cid: "b", fingerprint: "f" });
      await world.store.users.remove("alice");
      await world.users("alice");
      const again = await world.send({ cid: "a", fingerprint: "g" });
      await world.reopen();
      assert.deepEqual(await world.append([{ cid: "a", fingerprint: "g" }]), [duplicateOf(again)]);
      assert.deepEqual(await world.kinds([{ cid: "b", fingerprint: "g" }]), ["accepted"]);
    },
  },
];

const repeatable: Partial<Draft> = { cid: "c", fingerprint: "f" };

function duplicateOf(first: Draft): Outcome {
  return { kind: "duplicate", id: first.id, time: first.time };
}
