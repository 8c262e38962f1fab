import assert from "node:assert/strict";
import { encodeTextFrame } from "./text_frame.ts";

Deno.test("encodeTextFrame() writes the RFC's own example (§5.7)", () => {
  assert.equal(encodeTextFrame("Hello").toString("hex"), "810548656c6c6f");
});

Deno.test("encodeTextFrame() writes each length in its shortest form", () => {
  const heads = [
    [0, "8100"],
    [125, "817d"],
    [126, "817e007e"],
    [65_535, "817effff"],
    [65_536, "817f0000000000010000"],
    [300_000, "817f00000000000493e0"],
  ] as const;
  for (const [length, head] of heads) {
    const frame = encodeTextFrame("x".repeat(length));
    assert.equal(frame.subarray(0, head.length / 2).toString("hex"), head);
    assert.equal(frame.length, head.length / 2 + length);
    assert.equal(frame.subarray(head.length / 2).toString(), "x".repeat(length));
  }
});

Deno.test("encodeTextFrame() counts bytes, not characters", () => {
  const frame = encodeTextFrame("😀".repeat(32));
  assert.equal(frame.subarray(0, 4).toString("hex"), "817e0080");
  assert.equal(frame.subarray(4).toString(), "😀".repeat(32));
});

Deno.test("encodeTextFrame() replaces a lone surrogate, which UTF-8 cannot hold", () => {
  assert.equal(encodeTextFrame("\ud800").subarray(2).toString(), "\ufffd");
});
