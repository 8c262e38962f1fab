import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Key } from "../database.ts";
import { keyBytes, keyOf } from "./key_bytes.ts";

const KEYS: readonly Key[] = [
  ["users", ""],
  ["users", "alice"],
  ["users", "zo\u00eb", "\ufeffd\u0000e\u0000\u0000", "\u0000"],
  ["messages", "bob", 0, 0],
  ["messages", "bob", 1, 12],
  ["messages", "bob", 1.5e15, 0],
  ["messages", "bob", -3.5],
  ["messages", "bob", Infinity],
];

Deno.test("keyBytes() writes what Deno KV writes", async () => {
  const path = join(await Deno.makeTempDir(), "kv");
  const kv = await Deno.openKv(path);
  for (const key of KEYS) await kv.set(key, 1);
  const keys = (await Array.fromAsync(kv.list({ prefix: [] }))).map(({ key }) => key as Key);
  const database = new DatabaseSync(path, { readOnly: true });
  const rows = database.prepare("SELECT k FROM kv ORDER BY k").all();
  assert.deepEqual(keys.map((key) => keyBytes(key)), rows.map(({ k }) => k));
  assert.equal(rows.length, KEYS.length);
  database.close();
  kv.close();
});

Deno.test("keyOf() reads what keyBytes() wrote", () => {
  for (const key of KEYS) assert.deepEqual(keyOf(keyBytes(key)), key);
});

Deno.test("keyOf() refuses what is no key of Titan's", () => {
  const foreign = [[0x01, 1, 0], [0x02, 97], [0x21, 1, 2], [0x02, 0xff, 0], [0x02, 0, 0xff]];
  for (const bytes of foreign) assert.throws(() => keyOf(Uint8Array.from(bytes)), Error);
});
