import assert from "node:assert/strict";
import { LINE_CHARS_MAX, readLines } from "./read_lines.ts";

/** The lines of a stream that comes in pieces. */
async function lines(...pieces: readonly (string | Uint8Array)[]): Promise<string[]> {
  const encoder = new TextEncoder();
  const stream = ReadableStream.from(
    pieces.map((piece) =>
      typeof piece === "string" ? encoder.encode(piece) : new Uint8Array(piece)
    ),
  );
  return await Array.fromAsync(readLines(stream));
}

Deno.test("readLines() joins pieces and splits lines", async () => {
  assert.deepEqual(await lines("on", "e\ntw", "o\nthree\nfo", "ur"), [
    "one",
    "two",
    "three",
    "four",
  ]);
});

Deno.test("readLines() needs no line end at the end, and adds no line", async () => {
  assert.deepEqual(await lines("one\n"), ["one"]);
  assert.deepEqual(await lines("one\n\n"), ["one", ""]);
  assert.deepEqual(await lines(), []);
});

Deno.test("readLines() takes both kinds of line ends", async () => {
  assert.deepEqual(await lines("one\r", "\ntwo\r\n"), ["one", "two"]);
});

Deno.test("readLines() bears characters that come in two pieces", async () => {
  const [first = 0, ...rest] = new TextEncoder().encode("é");
  assert.deepEqual(await lines(new Uint8Array([first]), new Uint8Array(rest), "\n"), ["é"]);
});

Deno.test("readLines() cuts a line that is too long for anything", async () => {
  const long = "x".repeat(LINE_CHARS_MAX);
  assert.deepEqual(await lines(`${long}\nnext\n`), [long, "next"]);
  assert.deepEqual(await lines(long, "yyy", "yyy\nnext\n"), [long, "next"]);
});
