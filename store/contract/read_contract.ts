/**
 * The contract of `Mailboxes.read`: pages, where they end, and what is left out.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Entry, ReadLimit } from "../store.ts";
import { assertEntries } from "./delivered.ts";
import { type ContractTest, HOUR_MS, idsOf, lastOf, type World } from "./world.ts";

const AMPLE: ReadLimit = { messages: 1000, bytes: 1024 * 1024 };

/** Tests of how a mailbox is read. */
export const readTests: readonly ContractTest[] = [
  {
    // Pages bound what one connection can make the server hold (I7); none may be lost between.
    name: "read() keeps to a number of messages and goes on where it stopped",
    async run(world) {
      await world.users("bob");
      const early = await world.sendMany(4);
      await world.settle();
      const sent = [...early, ...await world.sendMany(3)];
      for (const messages of [1, 2, 3, 7, 8]) {
        const pages = await readPages(world, { ...AMPLE, messages });
        for (const page of pages) assert.ok(page.length <= messages);
        assertEntries(pages.flat(), sent);
      }
    },
  },
  {
    name: "read() keeps to a number of bytes",
    async run(world) {
      await world.users("bob");
      const early = await world.sendMany(3, { body: "x".repeat(100) });
      await world.settle();
      const sent = [...early, ...await world.sendMany(3, { body: "я".repeat(50) })];
      for (const bytes of [100, 199, 200, 350, 600]) {
        const pages = await readPages(world, { ...AMPLE, bytes });
        for (const page of pages) {
          assert.ok(page.reduce((sum, entry) => sum + entry.bytes, 0) <= bytes);
        }
        assertEntries(pages.flat(), sent);
      }
    },
  },
  {
    // A message larger than a window still has to get through, alone.
    name: "read() answers one entry where even that is past the limit",
    async run(world) {
      await world.users("bob");
      const sent = await world.sendMany(3, { body: "x".repeat(100) });
      await world.settle();
      const pages = await readPages(world, { messages: 10, bytes: 99 });
      assert.deepEqual(pages.filter((page) => page.length > 0).map((page) => page.length), [
        1,
        1,
        1,
      ]);
      assertEntries(pages.flat(), sent);
    },
  },
  {
    // The cursor of a device is where its reading goes on after a restart.
    name: "read() starts after a position, inside the mailbox and at its end",
    async run(world) {
      await world.users("bob");
      const early = await world.sendMany(3);
      await world.settle();
      const sent = [...early, ...await world.sendMany(2)];
      for (const [index, entry] of sent.entries()) {
        assertEntries(await world.read("bob", "phone", entry.position), sent.slice(index + 1));
      }
      const tail = lastOf(sent);
      const page = await world.page("bob", "phone", tail);
      assert.deepEqual({ ...page, upTo: 0 }, { entries: [], upTo: 0, end: true });
      assert.ok(page.upTo >= tail);
    },
  },
  {
    // `end` decides whether to read on or to wait for news: wrong either way, and a client waits.
    name: "read() says whether something committed lies behind",
    async run(world) {
      await world.users("bob");
      assert.deepEqual((await world.page("bob", "phone", 0)).end, true);
      const [first, second] = await world.sendMany(2);
      assert.ok(first && second);
      await world.settle();
      const one = { ...AMPLE, messages: 1 };
      const page = await world.mailboxes.read("bob", "phone", 0, one);
      assertEntries(page.entries, [first]);
      assert.equal(page.end, false);
      assert.ok(page.upTo >= first.position && page.upTo < second.position);
      const rest = await world.mailboxes.read("bob", "phone", page.upTo, AMPLE);
      assertEntries(rest.entries, [second]);
      assert.equal(rest.end, true);
      const third = await world.send();
      assertEntries((await world.page("bob", "phone", rest.upTo)).entries, [third]);
    },
  },
  {
    // Late is worse than never for what its sender gave a time; but nothing behind it may wait.
    name: "read() leaves out what has expired, to the millisecond, and passes it",
    async run(world) {
      await world.users("bob");
      const before = await world.send({ expires: world.now + HOUR_MS });
      const short = await world.send({ expires: world.now + 1000 });
      const after = await world.send({ expires: world.now + HOUR_MS });
      const last = await world.send({ expires: world.now + 1000 });
      await world.settle();
      world.now = short.expires - 1;
      assertEntries(await world.read("bob", "phone"), [before, short, after, last]);
      world.now = short.expires;
      const page = await world.page("bob", "phone", 0);
      assertEntries(page.entries, [before, after]);
      assert.ok(page.end && page.upTo >= last.position);
      world.now += HOUR_MS;
      assert.deepEqual(await world.ids("bob", "phone"), []);
    },
  },
  {
    // Weeks of expired messages must not stop a device that asks for one.
    name: "read() finds the one entry that lives behind many that do not",
    async run(world) {
      await world.users("bob");
      await world.append(Array(300).fill({ expires: world.now + 1000 }));
      await world.settle();
      const kept = await world.send({ expires: world.now + HOUR_MS });
      await world.append(Array(300).fill({ expires: world.now + 1000 }));
      await world.settle();
      world.now += 1000;
      const page = await world.mailboxes.read("bob", "phone", 0, { messages: 1, bytes: 1 });
      assertEntries(page.entries, [kept]);
      assert.deepEqual(await world.ids("bob", "phone", page.upTo), []);
    },
  },
  {
    // Receipts travel the same way as messages: what is read is what is sent.
    name: "read() answers receipts among the messages",
    async run(world) {
      await world.users("bob");
      const sent = [await world.send(), await world.send({ kind: "receipt" }), await world.send()];
      await world.settle();
      assertEntries(await world.read("bob", "phone"), sent);
    },
  },
  {
    // Nothing that another reader does changes what a device gets to read.
    name: "read() has no effect: reading again answers the same",
    async run(world) {
      await world.users("bob");
      const sent = await world.sendMany(3);
      await world.settle();
      assert.deepEqual(await world.ids("bob", "phone"), idsOf(sent));
      assert.deepEqual(await world.ids("bob", "web"), idsOf(sent));
      assert.deepEqual(await world.ids("bob", "phone"), idsOf(sent));
      assert.equal((await world.waiting("bob")).messages, 3);
    },
  },
  {
    // A user is removed while a connection still reads.
    name: "read() of an unknown user answers an empty page",
    async run(world) {
      const page = await world.page("nobody", "phone", 0);
      assert.deepEqual(page.entries, []);
      assert.equal(page.end, true);
    },
  },
  {
    // While one device reads page after page, the mailbox goes on changing beneath it (I2).
    name: "read() page by page misses nothing while messages arrive and others acknowledge",
    async run(world) {
      await world.users("bob");
      await world.attach("bob", "phone");
      await world.attach("bob", "web");
      await world.sendMany(20);
      const entries: Entry[] = [];
      let after = 0;
      for (let turn = 0; turn < 60; turn++) {
        if (turn < 20) await world.send();
        if (turn % 5 === 0) await world.settle();
        const page = await world.mailboxes.read("bob", "phone", after, { ...AMPLE, messages: 2 });
        entries.push(...page.entries);
        after = page.upTo;
        world.mailboxes.acknowledge("bob", "web", lastOf(world.entries("bob")));
        world.mailboxes.acknowledge("bob", "phone", after);
      }
      assertEntries(entries, world.entries("bob"));
    },
  },
];

async function readPages(world: World, limit: ReadLimit): Promise<(readonly Entry[])[]> {
  const pages: (readonly Entry[])[] = [];
  let after = 0;
  for (let turn = 0; turn < 100; turn++) {
    const page = await world.mailboxes.read("bob", "phone", after, limit);
    pages.push(page.entries);
    if (page.end) return pages;
    assert.ok(page.entries.length > 0 && page.upTo > after, "Every page moves on");
    after = page.upTo;
  }
  throw new Error("Cannot read the mailbox: it does not end");
}
