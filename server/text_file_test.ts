import assert from "node:assert/strict";
import { join } from "node:path";
import { CONFIG_FILE_BYTES_MAX } from "../limits.ts";
import { readTextFile, readValueFile } from "./text_file.ts";

/** A file with some content, in a directory that goes with it. */
async function fileOf(content: string | Uint8Array<ArrayBuffer>, mode = 0o600) {
  const root = await Deno.makeTempDir({ prefix: "titan-" });
  const path = join(root, "file");
  await Deno.writeFile(
    path,
    typeof content === "string" ? new TextEncoder().encode(content) : content,
  );
  await Deno.chmod(path, mode);
  return { root, path, [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }) };
}

Deno.test("readTextFile() reads a file as it is, and says whether everybody may", async () => {
  await using own = await fileOf("a\nb\n", 0o640);
  assert.deepEqual(readTextFile(own.path), { text: "a\nb\n", isPublic: false });
  await using open = await fileOf("a", 0o644);
  assert.deepEqual(readTextFile(open.path), { text: "a", isPublic: true });
});

Deno.test("readTextFile() says why a file cannot be had, and nothing of what is in it", async () => {
  await using file = await fileOf(new Uint8Array([0x73, 0xff, 0xfe]));
  assert.deepEqual(readTextFile(file.path), { fault: "it is no file of text" });
  assert.deepEqual(readTextFile(file.root), { fault: "it is no file of text" });
  assert.deepEqual(readTextFile(`${file.path}.gone`), { fault: "there is no such file" });
});

Deno.test("readTextFile() does not wait for somebody to write into a pipe", async () => {
  await using file = await fileOf("");
  const pipe = join(file.root, "pipe");
  const { success } = await new Deno.Command("env", { args: ["mkfifo", pipe] }).output();
  assert.ok(success);
  assert.deepEqual(readTextFile(pipe), { fault: "it is no file of text" });
});

Deno.test("readTextFile() reads as much as a configuration may have, and no more", async () => {
  await using full = await fileOf("x".repeat(CONFIG_FILE_BYTES_MAX));
  assert.ok("text" in readTextFile(full.path));
  await using more = await fileOf("x".repeat(CONFIG_FILE_BYTES_MAX + 1));
  assert.deepEqual(readTextFile(more.path), {
    fault: `it has more than ${CONFIG_FILE_BYTES_MAX} bytes`,
  });
});

Deno.test("readValueFile() drops one line break at the end and nothing else", async () => {
  for (const [content, text] of [["a", "a"], ["a\n", "a"], ["a\r\n", "a"], [" a\n\n", " a\n"]]) {
    await using file = await fileOf(`${content}`);
    assert.deepEqual(readValueFile(file.path), { text, isPublic: false });
  }
});

Deno.test("readValueFile() takes no file without a value", async () => {
  for (const content of ["", "\n", " \t\r\n"]) {
    await using file = await fileOf(content);
    assert.deepEqual(readValueFile(file.path), { fault: "it is empty" });
  }
});
