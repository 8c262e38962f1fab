import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { StoreUnavailableError } from "../../store.ts";
import { DenoJournalDirectory, journalPath, journalSlots } from "./deno_directory.ts";

/** Runs a test beside a database that is not there. */
async function inDirectory(test: (database: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "titan-" });
  try {
    await test(join(directory, "titan.kv"));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("JournalDirectory.list() answers the slots of this database and nothing else", () =>
  inDirectory(async (database) => {
    const directory = new DenoJournalDirectory(database);
    assert.deepEqual(await directory.list(), []);
    for (const slot of [1, 12]) (await directory.create(slot)).close();
    for (
      const end of ["-wal", ".journal", ".journal.", ".journal.0", ".journal.1x", "x.journal.1"]
    ) {
      await Deno.writeTextFile(database + end, "");
    }
    assert.deepEqual([...await directory.list()].sort(), [1, 12]);
    assert.deepEqual([...journalSlots(database)].sort(), [1, 12]);
    assert.equal(((await Deno.stat(journalPath(database, 12))).mode ?? 0) & 0o777, 0o600);
    await directory.remove(1);
    await directory.remove(1);
    assert.deepEqual(await directory.list(), [12]);
  }));

Deno.test("JournalDirectory.create() leaves nothing where the name cannot be synced", () =>
  inDirectory(async (database) => {
    const directory = new DenoJournalDirectory(database);
    const { open } = Deno;
    Deno.open = (path, options) =>
      path === dirname(database) ? Promise.reject(new Error("Disk refused")) : open(path, options);
    try {
      await assert.rejects(directory.create(1), { message: "Disk refused" });
    } finally {
      Deno.open = open;
    }
    assert.deepEqual(await directory.list(), []);
    (await directory.create(1)).close();
  }));

Deno.test("JournalSpace.write() writes at a place, over what was there", () =>
  inDirectory(async (database) => {
    const directory = new DenoJournalDirectory(database);
    const space = await directory.create(1);
    space.reserve(8);
    await space.write(Uint8Array.of(1, 2, 3), 0);
    await space.write(Uint8Array.of(4), 2);
    await space.write(Uint8Array.of(5), 6);
    await space.write(Uint8Array.of(6), 7);
    assert.deepEqual([...(await space.read()).subarray(0, 9)], [1, 2, 4, 0, 0, 0, 5, 6, 0]);
    await space.write(Uint8Array.of(9), 1);
    space.close();
    const again = await directory.open(1);
    assert.ok(again);
    const bytes = await again.read();
    assert.deepEqual([...bytes.subarray(0, 9)], [1, 9, 4, 0, 0, 0, 5, 6, 0]);
    assert.ok(bytes.subarray(9).every((byte) => byte === 0));
    again.close();
  }));

Deno.test("JournalSpace.reserve() grows a file in few steps", () =>
  inDirectory(async (database) => {
    const space = await new DenoJournalDirectory(database).create(1);
    const sizes = new Set<number>();
    for (let at = 0; at < 3_000_000; at += 50_000) {
      space.reserve(at + 50_000);
      await space.write(new Uint8Array(50_000).fill(7), at);
      sizes.add((await Deno.stat(journalPath(database, 1))).size);
    }
    assert.ok(sizes.size <= 3, `the file had ${sizes.size} sizes`);
    const bytes = await space.read();
    assert.ok(bytes.subarray(0, 3_000_000).every((byte) => byte === 7));
    space.close();
  }));

Deno.test("JournalDirectory.open() answers null where there is no file", () =>
  inDirectory(async (database) => {
    assert.equal(await new DenoJournalDirectory(database).open(1), null);
  }));

Deno.test("JournalDirectory.open() refuses a file that somebody has open, until it is closed", () =>
  inDirectory(async (database) => {
    const [one, other] = [new DenoJournalDirectory(database), new DenoJournalDirectory(database)];
    const space = await one.create(1);
    await assert.rejects(other.open(1), (error) => {
      assert.ok(error instanceof StoreUnavailableError);
      assert.equal(
        error.message,
        `Cannot open the store: another process has "${journalPath(database, 1)}"`,
      );
      return true;
    });
    await assert.rejects(other.create(1), Deno.errors.AlreadyExists);
    space.close();
    (await other.open(1))?.close();
  }));
