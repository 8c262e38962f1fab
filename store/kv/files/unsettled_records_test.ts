import assert from "node:assert/strict";
import { join } from "node:path";
import { DenoJournalDirectory, JournalFile, RECORD_HEADER_BYTES } from "../journal_files/mod.ts";
import { isInFiles, readUnsettled } from "./unsettled_records.ts";

/** Files of a journal beside a database, each with some segments: a number, and that before it. */
async function withFiles(
  files: readonly (readonly (readonly [number, number])[])[],
  test: (database: string) => void,
): Promise<void> {
  const root = await Deno.makeTempDir({ prefix: "titan-" });
  const database = join(root, "titan.kv");
  const directory = new DenoJournalDirectory(database);
  for (const [index, segments] of files.entries()) {
    const file = new JournalFile(index + 1, await directory.create(index + 1), 0);
    await file.restart(1);
    for (const [number, previous] of segments) {
      await file.append(new Uint8Array(RECORD_HEADER_BYTES + 10), { number, previous });
    }
    file.close();
  }
  try {
    test(database);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

const FILES = [[[1, 0], [2, 1]], [[4, 3], [5, 4]], [[7, 6]]] as const;

Deno.test("readUnsettled() reads what is not settled of the files that are named", () =>
  withFiles(FILES, (database) => {
    const numbers = (slots: number[], settled: number, newest: number) =>
      readUnsettled(database, { slots, settled, newest })?.records.map(({ number }) => number);
    assert.deepEqual(numbers([1, 2, 3], 0, 6), [1, 2, 4, 5, 7]);
    assert.deepEqual(numbers([1, 2, 3], 1, 6), [2, 4, 5, 7]);
    assert.deepEqual(numbers([2, 3], 4, 6), [5, 7]);
    assert.deepEqual(numbers([], 0, 0), []);
  }));

Deno.test("readUnsettled() ends before what follows a segment that came after the moment", () =>
  withFiles(FILES, (database) => {
    const numbers = (settled: number, newest: number) =>
      readUnsettled(database, { slots: [1, 2, 3], settled, newest })?.records.map(({ number }) =>
        number
      );
    assert.deepEqual(numbers(0, 0), [1, 2]);
    assert.deepEqual(numbers(0, 3), [1, 2, 4, 5]);
    assert.deepEqual(numbers(3, 0), [4, 5]);
  }));

Deno.test("readUnsettled() tells which segment is not there, and isInFiles() whether it is now", () =>
  withFiles(FILES, (database) => {
    const missing = (settled: number, newest: number) =>
      readUnsettled(database, { slots: [1, 2, 3], settled, newest })?.missing;
    assert.deepEqual([missing(0, 0), missing(3, 0), missing(0, 6)], [3, 6, null]);
    assert.deepEqual([2, 3].map((number) => isInFiles(database, [1, 2, 3], number)), [true, false]);
    assert.equal(isInFiles(database, [2, 4], 2), false);
  }));

Deno.test("readUnsettled() answers null where a file is missing, or is none", () =>
  withFiles(FILES, (database) => {
    Deno.truncateSync(`${database}.journal.2`, 0);
    assert.equal(readUnsettled(database, { slots: [1, 2], settled: 0, newest: 9 }), null);
    assert.equal(readUnsettled(database, { slots: [1, 4], settled: 0, newest: 9 }), null);
  }));
