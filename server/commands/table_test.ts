import assert from "node:assert/strict";
import { sizeOf, tableLines } from "./table.ts";

Deno.test("tableLines() aligns columns and leaves no blanks at the end", () => {
  assert.deepEqual(tableLines([["USER", "NAME"], ["a", "Ärger 😀"], ["longer", ""]]), [
    "USER    NAME",
    "a       Ärger 😀",
    "longer",
  ]);
});

Deno.test("tableLines() prints nothing that moves the cursor", () => {
  assert.deepEqual(tableLines([["a\x1b[2J", "b\nc"]]), ["a␛[2J  b␊c"]);
});

Deno.test("tableLines() of nothing is nothing", () => {
  assert.deepEqual(tableLines([]), []);
});

Deno.test("sizeOf() counts as people do", () => {
  assert.equal(sizeOf(0), "0 B");
  assert.equal(sizeOf(1023), "1023 B");
  assert.equal(sizeOf(1024), "1.0 KiB");
  assert.equal(sizeOf(64 * 1024 ** 2), "64.0 MiB");
});
