import assert from "node:assert/strict";
import { quiet } from "./fake_clock.ts";
import { FakeKv } from "./fake_kv.ts";

/** So large that every message is a row of its own. */
const ROW_BODY = "x".repeat(60_000);

/** Turns of the microtask queue that settling a small store takes, at most. */
const TURNS_MAX = 80;

/** The ids from `m1` on. */
function names(count: number, from = 1): string[] {
  return Array.from({ length: count }, (_, index) => `m${from + index}`);
}

/** Counts the lists that are read from here on. */
function countLists(kv: FakeKv): { count: number } {
  const lists = { count: 0 };
  kv.database.judge = (kind) => {
    if (kind === "list") lists.count++;
    return "made";
  };
  return lists;
}

/** Reads a mailbox to its end, a few messages at a time. */
async function readSlowly(kv: FakeKv, device: string, messages: number): Promise<string[]> {
  const ids: string[] = [];
  let after = 0;
  for (;;) {
    const limit = { messages, bytes: 1024 * 1024 };
    const page = await kv.store.mailboxes.read("bob", device, after, limit);
    assert.ok(page.entries.length <= messages);
    ids.push(...page.entries.map(({ id }) => id));
    if (page.end) return ids;
    assert.ok(page.upTo > after, "A read before the end goes on");
    after = page.upTo;
  }
}

Deno.test("Reader.read() reads rows ahead, and not once for every page", async () => {
  await using kv = await FakeKv.open();
  const ids = names(50);
  for (const id of ids) await kv.send([id], { body: ROW_BODY });
  await kv.store.mailboxes.settle();
  const lists = countLists(kv);
  assert.deepEqual(await readSlowly(kv, "phone", 1), ids);
  // Three pieces, and the last rows anew for each page: what follows them may be settled any time.
  assert.equal(lists.count, 3 + 5);
});

Deno.test("Reader.read() serves a device that is behind another on the same pieces", async () => {
  await using kv = await FakeKv.open();
  const ids = names(40);
  for (const id of ids) await kv.send([id], { body: ROW_BODY });
  await kv.store.mailboxes.settle();
  const both = [readSlowly(kv, "phone", 1), readSlowly(kv, "web", 7)];
  assert.deepEqual(await Promise.all(both), [ids, ids]);
});

Deno.test("Reader.read() goes from rows over to memory without a gap or a repeat", async () => {
  await using kv = await FakeKv.open();
  await kv.send(names(5));
  await kv.store.mailboxes.settle();
  await kv.send(names(5, 6));
  for (const messages of [1, 3, 5, 100]) {
    assert.deepEqual(await readSlowly(kv, "phone", messages), names(10), `${messages} a page`);
  }
});

Deno.test("Reader.read() misses nothing that moves to rows while the disk is read (I2)", async () => {
  await using kv = await FakeKv.open();
  await kv.send(names(3));
  await kv.store.mailboxes.settle();
  await kv.send(names(3, 4));
  kv.database.hold("list");
  const reading = readSlowly(kv, "phone", 100);
  await quiet();
  assert.equal(kv.database.held.length, 1);
  await kv.store.mailboxes.settle();
  await kv.send(names(3, 7));
  kv.database.release();
  kv.database.judge = () => "made";
  assert.deepEqual(await reading, names(9));
});

Deno.test("Reader.read() and attach() see everything once at any moment of a settling", async () => {
  for (let turns = 0; turns < TURNS_MAX; turns++) {
    await using kv = await FakeKv.open();
    await kv.send(names(3));
    await kv.store.mailboxes.settle();
    await kv.send(names(3, 4));
    const settling = kv.store.mailboxes.settle();
    for (let turn = 0; turn < turns; turn++) await null;
    const [ids, attachment] = await Promise.all([
      readSlowly(kv, "phone", 2),
      kv.store.mailboxes.attach("bob", "phone", "oldest"),
    ]);
    assert.deepEqual(ids, names(6), `after ${turns} turns`);
    assert.equal(attachment?.pending, 6, `after ${turns} turns`);
    await settling;
  }
});

Deno.test("Reader.read() reads on after what it read ahead was compacted", async () => {
  await using kv = await FakeKv.open();
  const { mailboxes } = kv.store;
  await mailboxes.attach("bob", "phone", "oldest");
  const ids = names(40);
  for (const id of ids) await kv.send([id], { body: ROW_BODY });
  await mailboxes.settle();
  const first = await mailboxes.read("bob", "phone", 0, { messages: 5, bytes: 1024 * 1024 });
  mailboxes.acknowledge("bob", "phone", first.upTo);
  await kv.store.sweeper.sweep(() => Promise.resolve());
  assert.deepEqual(await kv.ids("bob", "phone", first.upTo), ids.slice(5));
});

Deno.test("Reader.read() answers one message however large it is", async () => {
  await using kv = await FakeKv.open();
  await kv.send(["m1", "m2"], { body: "x".repeat(100_000) });
  for (const settled of [false, true]) {
    if (settled) await kv.store.mailboxes.settle();
    const page = await kv.store.mailboxes.read("bob", "phone", 0, { messages: 9, bytes: 1 });
    assert.deepEqual(page.entries.map(({ id }) => id), ["m1"]);
    assert.equal(page.end, false);
  }
});

Deno.test("Reader.count() counts rows by what waits for some device", async () => {
  await using kv = await FakeKv.open(["alice", "bob"], { mailboxMessages: 4 });
  const { mailboxes } = kv.store;
  await mailboxes.attach("bob", "phone", "oldest");
  const soon = kv.clock.now() + 1000;
  await kv.send(["m1"], { body: "xx", expires: soon });
  await kv.send(["m2", "m3"], { body: "xxx" });
  await mailboxes.settle();
  await kv.send(["m4"], { body: "xxxx" });
  assert.deepEqual(await kv.waiting("bob"), { messages: 4, bytes: 12 });
  assert.deepEqual(await kv.append("m5"), { kind: "full" });
  await kv.clock.pass(1000);
  assert.deepEqual(await kv.waiting("bob"), { messages: 3, bytes: 10 });
  mailboxes.acknowledge("bob", "phone", kv.positionOf("m2"));
  assert.deepEqual(await kv.waiting("bob"), { messages: 2, bytes: 7 });
  await kv.send(["m6", "m7"]);
  assert.deepEqual(await kv.append("m8"), { kind: "full" });
});
