import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { StoreUnavailableError } from "../../store.ts";
import type { StoredRow } from "../../store_files.ts";
import { makeDraft } from "../fake_entries.ts";
import { fillStore, makeFile, openStore } from "./fake_files.ts";
import { kvFiles } from "./kv_files.ts";

function rowsOf(path: string): readonly StoredRow[] {
  using snapshot = kvFiles.open(path);
  return [...snapshot.rows()];
}

async function* stream(rows: Iterable<StoredRow>): AsyncGenerator<StoredRow> {
  yield* rows;
}

Deno.test("kvFiles.fill() makes a file from which a store goes on, with another epoch", async () => {
  await using file = await makeFile();
  const other = join(dirname(file.path), "other.kv");
  const rows = rowsOf(file.path);
  assert.ok(rows.every(({ key: [kind] }) => kind !== "owner" && kind !== "epoch"));
  await kvFiles.fill(other, stream(rows));
  assert.deepEqual(rowsOf(other), rows);
  await using store = await openStore(other, "second");
  assert.equal(store.epoch, "second");
  const { entries } = await store.mailboxes.read("bob", "phone", 0, { messages: 9, bytes: 1e6 });
  assert.deepEqual(entries.map(({ id }) => id), ["m1", "m2", "m3", "m4"]);
  const [owner] = await store.users.withEmail("alice@example.org", 9);
  assert.equal(owner, "alice");
});

Deno.test("kvFiles.replace() and mend() refuse while somebody writes the journal, and change nothing", async () => {
  await using file = await makeFile();
  const other = join(dirname(file.path), "other.kv");
  await kvFiles.fill(other, stream([]));
  const message = `Cannot open the store: another process has "${file.path}.journal.1"`;
  {
    await using store = await openStore(file.path);
    await store.mailboxes.append([makeDraft("m5", { time: 1000, expires: 2000 })]);
    await assert.rejects(kvFiles.replace(file.path, other), { message });
    await assert.rejects(kvFiles.mend(file.path, []), { message });
    await store.mailboxes.append([makeDraft("m6", { time: 1000, expires: 2000 })]);
  }
  assert.ok(rowsOf(file.path).length > 0);
  await kvFiles.replace(file.path, other);
  assert.deepEqual(rowsOf(file.path), []);
});

Deno.test("kvFiles.fill() takes rows of any size, and many of them", async () => {
  const directory = await Deno.makeTempDir();
  const path = join(directory, "kv");
  const rows = Array.from({ length: 1500 }, (_, index) => ({
    key: ["users", `${"x".repeat(1 + index % 250)}${String(index).padStart(6, "0")}`],
    value: new Uint8Array(index % 50 === 0 ? 65_536 : index % 7),
  }));
  await kvFiles.fill(path, stream(rows));
  assert.equal(rowsOf(path).length, rows.length);
  const names = (await Array.fromAsync(Deno.readDir(directory))).map(({ name }) => name);
  assert.deepEqual(names, ["kv"]);
  await Deno.remove(directory, { recursive: true });
});

Deno.test("kvFiles.fill() says what it cannot write, and leaves out what is of another life", async () => {
  await using file = await makeFile();
  const other = join(dirname(file.path), "other.kv");
  const value = new TextEncoder().encode('{"epoch":"first"}');
  const own = [{ key: ["epoch"], value }, { key: ["owner"], value }];
  await kvFiles.fill(other, stream([...own, { key: ["users", "bob"], value }]));
  assert.deepEqual(rowsOf(other).map(({ key }) => key), [["users", "bob"]]);
  await using store = await openStore(other, "second");
  assert.equal(store.epoch, "second");
  for (
    const row of [
      { key: [], value },
      { key: ["users", "x".repeat(3000)], value },
      { key: ["users", "x"], value: new Uint8Array(70_000) },
    ]
  ) {
    const third = join(dirname(file.path), "third.kv");
    await assert.rejects(kvFiles.fill(third, stream([row])), StoreUnavailableError);
  }
});

Deno.test("kvFiles.open() takes a whole moment while a store commits", async () => {
  await using file = await makeFile();
  await using store = await openStore(file.path);
  let isOver = false;
  const writing = (async () => {
    while (!isOver) {
      for (const id of ["alice", "bob", "carol"]) await store.users.remove(id);
      await fillStore(store);
    }
  })();
  for (let n = 0; n < 20; n++) {
    using snapshot = kvFiles.open(file.path);
    await snapshot.check(({ problem }) => assert.fail(problem));
    await new Promise((resolve) => setTimeout(resolve, 3));
  }
  isOver = true;
  await writing;
});

Deno.test("kvFiles.replace() leaves nothing of the file that was there", async () => {
  await using file = await makeFile();
  await using other = await makeFile();
  const rows = rowsOf(file.path).filter(({ key: [kind] }) => kind !== "cids");
  const filled = join(dirname(other.path), "filled.kv");
  await kvFiles.fill(filled, stream(rows));
  await Deno.writeTextFile(`${other.path}-wal`, "a log that is damaged");
  await kvFiles.replace(other.path, filled);
  assert.deepEqual(rowsOf(other.path), rows);
  await Deno.writeTextFile(other.path, "no database at all");
  await kvFiles.fill(filled, stream(rows));
  await kvFiles.replace(other.path, filled);
  assert.deepEqual(rowsOf(other.path), rows);
});
