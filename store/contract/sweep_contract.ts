/**
 * The contract of the sweeper: what expires goes, and its sender hears of it once.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Entry } from "../store.ts";
import { assertEntries } from "./delivered.ts";
import { type ContractTest, HOUR_MS, idsOf, type World } from "./world.ts";

/** Tests of `Sweeper.sweep`. */
export const sweepTests: readonly ContractTest[] = [
  {
    // The sender waits for news; it must come, and not with every sweep.
    name: "sweep() tells once of expired messages that wanted a receipt",
    async run(world) {
      await world.users("bob", "carol");
      const short = { receipt: true, expires: world.now + 1000 };
      const first = await world.send(short);
      await world.send({ ...short, receipt: false });
      await world.send({ ...short, kind: "receipt" });
      const other = await world.send({ ...short, to: "carol" });
      const kept = await world.send({ ...short, expires: world.now + HOUR_MS });
      await world.settle();
      world.now += 999;
      assert.deepEqual(await sweep(world), []);
      world.now += 1;
      assertTold(byPosition(await sweep(world)), [first, other]);
      await world.settle();
      assert.deepEqual(await sweep(world), []);
      assertEntries(await world.read("bob", "phone"), [kept]);
    },
  },
  {
    // A message that was delivered was not lost: one device is enough.
    name: "sweep() does not tell of what some device had acknowledged",
    async run(world) {
      await world.users("bob");
      await world.attach("bob", "phone");
      await world.attach("bob", "web");
      const short = { receipt: true, expires: world.now + 1000 };
      const read = await world.send(short);
      const unread = await world.send(short);
      world.mailboxes.acknowledge("bob", "phone", read.position);
      await world.settle();
      world.now += 1000;
      assertTold(await sweep(world), [unread]);
      assert.deepEqual(await sweep(world), []);
    },
  },
  {
    // What a device passes because it is too late was never delivered, and its sender must know.
    name: "sweep() tells of what a device passed unread because it had expired",
    async run(world) {
      await world.users("bob");
      await world.attach("bob", "phone");
      const unread = await world.send({ receipt: true, expires: world.now + 1000 });
      await world.settle();
      world.now += 1000;
      const { upTo } = await world.page("bob", "phone", 0);
      world.mailboxes.acknowledge("bob", "phone", upTo);
      await world.settle();
      assertTold(await sweep(world), [unread]);
      assert.deepEqual(await sweep(world), []);
    },
  },
  {
    // A device that starts late has read nothing of what was there, and one that goes has.
    name: "acknowledge() counts for receipts what was acknowledged, not where cursors are",
    async run(world) {
      await world.users("bob");
      await world.attach("bob", "phone");
      const short = { receipt: true, expires: world.now + 1000 };
      const read = await world.send(short);
      await world.attach("bob", "web", "newest");
      assert.equal(world.mailboxes.acknowledge("bob", "phone", read.position), 0);
      const unread = await world.send(short);
      await world.attach("bob", "later", "newest");
      await world.mailboxes.forget("bob", "phone");
      await world.settle();
      world.now += 1000;
      assertTold(await sweep(world), [unread]);
    },
  },
  {
    // The copy is the sender's own: it says nothing of the receiver.
    name: "sweep() tells of a message, not of its copy",
    async run(world) {
      await world.users("alice", "bob");
      await world.attach("alice", "web");
      await world.attach("bob", "phone");
      const short = { receipt: true, expires: world.now + 1000 };
      const unread = await world.send(short);
      world.now += 1000;
      await world.settle();
      assertTold(await sweep(world), [unread]);
      const read = await world.send({ receipt: true, expires: world.now + 1000 });
      world.mailboxes.acknowledge("bob", "phone", read.position);
      await world.settle();
      world.now += 1000;
      assert.deepEqual(await sweep(world), []);
      assert.deepEqual(await world.ids("alice", "web"), []);
    },
  },
  {
    // The note to oneself is no copy.
    name: "sweep() tells once of an expired message to oneself",
    async run(world) {
      await world.users("alice");
      await world.attach("alice", "phone");
      await world.attach("alice", "web");
      const note = await world.send({ to: "alice", receipt: true, expires: world.now + 1000 });
      await world.settle();
      world.now += 1000;
      assertTold(await sweep(world), [note]);
    },
  },
  {
    // What could not be told is told later: a busy store must not cost the sender the news.
    name: "sweep() throws what its handler throws, and tells again next time",
    async run(world) {
      await world.users("bob", "carol");
      const short = { receipt: true, expires: world.now + 1000 };
      const sent = [await world.send(short), await world.send({ ...short, to: "carol" })];
      await world.settle();
      world.now += 1000;
      const failure = new Error("The handler failed");
      await assert.rejects(world.store.sweeper.sweep(() => Promise.reject(failure)), failure);
      assert.deepEqual(await world.ids("bob", "phone"), []);
      assertTold(byPosition(await sweep(world)), sent);
      assert.deepEqual(await sweep(world), []);
    },
  },
  {
    // The handler's work is to append receipts, to this very store; it must not have to wait for
    // the sweep that waits for it, also where mailboxes are full and have to be counted.
    name: "sweep() lets its handler append, to full mailboxes too",
    limits: { mailboxMessages: 2 },
    async run(world) {
      await world.users("alice", "bob", "carol");
      const short = { receipt: true, expires: world.now + 1000 };
      const sent = [
        ...await world.sendMany(2, short),
        ...await world.sendMany(2, { ...short, to: "carol" }),
        await world.send({ ...short, sender: "bob", to: "alice" }),
      ];
      const receipt = (of: string) =>
        ({ id: `of-${of}`, kind: "receipt", sender: "bob", to: "alice" }) as const;
      await world.append([receipt("x"), { to: "alice" }]);
      await world.settle();
      world.now += 1000;
      const kinds: string[] = [];
      await world.store.sweeper.sweep(async (entries) => {
        kinds.push(...await world.kinds(entries.map(({ id }) => receipt(id))));
        kinds.push(...await world.kinds(entries.map(() => ({ to: "alice" }))));
        await world.mailboxes.inspect("alice");
      });
      assert.equal(kinds.length, 2 * sent.length);
      assert.equal(kinds.filter((kind) => kind === "accepted").length, 4);
      assert.equal((await world.read("alice", "phone")).length, 6);
    },
  },
  {
    // Sweeping is housekeeping: what lives is as it was, and mailboxes have room.
    name: "sweep() drops what expired and leaves the rest",
    limits: { mailboxMessages: 40 },
    async run(world) {
      await world.users("bob");
      await world.attach("bob", "phone");
      const kept: Entry[] = [];
      for (let i = 0; i < 20; i++) {
        await world.send({ expires: world.now + 1000, receipt: i % 3 === 0 });
        kept.push(await world.send({ body: "x".repeat(10) }));
      }
      await world.settle();
      assert.equal((await world.waiting("bob")).messages, 40);
      world.now += 1000;
      assert.equal((await sweep(world)).length, 7);
      await world.settle();
      assert.deepEqual(await world.waiting("bob"), { messages: 20, bytes: 200 });
      assertEntries(await world.read("bob", "phone"), kept);
      const { cursor, pending } = await world.attach("bob", "phone");
      assert.equal(pending, 20);
      assert.ok(cursor < (kept[0]?.position ?? 0));
      assert.deepEqual(await world.kinds(Array(21).fill({})), [
        ...Array(20).fill("accepted"),
        "full",
      ]);
    },
  },
  {
    // Whatever a sweep drops, what comes later comes later (I2), and news stay linked.
    name: "sweep() of a whole mailbox does not set its positions back",
    async run(world) {
      await world.users("bob");
      await world.attach("bob", "phone");
      const last = (await world.sendMany(3)).at(-1);
      assert.ok(last);
      await world.settle();
      world.now += HOUR_MS;
      await sweep(world);
      await world.settle();
      const next = await world.send();
      assert.ok(next.position > last.position);
      const { cursor } = await world.attach("bob", "phone");
      assert.deepEqual(idsOf(await world.read("bob", "phone", cursor)), [next.id]);
    },
  },
  {
    // A server that was off for long finds much at once.
    name: "sweep() tells of many mailboxes and many messages",
    async run(world) {
      const users = Array.from({ length: 30 }, (_, index) => `u${index}`);
      await world.users(...users);
      const parts = users.flatMap((to) => Array(20).fill({ to, receipt: true }));
      await world.append(parts);
      await world.settle();
      world.now += HOUR_MS;
      const told = await sweep(world);
      assert.equal(told.length, 600);
      assert.equal(new Set(idsOf(told)).size, 600);
      assert.deepEqual(await sweep(world), []);
      for (const user of users) {
        assert.deepEqual(await world.waiting(user), { messages: 0, bytes: 0 });
      }
    },
  },
];

/** Sweeps. @returns what the handler heard of */
async function sweep(world: World): Promise<Entry[]> {
  const told: Entry[] = [];
  await world.store.sweeper.sweep((entries) => {
    told.push(...entries);
    return Promise.resolve();
  });
  return told;
}

function byPosition(entries: readonly Entry[]): Entry[] {
  return entries.toSorted((a, b) => a.position - b.position);
}

/** Checks what a sweep told. Nobody needs the texts any more, and there may be many. */
function assertTold(told: readonly Entry[], expected: readonly Entry[]): void {
  assertEntries(told, expected.map((entry) => ({ ...entry, body: "" })));
}
