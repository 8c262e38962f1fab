import assert from "node:assert/strict";
import { BLANK } from "./blank.ts";

const blank = new RegExp(`^[${BLANK}]$`, "u");

Deno.test("BLANK holds what leaves nothing to see", () => {
  const spaces = [0x20, 0xa0, 0x1680, 0x2003, 0x2028, 0x3000];
  const formats = [0xad, 0x200b, 0x200d, 0x2060, 0x2066, 0xfeff, 0xe0020];
  const fillers = [0x115f, 0x1160, 0x3164, 0xffa0, 0x34f, 0x17b4, 0x180b, 0xfe0f, 0xe0100];
  const empty = [0x2800, 0x13441, 0x13442, 0x1d159];
  for (const code of [...spaces, ...formats, ...fillers, ...empty]) {
    assert.match(String.fromCodePoint(code), blank, code.toString(16));
  }
});

Deno.test("BLANK holds nothing that can be seen", () => {
  for (const seen of ["a", "-", "\u2801", "\uC548", "\u1100", "\u0301", "\u{1F41D}", "\u{1D15A}"]) {
    assert.doesNotMatch(seen, blank);
  }
});
