import assert from "node:assert/strict";
import { join } from "node:path";
import { KEYS_READ_MAX, VALUE_BYTES_MAX } from "./database.ts";
import { DenoDatabase } from "./deno_database.ts";

/** Runs a test on a database in memory. */
async function withDatabase(run: (database: DenoDatabase) => Promise<void>): Promise<void> {
  const database = await DenoDatabase.open(":memory:");
  try {
    await run(database);
  } finally {
    database.close();
  }
}

const VALUE = new Uint8Array([1, 2, 3]);

Deno.test("DenoDatabase.read() answers rows in the order of the keys, and null for none", () =>
  withDatabase(async (database) => {
    const version = await database.commit([], [{ key: ["users", "bob"], value: VALUE }]);
    const rows = await database.read([["users", "alice"], ["users", "bob"]]);
    assert.deepEqual(rows, [null, { key: ["users", "bob"], value: VALUE, version }]);
  }));

Deno.test("DenoDatabase.read() takes as many keys as the limit says", () =>
  withDatabase(async (database) => {
    const keys = Array.from({ length: KEYS_READ_MAX + 1 }, (_, index) => ["users", `u${index}`]);
    assert.equal((await database.read(keys.slice(1))).length, KEYS_READ_MAX);
    await assert.rejects(database.read(keys), TypeError);
  }));

Deno.test("DenoDatabase.commit() takes a value as large as the limit says", () =>
  withDatabase(async (database) => {
    const write = (bytes: number) =>
      database.commit([], [{ key: ["journal", 1, 0], value: new Uint8Array(bytes) }]);
    assert.ok(await write(VALUE_BYTES_MAX));
    await assert.rejects(write(VALUE_BYTES_MAX + 1), TypeError);
  }));

Deno.test("DenoDatabase.commit() makes all changes, or none where a check fails", () =>
  withDatabase(async (database) => {
    const [bob, carol] = [["users", "bob"], ["users", "carol"]];
    const version = await database.commit([{ key: bob, version: null }], [
      { key: bob, value: VALUE },
    ]);
    const writes = [{ key: bob, value: null }, { key: carol, value: VALUE }];
    assert.equal(await database.commit([{ key: bob, version: null }], writes), null);
    assert.deepEqual((await database.read([bob, carol])).map((row) => row !== null), [true, false]);
    assert.ok(await database.commit([{ key: bob, version }], writes));
    assert.deepEqual((await database.read([bob, carol])).map((row) => row !== null), [false, true]);
  }));

Deno.test("DenoDatabase.list() answers the first rows of a range, past a batch too", () =>
  withDatabase(async (database) => {
    const keys = Array.from({ length: 1200 }, (_, index) => ["journal", index]);
    for (let start = 0; start < keys.length; start += 400) {
      const some = keys.slice(start, start + 400);
      await database.commit([], some.map((key) => ({ key, value: new Uint8Array() })));
    }
    const range = { start: ["journal", 1], end: ["journal", Infinity] };
    for (const limit of [1, 500, 501, 1000, 2000]) {
      const rows = await database.list(range, limit);
      assert.deepEqual(rows.map(({ key }) => key), keys.slice(1, 1 + limit));
    }
  }));

Deno.test("DenoDatabase.open() finds what was committed before", async () => {
  const directory = await Deno.makeTempDir();
  try {
    for (const expected of [null, VALUE]) {
      const database = await DenoDatabase.open(join(directory, "titan.kv"));
      const [row] = await database.read([["users", "bob"]]);
      assert.deepEqual(row?.value ?? null, expected);
      await database.commit([], [{ key: ["users", "bob"], value: VALUE }]);
      database.close();
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
