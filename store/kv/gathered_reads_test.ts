import assert from "node:assert/strict";
import { type Key, KEYS_READ_MAX, type Row } from "./database.ts";
import { GatheredReads } from "./gathered_reads.ts";

const KEYS = Array.from({ length: 2 * KEYS_READ_MAX + 1 }, (_, index): Key => ["row", index]);

Deno.test("GatheredReads.get() reads what is asked for at once together", async () => {
  const { reads, asked } = open();
  const rows = await Promise.all(KEYS.map((key) => reads.get(key)));
  assert.deepEqual(rows.map((row) => row?.key), KEYS);
  assert.deepEqual(asked.map((keys) => keys.length), [KEYS_READ_MAX, KEYS_READ_MAX, 1]);
});

Deno.test("GatheredReads.get() gathers while a read is under way", async () => {
  const { reads, asked, begun } = open();
  const first = reads.get(["row", 0]);
  await begun.promise;
  const later = [1, 2, 3].map((index) => reads.get(["row", index]));
  await Promise.all([first, ...later]);
  assert.deepEqual(asked.map((keys) => keys.length), [1, 3]);
});

Deno.test("GatheredReads.get() answers null where there is no row", async () => {
  const { reads } = open();
  const [none, row] = await Promise.all([reads.get(["none"]), reads.get(["row", 1])]);
  assert.equal(none, null);
  assert.deepEqual(row?.key, ["row", 1]);
});

Deno.test("GatheredReads.get() fails all that a failed read was for, and reads the next", async () => {
  const { reads, fail } = open();
  fail(new Error("the disk refused"));
  const settled = await Promise.allSettled(KEYS.map((key) => reads.get(key)));
  const failed = settled.filter(({ status }) => status === "rejected");
  assert.equal(failed.length, KEYS_READ_MAX);
  assert.deepEqual((await reads.get(["row", 0]))?.key, ["row", 0]);
});

/** A database that has every row but those whose key begins with "none". */
function open() {
  const asked: (readonly Key[])[] = [];
  const begun = Promise.withResolvers<void>();
  let failure: Error | undefined;
  const reads = new GatheredReads({
    async read(keys: readonly Key[]): Promise<readonly (Row | null)[]> {
      asked.push(keys);
      begun.resolve();
      await null;
      const error = failure;
      failure = undefined;
      if (error !== undefined) throw error;
      return keys.map((key) => {
        return key[0] === "none" ? null : { key, value: new Uint8Array(), version: "1" };
      });
    },
  });
  return { reads, asked, begun, fail: (error: Error) => failure = error };
}
