import assert from "node:assert/strict";
import { BackupError, headerLine, MAGIC, packBackup, parseHeader } from "./backup_format.ts";

Deno.test("headerLine() begins as every backup does, and parseHeader() reads it", () => {
  const header = { version: "1.0.0", taken: 1 };
  assert.ok(headerLine(header).startsWith(MAGIC));
  assert.deepEqual(parseHeader(headerLine(header)), header);
  assert.throws(() => parseHeader("{}"), BackupError);
});

Deno.test("packBackup() hands blocks on as it goes, and says how far it is", async () => {
  const rows = Array.from({ length: 100 }, (_, index) => ({
    key: ["row", index],
    value: new Uint8Array(10_000),
  }));
  const noted: number[] = [];
  const blocks = packBackup({ version: "1", taken: 0 }, rows, (count) => noted.push(count));
  const sizes = (await Array.fromAsync(blocks)).map(({ length }) => length);
  assert.ok(sizes.every((size) => size < 300_000), `${sizes}`);
  assert.deepEqual(noted, [27, 54, 81]);
});
