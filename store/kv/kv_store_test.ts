import assert from "node:assert/strict";
import { join } from "node:path";
import { testStore } from "../store_contract.ts";
import { DenoDatabase } from "./deno_database.ts";
import { DenoJournalDirectory } from "./journal_files/mod.ts";
import { KvStore } from "./kv_store.ts";

let opened = 0;

/** Bytes of a file of the journal: so few that every test goes on to others. */
const FILE_BYTES = 1024;

testStore("KvStore", {
  durable: true,
  async open({ limits, now }, directory) {
    const path = join(directory, "titan.kv");
    const files = new DenoJournalDirectory(path, FILE_BYTES);
    return await KvStore.open(await DenoDatabase.open(path), {
      clock: { now, monotonic: () => 0, after: () => () => {} },
      limits,
      owner: { instance: "test" },
      epoch: `e${++opened}`,
      lost: () => {},
      failed: () => {},
    }, files);
  },
  async settle(store) {
    if (store instanceof KvStore) await store.mailboxes.settle();
  },
});

Deno.test("KvStore.epoch stays from one opening to the next", async () => {
  const directory = await Deno.makeTempDir({ prefix: "titan-" });
  const database = () => DenoDatabase.open(join(directory, "titan.kv"));
  const options = {
    clock: { now: () => 1, monotonic: () => 0, after: () => () => {} },
    limits: { mailboxMessages: 1, mailboxBytes: 1, backlogBytes: 1 },
    owner: {},
    lost: () => {},
    failed: () => {},
  };
  for (const epoch of ["first", "second"]) {
    await using store = await KvStore.open(await database(), { ...options, epoch });
    assert.equal(store.epoch, "first");
  }
  await Deno.remove(directory, { recursive: true });
});
