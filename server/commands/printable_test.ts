import assert from "node:assert/strict";
import { printableLine, printableText } from "./printable.ts";

Deno.test("printableLine() leaves what people write", () => {
  const text = "Grüße, 世界! 👩‍👩‍👧‍👦 ❤️ e\u0301 \u00a0 עברית";
  assert.equal(printableLine(text), text);
});

Deno.test("printableLine() shows control characters instead of obeying them", () => {
  assert.equal(printableLine("\x1b[31mred\x07\0\x7f"), "␛[31mred␇␀␡");
  assert.equal(printableLine("a\rb\nc"), "a␍b␊c");
  assert.equal(printableLine("a\tb"), "a    b");
});

Deno.test("printableLine() replaces what has no picture", () => {
  // A single-character escape, separators, and changes of direction.
  for (const code of [0x80, 0x9b, 0x9f, 0x2028, 0x2029, 0x202e, 0x2066, 0x200f, 0x61c, 0xd800]) {
    assert.equal(printableLine(`a${String.fromCharCode(code)}b`), "a\ufffdb", code.toString(16));
  }
});

Deno.test("printableText() indents further lines", () => {
  assert.equal(
    printableText("one\ntwo\r\n[12:00:00] bob: three"),
    [
      "one",
      "    two",
      "    [12:00:00] bob: three",
    ].join("\n"),
  );
  assert.equal(printableText("a\rb"), "a␍b");
});
