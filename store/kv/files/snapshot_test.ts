import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { StoreUnavailableError } from "../../store.ts";
import type { Key } from "../database.ts";
import { DenoDatabase } from "../deno_database.ts";
import { journalFilesKey } from "../keys.ts";
import { fillStore, insertRows, openStore, spoilPages } from "./fake_files.ts";
import { keyBytes } from "./key_bytes.ts";
import { kvFiles } from "./kv_files.ts";
import { Snapshot } from "./snapshot.ts";

const VALUE = new Uint8Array([1, 2, 3]);

async function withFile(run: (path: string, database: DenoDatabase) => Promise<void>) {
  const directory = await Deno.makeTempDir();
  const path = join(directory, "kv");
  const database = await DenoDatabase.open(path);
  try {
    await run(path, database);
  } finally {
    database.close();
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("Snapshot keeps its moment while others write, and lets them write", () =>
  withFile(async (path, database) => {
    await database.commit([], [{ key: ["a", 1], value: VALUE }]);
    using snapshot = Snapshot.open(path);
    for (let n = 0; n < 50; n++) {
      const value = new Uint8Array(60_000).fill(n);
      await database.commit([], [{ key: ["a", 1], value: null }, { key: ["b", n], value }]);
    }
    assert.equal(snapshot.count(), 1);
    assert.deepEqual([...snapshot.all()].map(({ key, value }) => [key, value]), [[
      ["a", 1],
      VALUE,
    ]]);
    assert.deepEqual(snapshot.get(["b", 0]), null);
    assert.deepEqual(snapshot.damage(), []);
    using later = Snapshot.open(path);
    assert.equal(later.count(), 50);
  }));

/** Pages in SQLite's log, and how many of them are in the database, too. */
function logOf(path: string): { pages: number; copied: number } {
  using database = new DatabaseSync(path);
  // "NOOP" only looks.
  const found = database.prepare("PRAGMA wal_checkpoint(NOOP)").get();
  return { pages: Number(found?.["log"]), copied: Number(found?.["checkpointed"]) };
}

Deno.test("Snapshot.release() leaves the next who writes nothing to make up for", () =>
  withFile(async (path, database) => {
    await database.commit([], [{ key: ["a"], value: VALUE }]);
    using snapshot = Snapshot.open(path);
    const before = logOf(path);
    for (let n = 0; n < 50; n++) {
      await database.commit([], [{ key: ["b", n], value: new Uint8Array(60_000).fill(n) }]);
    }
    const put = logOf(path);
    assert.ok(put.pages > before.pages + 50 * 14, `${put.pages} pages`);
    assert.ok(put.copied <= before.pages, `${put.copied} of them copied`);
    snapshot.release();
    assert.deepEqual(logOf(path), { pages: put.pages, copied: put.pages });
    await database.commit([], [{ key: ["c"], value: VALUE }]);
    using later = Snapshot.open(path);
    assert.equal(later.count(), 52);
    assert.deepEqual(later.damage(), []);
  }));

Deno.test("Snapshot.release() lets go also where the file has gone", async () => {
  const directory = await Deno.makeTempDir();
  const path = join(directory, "kv");
  (await DenoDatabase.open(path)).close();
  const snapshot = kvFiles.open(path);
  await Deno.remove(directory, { recursive: true });
  snapshot.release();
  assert.throws(() => [...snapshot.rows()], StoreUnavailableError);
});

Deno.test("Snapshot.list() and read() answer as the database does", () =>
  withFile(async (path, database) => {
    const keys = [["a", 1], ["a", 2], ["a", 10], ["b", "x"], ["b", "x", 1]];
    await database.commit([], keys.map((key) => ({ key, value: VALUE })));
    using snapshot = Snapshot.open(path);
    for (const range of [{ start: ["a", 2], end: ["b"] }, { start: ["b"], end: ["b", Infinity] }]) {
      const strip = (rows: readonly { key: unknown; value: unknown }[]) =>
        rows.map(({ key, value }) => ({ key, value }));
      for (const limit of [1, 10]) {
        const [mine, theirs] = [snapshot.list(range, limit), database.list(range, limit)];
        assert.deepEqual(strip(await mine), strip(await theirs));
      }
    }
    const [found, none] = await snapshot.read([["a", 10], ["a", 11]]);
    assert.deepEqual([found?.value, none], [VALUE, null]);
  }));

Deno.test("Snapshot.open() refuses what is no database of Titan's", async () => {
  const path = await Deno.makeTempFile();
  assert.throws(() => Snapshot.open(path), StoreUnavailableError);
  await Deno.writeTextFile(path, "hello, this is a text".repeat(1000));
  assert.throws(() => Snapshot.open(path), StoreUnavailableError);
  assert.throws(() => Snapshot.open(`${path}.none`), StoreUnavailableError);
  await Deno.remove(path);
});

/** Has the next file that is read be missing, and something else happen before anybody hears of it. */
function missNext(happen: () => void): Disposable {
  const { readFileSync } = Deno;
  const restore = () => void (Deno.readFileSync = readFileSync);
  Deno.readFileSync = () => {
    restore();
    happen();
    throw new Deno.errors.NotFound();
  };
  return { [Symbol.dispose]: restore };
}

Deno.test("Snapshot.open() takes another moment where a file was deleted and made again", async () => {
  const directory = await Deno.makeTempDir();
  const path = join(directory, "kv");
  {
    await using store = await openStore(path);
    await fillStore(store);
    using database = new DatabaseSync(path);
    const name = database.prepare("UPDATE kv SET version = version + 1 WHERE k = ?");
    // It was not there yet, and is named by now, in the slot of one that went.
    using _missing = missNext(() => name.run(keyBytes(journalFilesKey)));
    using snapshot = Snapshot.open(path);
    assert.ok(snapshot.records.length > 0);
  }
  await Deno.remove(directory, { recursive: true });
});

Deno.test("Snapshot tells of values that Titan did not write", async () => {
  const directory = await Deno.makeTempDir();
  const path = join(directory, "kv");
  const kv = await Deno.openKv(path);
  await kv.set(["users", "bob"], { id: "bob" });
  kv.close();
  {
    using snapshot = Snapshot.open(path);
    assert.throws(() => [...snapshot.all()], StoreUnavailableError);
  }
  await Deno.remove(directory, { recursive: true });
});

/** As {@linkcode withFile}, with rows in the file, which nobody has open. */
async function withClosedFile(keys: readonly Key[], run: (path: string) => void) {
  const directory = await Deno.makeTempDir();
  const path = join(directory, "kv");
  await kvFiles.fill(path, ReadableStream.from(keys.map((key) => ({ key, value: VALUE }))));
  run(path);
  await Deno.remove(directory, { recursive: true });
}

Deno.test("Snapshot.all() reads many rows in order, and tells where SQLite cannot go on", () => {
  const keys = Array.from({ length: 5000 }, (_, n): Key => ["a".repeat(100), n]);
  return withClosedFile(keys, (path) => {
    {
      using snapshot = Snapshot.open(path);
      assert.deepEqual(Array.from(snapshot.all(), ({ key }) => key), keys);
    }
    spoilPages(path);
    using snapshot = Snapshot.open(path);
    assert.throws(() => [...snapshot.all()], StoreUnavailableError);
    assert.ok(snapshot.damage().length > 0);
  });
});

Deno.test("Snapshot.all() tells of keys that Titan did not write", () =>
  withClosedFile([["a", 1]], (path) => {
    const foreign = [[0x01, 0x61, 0x00], [0x02, 0x61], [0x02, 0xff, 0xfe, 0x00]];
    insertRows(path, foreign);
    using snapshot = Snapshot.open(path);
    assert.throws(() => [...snapshot.all()], StoreUnavailableError);
    const errors: Error[] = [];
    const rows = [...snapshot.all((error) => errors.push(error))];
    assert.deepEqual(rows.map(({ key }) => key), [["a", 1]]);
    assert.equal(errors.length, foreign.length);
  }));
