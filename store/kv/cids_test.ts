import assert from "node:assert/strict";
import { CID_MS_MIN } from "../../limits.ts";
import { type Cid, Cids, CIDS_WRITE_MAX, cidWrites } from "./cids.ts";
import { KEYS_READ_MAX } from "./database.ts";
import { FakeDatabase } from "./fake_database.ts";
import { makeEntry, TEST_TIME } from "./fake_entries.ts";
import { Batch } from "./journal.ts";
import type { StoredEntry } from "./lines.ts";
import { OwnedDatabase } from "./owned_database.ts";

async function open(): Promise<{ cids: Cids; database: FakeDatabase; owned: OwnedDatabase }> {
  const database = new FakeDatabase();
  const owned = await OwnedDatabase.take(database, {}, () => {});
  return { cids: new Cids(owned), database, owned };
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
