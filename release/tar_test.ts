import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { packTar } from "./tar.ts";

const encode = (text: string) => new TextEncoder().encode(text);

async function packed(files: Parameters<typeof packTar>[0]): Promise<Uint8Array> {
  return await new Response(packTar(files)).bytes();
}

/** The field of a header, up to what ends it. */
function field(block: Uint8Array, from: number, length: number): string {
  return new TextDecoder().decode(block.slice(from, from + length)).replace(/\0.*$/s, "");
}

Deno.test("packTar() writes headers, contents and an end as POSIX has them", async () => {
  const archive = new Uint8Array(gunzipSync(
    await packed([{ path: "a/run", bytes: encode("x".repeat(600)), isProgram: true }]),
  ));
  assert.equal(archive.length, 512 + 1024 + 1024);
  const header = archive.slice(0, 512);
  assert.equal(field(header, 0, 100), "a/run");
  assert.equal(field(header, 100, 8), "0000755");
  assert.equal(Number.parseInt(field(header, 124, 12), 8), 600);
  assert.equal(Number.parseInt(field(header, 136, 12), 8), Date.UTC(1980, 0, 1) / 1000);
  assert.equal(field(header, 257, 6), "ustar");
  const sum = Number.parseInt(field(header, 148, 7), 8);
  header.fill(32, 148, 156);
  assert.equal(header.reduce((total, byte) => total + byte, 0), sum);
  assert.equal(field(archive, 512, 600), "x".repeat(600));
  assert.ok(archive.slice(512 + 600).every((byte) => byte === 0));
});

Deno.test("packTar() makes the same archive of the same files, in whatever order they come", async () => {
  const [a, b] = [{ path: "a", bytes: encode("1") }, { path: "b", bytes: encode("") }];
  assert.deepEqual(await packed([a, b]), await packed([b, a]));
  assert.notDeepEqual(await packed([a]), await packed([{ ...a, isProgram: true }]));
});

Deno.test("packTar() takes paths of 100 bytes, and no longer ones", async () => {
  const bytes = encode("1");
  await packed([{ path: "ä".repeat(50), bytes }]);
  await assert.rejects(packed([{ path: "a".repeat(101), bytes }]), RangeError);
});
