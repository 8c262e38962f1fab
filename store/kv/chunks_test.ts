import assert from "node:assert/strict";
import { chunkDeletes, chunkWrites, cutChunks, readChunks } from "./chunks.ts";
import { VALUE_BYTES_MAX } from "./database.ts";
import { FakeDatabase } from "./fake_database.ts";
import { makeEntries, makeEntry } from "./fake_entries.ts";
import type { StoredEntry } from "./lines.ts";
import { OwnedDatabase } from "./owned_database.ts";

/** What an entry counts for beside its body, and what fits in one chunk: `chunks.ts`. */
const LINE_BYTES = 1024;
const CHUNK_BYTES = VALUE_BYTES_MAX - 1024;

/** Rows that are read at once: `values.ts`. */
const PAGE_ROWS = 16;

function own(database: FakeDatabase): Promise<OwnedDatabase> {
  return OwnedDatabase.take(database, {}, () => {});
}

/** Writes each list as a chunk of `bob`. */
async function writeChunks(owned: OwnedDatabase, chunks: readonly (readonly StoredEntry[])[]) {
  for (const entries of chunks) {
    await owned.write(chunkWrites("bob", entries.at(-1)?.position ?? 0, entries));
  }
}

/** Reads chunks page by page to the end. */
async function readAll(owned: OwnedDatabase, after = 0): Promise<StoredEntry[][]> {
  const chunks: StoredEntry[][] = [];
  let from = after;
  for (let more = true; more;) {
    const read = await readChunks(owned, "bob", from);
    for (const { entries } of read.chunks) chunks.push([...entries]);
    more = read.more;
    assert.ok(!more || read.chunks.length > 0, "A page before the end has a chunk");
    from = read.chunks.at(-1)?.last ?? from;
  }
  return chunks;
}

/** An entry whose line takes so many parts. */
function longEntry(position: number, parts: number): StoredEntry {
  return makeEntry(position, { body: "é".repeat((parts - 1) * VALUE_BYTES_MAX / 2 + 100) });
}

Deno.test("cutChunks() fills a chunk to the limit and begins the next one byte past it", () => {
  const [first, second] = makeEntries([1, 2], { bytes: CHUNK_BYTES / 2 - LINE_BYTES });
  assert.ok(first && second);
  assert.deepEqual([...cutChunks([first, second])], [[first, second]]);
  const larger = { ...second, bytes: second.bytes + 1 };
  assert.deepEqual([...cutChunks([first, larger])], [[first], [larger]]);
});

Deno.test("cutChunks() keeps every entry, in order, and each chunk within its bytes", () => {
  const entries = Array.from(
    { length: 300 },
    (_, index) => makeEntry(index + 1, { bytes: (index * 7919) % 30_000 }),
  );
  const chunks = [...cutChunks(entries)];
  assert.deepEqual(chunks.flat(), entries);
  for (const chunk of chunks) {
    const bytes = chunk.reduce((sum, entry) => sum + entry.bytes + LINE_BYTES, 0);
    assert.ok(bytes <= CHUNK_BYTES, `a chunk has ${bytes} bytes`);
  }
});

Deno.test("cutChunks() gives an entry larger than a chunk one of its own", () => {
  const [before, large, after] = [makeEntry(1), makeEntry(2, { bytes: 200_000 }), makeEntry(3)];
  assert.deepEqual([...cutChunks([before, large, after])], [[before], [large], [after]]);
  assert.deepEqual([...cutChunks([])], []);
});

Deno.test("readChunks() reads an entry that is larger than a value, and chunkDeletes() deletes it", async () => {
  const database = new FakeDatabase();
  const owned = await own(database);
  const rows = database.disk.size;
  const entry = longEntry(5, 3);
  await writeChunks(owned, [[entry]]);
  assert.equal(database.disk.size, rows + 3);
  const { chunks, more } = await readChunks(owned, "bob", 0);
  assert.deepEqual([chunks, more], [[{ last: 5, parts: 3, entries: [entry] }], false]);
  const [chunk] = chunks;
  assert.ok(chunk);
  await owned.write(chunkDeletes("bob", chunk));
  assert.equal(database.disk.size, rows);
  assert.deepEqual(database.violations, []);
});

Deno.test("readChunks() reads a chunk whole whose parts lie across the border of a page", async () => {
  for (let singles = PAGE_ROWS - 4; singles <= PAGE_ROWS; singles++) {
    const owned = await own(new FakeDatabase());
    const chunks = Array.from({ length: singles }, (_, index) => [makeEntry(index + 1)]);
    chunks.push([longEntry(singles + 1, 4)], [makeEntry(singles + 2)]);
    await writeChunks(owned, chunks);
    assert.deepEqual(await readAll(owned), chunks, `${singles} rows before it`);
  }
});

Deno.test("readChunks() ends where the rows are exactly one page", async () => {
  const owned = await own(new FakeDatabase());
  const chunks = Array.from({ length: PAGE_ROWS }, (_, index) => [makeEntry(index + 1)]);
  await writeChunks(owned, chunks);
  assert.deepEqual(await readAll(owned), chunks);
});

Deno.test("readChunks() begins with the chunk that reaches past the position", async () => {
  const owned = await own(new FakeDatabase());
  const [first, second] = [makeEntries([2, 4]), makeEntries([6, 8])];
  await writeChunks(owned, [first, second]);
  assert.deepEqual(await readAll(owned, 3), [first, second]);
  assert.deepEqual(await readAll(owned, 4), [second]);
  assert.deepEqual(await readAll(owned, 7), [second]);
  assert.deepEqual(await readAll(owned, 8), []);
});

Deno.test("readChunks() reads no other user's rows, however alike the names are", async () => {
  const owned = await own(new FakeDatabase());
  for (const user of ["bo", "bobb", "bob "]) {
    await owned.write(chunkWrites(user, 1, [makeEntry(1, { to: user })]));
  }
  assert.deepEqual(await readAll(owned), []);
});
