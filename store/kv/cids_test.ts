import assert from "node:assert/strict";
import { CID_MS_MIN } from "../../limits.ts";
import { type Cid, Cids, CIDS_LOAD_MAX, CIDS_WRITE_MAX, cidWrites } from "./cids.ts";
import { KEYS_READ_MAX } from "./database.ts";
import { quiet } from "./fake_clock.ts";
import { FakeDatabase } from "./fake_database.ts";
import { makeEntry, TEST_TIME } from "./fake_entries.ts";
import { FakeKv } from "./fake_kv.ts";
import { Batch } from "./batch.ts";
import type { StoredEntry } from "./lines.ts";
import { OwnedDatabase } from "./owned_database.ts";

/** How often the journal is settled: `background.ts`. */
const SETTLE_MS = 2000;

async function open(): Promise<{ cids: Cids; database: FakeDatabase; owned: OwnedDatabase }> {
  const database = new FakeDatabase();
  const owned = await OwnedDatabase.take(database, {}, () => {});
  return { cids: new Cids(owned, () => {}, 1), database, owned };
}

function entryWith(cid: string, position = 1, part: Partial<StoredEntry> = {}): StoredEntry {
  return makeEntry(position, { cid, fingerprint: `print of ${cid}`, ...part });
}

/** Makes rows of everything that is on disk up to a position. */
async function settle(cids: Cids, owned: OwnedDatabase, upTo = 1000): Promise<void> {
  const settling = cids.toSettle(upTo);
  await owned.write(cidWrites(settling, settling[0]?.position ?? 0));
  cids.settled(settling);
}

Deno.test("Cids.unsettled() knows a cid of one sender, and its commit until it is on disk", async () => {
  const { cids } = await open();
  const entry = entryWith("a");
  cids.add(entry);
  const batch = new Batch();
  cids.join(entry, batch);
  const known = cids.unsettled("alice", "a");
  assert.equal(known?.batch, batch);
  assert.equal(known?.isOnDisk, false);
  assert.equal(known?.fingerprint, "print of a");
  assert.equal(cids.unsettled("bob", "a"), undefined);
  cids.committed(entry);
  assert.equal(known?.batch, null);
  assert.equal(known?.isOnDisk, true);
});

Deno.test("Cids.add() remembers a cid for 24 hours, or as long as its message lives (I5)", async () => {
  const { cids } = await open();
  cids.add(entryWith("short", 1, { expires: TEST_TIME + 1 }));
  cids.add(entryWith("long", 2, { expires: TEST_TIME + CID_MS_MIN + 1 }));
  cids.add(makeEntry(3));
  assert.equal(cids.unsettled("alice", "short")?.expires, TEST_TIME + CID_MS_MIN);
  assert.equal(cids.unsettled("alice", "long")?.expires, TEST_TIME + CID_MS_MIN + 1);
});

Deno.test("Cids.drop() frees the cid of the very entry, and of no later one", async () => {
  const { cids } = await open();
  const [first, second] = [entryWith("a", 1), entryWith("a", 2)];
  cids.add(first);
  cids.drop(first);
  assert.equal(cids.unsettled("alice", "a"), undefined);
  cids.add(second);
  cids.drop(first);
  cids.committed(first);
  assert.equal(cids.unsettled("alice", "a")?.isOnDisk, false);
});

Deno.test("Cids.forget() frees the cids of one sender up to a position, and nobody else's", async () => {
  const { cids, owned } = await open();
  cids.add(entryWith("a", 1), true);
  cids.add(entryWith("a", 2, { sender: "alic" }), true);
  cids.add(entryWith("b", 3), true);
  cids.add(entryWith("c", 4), true);
  cids.forget("alice", 3);
  const known = (sender: string, cid: string) => cids.unsettled(sender, cid)?.position;
  assert.deepEqual(["a", "b", "c"].map((cid) => known("alice", cid)), [undefined, undefined, 4]);
  assert.equal(known("alic", "a"), 2);
  await settle(cids, owned);
  assert.equal(await cids.find("alice", "a"), null);
  assert.equal((await cids.find("alice", "c"))?.id, "m4");
});

Deno.test("Cids.toSettle() gives what is on disk up to a position", async () => {
  const { cids } = await open();
  const entries = [1, 2, 3].map((position) => entryWith(`c${position}`, position));
  for (const entry of entries) cids.add(entry);
  const [first, , third] = entries;
  assert.ok(first && third);
  cids.committed(first);
  cids.committed(third);
  assert.deepEqual(cids.toSettle(2).map(({ cid }) => cid), ["c1"]);
  assert.deepEqual(cids.toSettle(3).map(({ cid }) => cid), ["c1", "c3"]);
});

Deno.test("Cids.toSettle() gives a cid that was used again after it had expired", async () => {
  const { cids } = await open();
  cids.add(entryWith("a", 1), true);
  cids.add(entryWith("b", 2), true);
  cids.add(entryWith("a", 3), true);
  assert.deepEqual(cids.toSettle(2).map(({ cid }) => cid), ["b"]);
});

Deno.test("Cids.find() finds what was settled, and only that", async () => {
  const { cids, owned } = await open();
  cids.add(entryWith("a", 7), true);
  await settle(cids, owned);
  assert.equal(cids.unsettled("alice", "a"), undefined);
  assert.equal(cids.settles, 1);
  assert.deepEqual(
    await cids.find("alice", "a"),
    {
      id: "m7",
      time: TEST_TIME,
      fingerprint: "print of a",
      expires: TEST_TIME + CID_MS_MIN,
    } satisfies Cid,
  );
  assert.equal(await cids.find("bob", "a"), null);
});

Deno.test("Cids.find() puts look-ups together, as many as the database takes", async () => {
  const { cids, database, owned } = await open();
  const names = Array.from({ length: 2 * KEYS_READ_MAX + 1 }, (_, index) => `c${index}`);
  for (const [index, name] of names.entries()) cids.add(entryWith(name, index + 1), true);
  await settle(cids, owned);
  let reads = 0;
  database.judge = (kind) => {
    if (kind === "read") reads++;
    return "made";
  };
  const found = await Promise.all(names.map((name) => cids.find("alice", name)));
  assert.deepEqual(found.map((cid) => cid?.id), names.map((_, index) => `m${index + 1}`));
  assert.equal(reads, 3);
  assert.deepEqual(database.violations, []);
});

Deno.test("Cids.find() fails every look-up of a read that failed, and the next one works", async () => {
  const { cids, database } = await open();
  database.judge = () => "refused";
  const finds = ["a", "b"].map((name) => cids.find("alice", name));
  for (const find of finds) await assert.rejects(find);
  database.judge = () => "made";
  assert.equal(await cids.find("alice", "a"), null);
});

/** Counts the calls of one kind from here on; those that `verdict` names wait or fail. */
function watch(
  database: FakeDatabase,
  kind: "read" | "list",
  verdict: "made" | "held" | "refused" = "made",
): () => number {
  let calls = 0;
  database.judge = (called) => {
    if (called !== kind) return "made";
    calls++;
    return verdict;
  };
  return () => calls;
}

/** Makes rows of many cids of alice, `c0000` and so on, as an earlier life of the process did. */
async function makeRows(owned: OwnedDatabase, count: number): Promise<string[]> {
  const earlier = new Cids(owned, () => {}, 2);
  const names = Array.from({ length: count }, (_, index) => `c${String(index).padStart(4, "0")}`);
  for (let start = 0; start < count; start += CIDS_WRITE_MAX) {
    for (const [index, name] of names.slice(start, start + CIDS_WRITE_MAX).entries()) {
      earlier.add(entryWith(name, start + index + 1), true);
    }
    await settle(earlier, owned, count);
  }
  return names;
}

Deno.test("Cids.known() leaves a new cid to the disk until the rows are loaded", async () => {
  const { cids, database, owned } = await open();
  const names = await makeRows(owned, 2 * CIDS_LOAD_MAX + 1);
  const reads = watch(database, "read");
  for (let loads = 0; loads < 3; loads++) {
    assert.equal(cids.known("alice", "new"), undefined, `after ${loads} loads`);
    assert.equal(await cids.find("alice", "new"), null);
    assert.equal(reads(), loads + 1);
    assert.equal(await cids.load(), loads < 2);
  }
  assert.equal(cids.known("alice", "new"), null);
  assert.equal(await cids.find("alice", "new"), null);
  assert.equal(reads(), 3);
  for (const name of names) assert.equal(cids.known("alice", name), undefined);
  assert.equal((await cids.find("alice", "c0500"))?.id, "m501");
  assert.equal(reads(), 4);
});

Deno.test("Cids.load() is done at once where there are no rows", async () => {
  const { cids, database } = await open();
  assert.equal(await cids.load(), false);
  const lists = watch(database, "list");
  assert.equal(cids.known("alice", "a"), null);
  assert.equal(await cids.load(), false);
  assert.equal(lists(), 0);
});

Deno.test("Cids.load() misses no cid that is settled while it runs, wherever it is", async () => {
  const { cids, database, owned } = await open();
  await makeRows(owned, 2 * CIDS_LOAD_MAX);
  assert.equal(await cids.load(), true);
  cids.add(entryWith("a-in-front", 2001), true);
  cids.add(entryWith("z-behind", 2002), true);
  database.hold("list");
  const loading = cids.load();
  await quiet();
  await settle(cids, owned, 3000);
  database.release();
  database.judge = () => "made";
  assert.equal(await loading, true);
  assert.equal(await cids.load(), false);
  for (const name of ["a-in-front", "z-behind"]) {
    assert.equal(cids.known("alice", name), undefined);
    assert.ok(await cids.find("alice", name), name);
  }
  assert.equal(cids.known("alice", "b-new"), null);
});

Deno.test("Cids.load() that failed goes on from where it was", async () => {
  const { cids, database, owned } = await open();
  const names = await makeRows(owned, CIDS_LOAD_MAX + 1);
  assert.equal(await cids.load(), true);
  watch(database, "list", "refused");
  await assert.rejects(cids.load());
  assert.equal(cids.known("alice", "new"), undefined);
  const lists = watch(database, "list");
  assert.equal(await cids.load(), false);
  assert.equal(lists(), 1);
  for (const name of names) assert.equal(cids.known("alice", name), undefined);
});

Deno.test("Cids.known() knows a cid at every moment of its settling", async () => {
  const { cids, database, owned } = await open();
  await cids.load();
  const entry = entryWith("a");
  cids.add(entry);
  assert.equal(cids.known("alice", "a")?.id, "m1");
  cids.committed(entry);
  database.hold();
  const settling = settle(cids, owned);
  await quiet();
  assert.equal(cids.known("alice", "a")?.id, "m1");
  database.release();
  await settling;
  assert.equal(cids.known("alice", "a"), undefined);
  assert.equal((await cids.find("alice", "a"))?.id, "m1");
});

Deno.test("Cids are asked of the disk no more once the first was looked up (I5)", async () => {
  await using kv = await FakeKv.open();
  await kv.send(["m1"], { cid: "c1" });
  await kv.store.mailboxes.settle();
  await kv.reopen();
  assert.equal((await kv.append("m2", { cid: "c1" }))?.kind, "duplicate");
  await quiet();
  const reads = watch(kv.database, "read");
  for (const id of ["m3", "m4", "m5"]) await kv.send([id], { cid: id });
  assert.equal(reads(), 0);
  await kv.store.mailboxes.settle();
  const settled = reads();
  for (const cid of ["c1", "m3", "m4", "m5"]) {
    assert.equal((await kv.append("again", { cid }))?.kind, "duplicate", cid);
  }
  assert.equal(reads(), settled + 4);
  assert.deepEqual(await kv.ids("bob"), ["m1", "m3", "m4", "m5"]);
});

Deno.test("Cids are looked up while they cannot be loaded, which is tried again later", async () => {
  await using kv = await FakeKv.open();
  await kv.send(["m0"]);
  const lists = watch(kv.database, "list", "refused");
  for (const id of ["m1", "m2"]) {
    await kv.send([id], { cid: id });
    await quiet();
  }
  assert.equal(lists(), 1);
  assert.equal(kv.failures.length, 1);
  const reads = watch(kv.database, "read");
  await kv.send(["m3"], { cid: "m3" });
  assert.equal(reads(), 1);
  await kv.clock.pass(SETTLE_MS);
  await kv.send(["m4"], { cid: "m4" });
  await quiet();
  const before = reads();
  await kv.send(["m5"], { cid: "m5" });
  assert.equal(reads(), before);
  assert.equal(kv.failures.length, 1);
});

Deno.test("Cids that are being loaded when the store closes leave no failure and no timer", async () => {
  const kv = await FakeKv.open();
  kv.database.hold("list");
  await kv.send(["m1"], { cid: "c1" });
  await quiet();
  assert.equal(kv.database.held.length, 1);
  const closed = kv[Symbol.asyncDispose]();
  await quiet();
  kv.database.release();
  await closed;
  assert.deepEqual(kv.failures, []);
  assert.equal(kv.clock.timers, 0);
});

Deno.test("Cids.sweep() forgets a cid when its time has passed, not before", async () => {
  const { cids, owned, database } = await open();
  const rows = database.disk.size;
  cids.add(entryWith("a"), true);
  await settle(cids, owned);
  const expires = TEST_TIME + CID_MS_MIN;
  assert.equal(await cids.sweep(expires - 1), false);
  assert.ok(await cids.find("alice", "a"));
  assert.equal(await cids.sweep(expires), true);
  assert.equal(await cids.sweep(expires), false);
  assert.equal(await cids.find("alice", "a"), null);
  assert.equal(database.disk.size, rows);
});

Deno.test("Cids.sweep() keeps a cid that is in use again", async () => {
  const { cids, owned } = await open();
  cids.add(entryWith("a", 1), true);
  await settle(cids, owned);
  const later = TEST_TIME + CID_MS_MIN;
  cids.add(entryWith("a", 2, { time: later, expires: later }), true);
  await settle(cids, owned);
  assert.equal(await cids.sweep(later), true);
  assert.equal((await cids.find("alice", "a"))?.id, "m2");
  assert.equal(await cids.sweep(later + CID_MS_MIN), true);
  assert.equal(await cids.find("alice", "a"), null);
});

Deno.test("cidWrites() of the most cids with the longest names keep the database's limits", async () => {
  const { cids, owned, database } = await open();
  const sender = "語".repeat(42);
  for (let index = 0; index < CIDS_WRITE_MAX; index++) {
    const cid = "語".repeat(20) + String(index).padStart(4, "0");
    cids.add(entryWith(cid, index + 1, { sender, fingerprint: "f".repeat(64) }), true);
  }
  await settle(cids, owned);
  assert.deepEqual(database.violations, []);
  for (let more = true; more;) more = await cids.sweep(TEST_TIME + CID_MS_MIN);
  assert.deepEqual(database.violations, []);
  assert.equal(database.disk.size, 1);
});

Deno.test("cidWrites() lists of one expiry time do not replace each other", async () => {
  const { cids, owned, database } = await open();
  for (const position of [1, 2]) {
    cids.add(entryWith(`c${position}`, position), true);
    await settle(cids, owned);
  }
  for (let more = true; more;) more = await cids.sweep(TEST_TIME + CID_MS_MIN);
  assert.equal(database.disk.size, 1);
});
