/**
 * The contract of `Mailboxes.append`: order, positions, ids and what the listener hears.
 *
 * @module
 */
import assert from "node:assert/strict";
import { StoreBusyError } from "../store.ts";
import { assertEntries, delivered } from "./delivered.ts";
import { type ContractTest, idsOf, lastOf, type World } from "./world.ts";

/** Tests of what `append` stores and tells. */
export const appendTests: readonly ContractTest[] = [
  {
    // A reader goes through a mailbox by position, so order and positions must say the same (I2).
    name: "append() hands out growing positions in the order of calls and drafts",
    async run(world) {
      await world.users("bob");
      await world.append([{ id: "a" }, { id: "b" }]);
      await world.append([{ id: "c" }]);
      await world.settle();
      await world.append([{ id: "d" }, { id: "e" }]);
      const entries = await world.read("bob", "phone");
      assert.deepEqual(idsOf(entries), ["a", "b", "c", "d", "e"]);
      assertGrowing(entries.map((entry) => entry.position));
    },
  },
  {
    // Delivery happens from what is read back, perhaps after years: nothing may change (I4).
    name: "append() keeps every field of a draft, whatever its body holds",
    async run(world) {
      await world.users("bob");
      const bodies = ["", '"\\u0000\\n \\\\ \\""', "\u{1F600}\u2028\uFEFFя|,;", "\u007F\u0001"];
      const drafts = bodies.map((body) => world.draft({ body, from: "bot", receipt: true }));
      drafts.push(world.draft({ kind: "receipt", cid: "c-1", fingerprint: "f", device: "web" }));
      await world.mailboxes.append(drafts);
      await world.settle();
      const entries = await world.read("bob", "phone");
      assert.deepEqual(
        entries.map(delivered),
        drafts.map((draft, index) =>
          delivered({ ...draft, position: entries[index]?.position ?? NaN })
        ),
      );
    },
  },
  {
    // What one frame can bring fits into one call, however the backend cuts it up.
    name: "append() takes a call of many drafts and a text of the largest size",
    async run(world) {
      await world.users("bob");
      const parts = Array.from({ length: 100 }, () => ({ body: "x".repeat(2000) }));
      const large = { body: "\u{1F600}".repeat(12 * 1024) };
      assert.deepEqual(
        new Set(await world.kinds([...parts, large], { atomic: true })),
        new Set(["accepted"]),
      );
      await world.settle();
      const entries = await world.read("bob", "phone");
      assertEntries(entries, world.entries("bob"));
      assert.equal(entries.at(-1)?.body, large.body);
    },
  },
  {
    // Who delivers live relies on the news alone: it must be complete when the sender is answered,
    // and `after` must link every piece to the one before.
    name: "append() tells the listener before it resolves, each piece linked to the last",
    async run(world) {
      await world.users("bob", "carol");
      for (let i = 0; i < 5; i++) {
        await world.send({ to: "bob" });
        await world.append([{ to: "carol" }, { to: "bob" }, { to: "bob" }]);
        await world.settle();
      }
      assert.equal(world.entries("bob").length, 15);
      assert.equal(world.entries("carol").length, 5);
      assertLinked(world, "bob");
      assertLinked(world, "carol");
      assertEntries(await world.read("bob", "phone"), world.entries("bob"));
    },
  },
  {
    // One commit is one piece of news a mailbox, so that one frame can carry it.
    name: "append() tells of one commit once a mailbox, in order of position",
    async run(world) {
      await world.users("bob", "carol");
      const parts = ["bob", "carol", "bob", "carol", "bob"].map((to) => ({ to }));
      await world.append(parts, { atomic: true });
      assert.deepEqual(world.news.map((news) => news.user).sort(), ["bob", "carol"]);
      assertGrowing(world.entries("bob").map((entry) => entry.position));
      assertGrowing(world.entries("carol").map((entry) => entry.position));
    },
  },
  {
    // A client pipelines its sends; what it sent first must come first (I6).
    name: "append() keeps the order of one sender's calls that wait for nothing",
    async run(world) {
      await world.users("bob");
      const drafts = Array.from({ length: 200 }, () => world.draft());
      await Promise.all(drafts.map((draft) => world.mailboxes.append([draft])));
      await world.settle();
      assert.deepEqual(await world.ids("bob", "phone"), idsOf(drafts));
      assertLinked(world, "bob");
    },
  },
  {
    // A mailbox in memory answers faster than one that is not; the calls behind must wait (I6).
    name: "append() keeps the order of one sender's calls where receivers were never used",
    async run(world) {
      await world.users("cold", "warm", "frozen");
      await world.send({ to: "warm" });
      await assertOrderAcross(world);
    },
  },
  {
    // The same with a store that has just started and holds nothing in memory yet.
    name: "append() keeps the order of one sender's calls right after opening",
    reopens: true,
    async run(world) {
      await world.users("cold", "warm", "frozen");
      for (const to of ["cold", "warm", "frozen"]) await world.sendMany(3, { to });
      await world.settle();
      await world.reopen();
      await assertOrderAcross(world);
    },
  },
  {
    // A group chat: many senders at once, and still one order that all readers agree on (I2, I6).
    name: "append() puts the calls of many senders at once into one order",
    async run(world) {
      await world.users("bob");
      const senders = ["alice", "carol", "dave", "erin"];
      const drafts = Array.from(
        { length: 100 },
        (_, index) => world.draft({ sender: senders[index % senders.length] ?? "alice" }),
      );
      await Promise.all(drafts.map((draft) => world.mailboxes.append([draft])));
      await world.settle();
      const entries = await world.read("bob", "phone");
      assertGrowing(entries.map((entry) => entry.position));
      assertEntries(entries, world.entries("bob"));
      for (const sender of senders) {
        const of = (all: readonly { id: string; sender: string }[]) =>
          all.filter((draft) => draft.sender === sender).map((draft) => draft.id);
        assert.deepEqual(of(entries), of(drafts));
      }
    },
  },
  {
    // Who reads must not see what a crash can still take back (I1, I2).
    name: "append() shows nothing to readers that was not committed",
    async run(world) {
      await world.users("bob");
      for (let i = 0; i < 20; i++) {
        const appended = world.append([{}, {}]);
        const [entries, attachment] = await Promise.all([
          world.read("bob", "phone"),
          world.attach("bob", "phone"),
        ]);
        const known = new Set(idsOf(world.entries("bob")));
        for (const id of idsOf(entries)) assert.ok(known.has(id), "The listener heard of it");
        assert.ok(attachment.tail <= (world.entries("bob").at(-1)?.position ?? 0));
        await appended;
      }
      assertEntries(await world.read("bob", "phone"), world.entries("bob"));
    },
  },
  {
    // A mistyped name must not swallow a message, nor stop the other messages of the call.
    name: "append() refuses an unknown receiver and stores the rest",
    async run(world) {
      await world.users("bob");
      const kinds = await world.kinds([{ id: "a" }, { to: "nobody" }, { id: "b" }]);
      assert.deepEqual(kinds, ["accepted", "unknown", "accepted"]);
      assert.deepEqual(await world.ids("bob", "phone"), ["a", "b"]);
      assert.deepEqual(new Set(world.news.map((news) => news.user)), new Set(["bob"]));
      assert.equal(await world.mailboxes.inspect("nobody"), null);
    },
  },
  {
    // Bots and the server itself send without being users.
    name: "append() takes drafts of a sender who is no user",
    async run(world) {
      await world.users("bob");
      await world.send({ sender: "system" });
      assert.equal(await world.mailboxes.inspect("system"), null);
    },
  },
  {
    name: "append() of no drafts answers no outcomes",
    async run(world) {
      assert.deepEqual(await world.mailboxes.append([]), []);
      assert.deepEqual(await world.mailboxes.append([], { atomic: true }), []);
    },
  },
  {
    // Memory is bounded by refusing early and clearly; what was refused must leave no trace (I7).
    name: "append() throws StoreBusyError past the backlog, and stores nothing of that call",
    limits: { backlogBytes: 100_000 },
    async run(world) {
      await world.users("bob");
      const drafts = Array.from(
        { length: 8 },
        (_, index) => world.draft({ cid: `c${index}`, body: "x".repeat(30_000) }),
      );
      const settled = await Promise.allSettled(
        drafts.map((draft) => world.mailboxes.append([draft])),
      );
      const refused = drafts.filter((_, index) => settled[index]?.status === "rejected");
      const accepted = drafts.filter((draft) => !refused.includes(draft));
      assert.ok(accepted.length > 0 && refused.length > 0);
      for (const result of settled) {
        if (result.status === "rejected") assert.ok(result.reason instanceof StoreBusyError);
      }
      assert.deepEqual(await world.ids("bob", "phone"), idsOf(accepted));
      for (const draft of refused) {
        assert.deepEqual(await world.mailboxes.append([draft]), [{ kind: "accepted" }]);
      }
      await world.settle();
      assert.deepEqual(await world.ids("bob", "phone"), idsOf([...accepted, ...refused]));
    },
  },
];

/** Sends to three receivers in turn, of whom one is in use, and checks that no call overtook. */
async function assertOrderAcross(world: World): Promise<void> {
  const receivers = ["cold", "warm", "frozen"];
  await world.attach("warm", "phone", "newest");
  const drafts = Array.from(
    { length: 60 },
    (_, index) => world.draft({ to: receivers[index % receivers.length] ?? "warm" }),
  );
  await Promise.all(drafts.map((draft) => world.mailboxes.append([draft])));
  const sent = new Set(idsOf(drafts));
  const entries = receivers.flatMap((to) => world.entries(to)).filter(({ id }) => sent.has(id));
  entries.sort((a, b) => a.position - b.position);
  assert.deepEqual(idsOf(entries), idsOf(drafts));
  for (const to of receivers) assertEntries(await world.read(to, "web"), world.entries(to));
}

function assertGrowing(positions: readonly number[], after = 0): void {
  let last = after;
  for (const position of positions) {
    assert.ok(position > last, `Position ${position} is past ${last}`);
    last = position;
  }
}

/** Checks that no piece of a mailbox's news is missing, doubled or out of order. */
function assertLinked(world: World, user: string): void {
  let last = 0;
  for (const news of world.news.filter((news) => news.user === user)) {
    assert.equal(news.after, last);
    assertGrowing(news.entries.map((entry) => entry.position), last);
    last = lastOf(news.entries);
  }
}
