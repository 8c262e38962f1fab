/**
 * The contract of what is set aside: it is kept, and read back page by page.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Aside, AsidePlace, Entry, ReadLimit } from "../store.ts";
import { assertEntries } from "./delivered.ts";
import type { ContractTest, World } from "./world.ts";

/** Room for everything that the tests set aside. */
const AMPLE: ReadLimit = { messages: 1000, bytes: 1024 * 1024 };

/** Pages of one test: a read that does not move on ends here. */
const PAGES_MAX = 100;

/** Tests of `readAside`, and of what `setAside` leaves for it. */
export const asideTests: readonly ContractTest[] = [
  {
    // Its receiver never took it; it is still the receiver's, who may want to have it.
    name: "readAside() answers what was set aside, whatever became of it in the mailbox",
    async run(world) {
      await world.users("bob", "carol");
      await world.attach("bob", "phone");
      const [first, second, third] = await world.sendMany(3, { body: '"語\u{1F600}"' });
      assert.ok(first && second && third);
      const other = await world.send({ to: "carol" });
      await world.mailboxes.setAside("bob", "phone", first);
      await world.mailboxes.setAside("carol", "phone", other);
      await world.settle();
      await world.mailboxes.setAside("bob", "phone", third);
      world.mailboxes.acknowledge("bob", "phone", third.position);
      await world.settle();
      assert.equal((await world.waiting("bob")).messages, 0);
      assertAsides(await readAll(world), [["phone", first], ["phone", third]]);
      assertAsides(await readAll(world, AMPLE, "carol"), [["phone", other]]);
      assert.deepEqual(await readAll(world, AMPLE, "nobody"), []);
    },
  },
  {
    name: "readAside() answers in order of devices, by code point, and of positions",
    async run(world) {
      await world.users("bob");
      const [first, second, third] = await world.sendMany(3);
      assert.ok(first && second && third);
      const devices = ["a", "a:1", "ab", "\uFF5E", "\u{1F600}"];
      for (const entry of [second, third, first]) {
        for (const device of devices.toReversed()) {
          await world.mailboxes.setAside("bob", device, entry);
        }
      }
      await world.settle();
      const expected = devices.flatMap((device) =>
        [first, second, third].map((entry): [string, Entry] => [device, entry])
      );
      assertAsides(await readAll(world), expected);
      assertAsides(await readAll(world, { ...AMPLE, messages: 1 }), expected);
    },
  },
  {
    // A server that dies behind it sets it aside again.
    name: "setAside() of the same entry by the same device keeps it once",
    async run(world) {
      await world.users("bob");
      const entry = await world.send();
      for (const device of ["phone", "web", "phone"]) {
        await world.mailboxes.setAside("bob", device, entry);
      }
      assertAsides(await readAll(world), [["phone", entry], ["web", entry]]);
    },
  },
  {
    // What a page leaves out for its size must not be left out for good.
    name: "readAside() keeps to a number of entries and of bytes, and goes on where it stopped",
    async run(world) {
      await world.users("bob");
      const sent = await world.sendMany(20, { body: "x".repeat(100) });
      for (const entry of sent) await world.mailboxes.setAside("bob", "phone", entry);
      const expected = sent.map((entry): [string, Entry] => ["phone", entry]);
      for (const messages of [1, 2, 3, 19, 20, 21]) {
        const pages = await readPages(world, { ...AMPLE, messages });
        assert.ok(pages.every((page) => page.length <= messages));
        assertAsides(pages.flat(), expected);
      }
      for (const bytes of [100, 199, 200, 1999, 2000]) {
        const pages = await readPages(world, { ...AMPLE, bytes });
        assert.ok(pages.every((page) => 100 * page.length <= bytes));
        assertAsides(pages.flat(), expected);
      }
      for (const limit of [{ ...AMPLE, bytes: 99 }, { ...AMPLE, messages: 0 }]) {
        const pages = await readPages(world, limit);
        assert.ok(pages.every((page) => page.length === 1));
        assertAsides(pages.flat(), expected);
      }
    },
  },
  {
    // The largest text is longer than one value of a database.
    name: "readAside() answers large entries whole",
    async run(world) {
      await world.users("bob");
      const sent = await world.sendMany(9, { body: "語".repeat(60_000) });
      for (const entry of sent) await world.mailboxes.setAside("bob", "phone", entry);
      const expected = sent.map((entry): [string, Entry] => ["phone", entry]);
      assertAsides(await readAll(world), expected);
    },
    limits: { mailboxBytes: 16 * 1024 * 1024 },
  },
  {
    // Nobody else may read it: not even the next one who is called so.
    name: "readAside() answers nothing of a user who was removed, nor of what comes too late",
    async run(world) {
      await world.users("bob");
      const entry = await world.send();
      await world.mailboxes.setAside("bob", "phone", entry);
      const removal = world.store.users.remove("bob");
      // A connection that is not closed yet.
      const late = world.mailboxes.setAside("bob", "web", entry);
      assert.equal(await removal, true);
      await late;
      await world.mailboxes.setAside("bob", "later", entry);
      assert.deepEqual(await readAll(world), []);
      await world.users("bob");
      assert.deepEqual(await readAll(world), []);
    },
  },
  {
    name: "readAside() answers what was set aside before the store was opened again",
    reopens: true,
    async run(world) {
      await world.users("bob");
      await world.attach("bob", "phone");
      const entry = await world.send();
      await world.settle();
      await world.mailboxes.setAside("bob", "phone", entry);
      world.mailboxes.acknowledge("bob", "phone", entry.position);
      await world.reopen();
      assertAsides(await readAll(world), [["phone", entry]]);
    },
  },
];

/** Reads all that was set aside for a user. */
async function readAll(world: World, limit = AMPLE, user = "bob"): Promise<readonly Aside[]> {
  return (await readPages(world, limit, user)).flat();
}

async function readPages(
  world: World,
  limit: ReadLimit,
  user = "bob",
): Promise<(readonly Aside[])[]> {
  const pages: (readonly Aside[])[] = [];
  let after: AsidePlace | null = null;
  while (pages.length < PAGES_MAX) {
    const { asides, next } = await world.mailboxes.readAside(user, after, limit);
    pages.push(asides);
    if (next === null) return pages;
    assert.ok(asides.length > 0, "A page before the end has an entry");
    after = next;
  }
  throw new Error("Cannot read what was set aside: it does not end");
}

function assertAsides(actual: readonly Aside[], expected: readonly [string, Entry][]): void {
  assert.deepEqual(actual.map(({ device }) => device), expected.map(([device]) => device));
  assertEntries(actual.map(({ entry }) => entry), expected.map(([, entry]) => entry));
}
