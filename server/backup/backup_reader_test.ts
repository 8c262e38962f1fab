import assert from "node:assert/strict";
import type { StoredRow } from "../../store/mod.ts";
import { BackupError, type BackupHeader, packBackup } from "./backup_format.ts";
import { BackupReader } from "./backup_reader.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const HEADER: BackupHeader = { version: "1.2.3", taken: 12345, secret: "s3cret\n" };

const ROWS: readonly StoredRow[] = [
  { key: ["users", "zo\u00eb"], value: new TextEncoder().encode("{}") },
  { key: ["messages", "bob", 1.5, 0], value: new Uint8Array(300_000).fill(7) },
  { key: ["emails", ""], value: new Uint8Array() },
];

async function packed(header = HEADER, rows = ROWS): Promise<Bytes> {
  return new Uint8Array(await new Blob(await Array.fromAsync(packBackup(header, rows))).bytes());
}

function gzip(bytes: Bytes): Promise<Bytes> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Response(stream).bytes();
}

async function read(file: Bytes): Promise<{ header: BackupHeader; rows: StoredRow[] }> {
  await using reader = await BackupReader.open(new Blob([file]).stream());
  const rows = await Array.fromAsync(reader.rows());
  assert.equal(reader.count, rows.length);
  return { header: reader.header, rows };
}

/** Expects a file to be refused for a reason. */
async function refused(file: Bytes, reason: RegExp): Promise<void> {
  await assert.rejects(read(file), (error) => {
    assert.ok(error instanceof BackupError, String(error));
    assert.match(error.message, reason);
    return true;
  });
}

Deno.test("BackupReader.rows() answers what packBackup() was given", async () => {
  assert.deepEqual(await read(await gzip(await packed())), { header: HEADER, rows: [...ROWS] });
  const bare = { version: "1", taken: 0 };
  assert.deepEqual(await read(await gzip(await packed(bare, []))), { header: bare, rows: [] });
});

Deno.test("BackupReader.open() refuses what is no backup", async () => {
  const text = (text: string) => gzip(new TextEncoder().encode(text));
  await refused(new TextEncoder().encode("hello"), /no backup of Titan's$/);
  await refused(new Uint8Array(), /cut off|no backup/);
  await refused(await text("hello, world\n"), /^File is no backup of Titan's$/);
  await refused(await text('{"titan":"backup","format":1}\n'), /no backup/);
  const future = '{"titan":"backup","format":2,"version":"9.0.0","more":1}\n';
  await refused(await text(future), /^Format 2 is not known here: Titan 9\.0\.0 made it$/);
  const long = `{"titan":"backup","x":"${"x".repeat(70_000)}"}\n`;
  await refused(await text(long), /^First line of the file is damaged$/);
});

Deno.test("BackupReader.rows() refuses a file that is cut off anywhere", async () => {
  const whole = await packed();
  for (const length of [whole.length - 1, whole.length - 90, whole.length - 300_000, 120, 70]) {
    await refused(await gzip(whole.slice(0, length)), /cut off/);
  }
  const file = await gzip(whole);
  for (const length of [file.length - 1, file.length - 8, file.length >> 1, 12]) {
    await refused(file.slice(0, length), /cut off/);
  }
});

Deno.test("BackupReader.rows() refuses a file of which one byte was changed", async () => {
  const whole = await packed();
  for (let at = 0; at < whole.length; at += at < 400 ? 1 : 9973) {
    const bytes = whole.slice();
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    await refused(await gzip(bytes), /[Ff]ile|Format/);
  }
  const file = await gzip(whole);
  for (let at = 10; at < file.length; at += 7) {
    const bytes = file.slice();
    bytes[at] = (bytes[at] ?? 0) ^ 0x10;
    await refused(bytes, /[Ff]ile|Format/);
  }
});

Deno.test("BackupReader.rows() refuses what follows the end", async () => {
  const whole = await packed();
  await refused(await gzip(new Uint8Array([...whole, 0])), /^File is damaged$/);
});
