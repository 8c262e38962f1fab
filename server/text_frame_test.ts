import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { textFrameBytes, TextFrameEncoder } from "./text_frame.ts";

function encode(...texts: string[]): Buffer {
  return Buffer.from(new TextFrameEncoder().encode(texts));
}

Deno.test("TextFrameEncoder writes the RFC's own example (§5.7)", () => {
  assert.equal(encode("Hello").toString("hex"), "810548656c6c6f");
});

Deno.test("TextFrameEncoder writes each length in its shortest form", () => {
  const heads = [
    [0, "8100"],
    [125, "817d"],
    [126, "817e007e"],
    [65_535, "817effff"],
    [65_536, "817f0000000000010000"],
    [300_000, "817f00000000000493e0"],
  ] as const;
  for (const [length, head] of heads) {
    const frame = encode("x".repeat(length));
    assert.equal(frame.subarray(0, head.length / 2).toString("hex"), head);
    assert.equal(frame.length, head.length / 2 + length);
    assert.equal(frame.subarray(head.length / 2).toString(), "x".repeat(length));
    assert.equal(textFrameBytes("x".repeat(length)), frame.length);
  }
});

Deno.test("TextFrameEncoder counts bytes, not characters", () => {
  for (const [text, head] of [["é".repeat(63), "817e007e"], ["é".repeat(62), "817c"]] as const) {
    const frame = encode(text);
    assert.equal(frame.subarray(0, head.length / 2).toString("hex"), head);
    assert.equal(frame.subarray(head.length / 2).toString(), text);
    assert.equal(textFrameBytes(text), frame.length);
  }
  const long = encode("語".repeat(21_846));
  assert.equal(long.subarray(0, 10).toString("hex"), "817f0000000000010002");
});

Deno.test("TextFrameEncoder replaces a lone surrogate, which UTF-8 cannot hold", () => {
  assert.equal(encode("\ud800").subarray(2).toString(), "\ufffd");
});

Deno.test("TextFrameEncoder puts frames behind each other, long and short ones", () => {
  const texts = [
    "a",
    "é".repeat(50),
    "",
    "語".repeat(30_000),
    "b".repeat(40_000),
    "c".repeat(21_000),
  ];
  const alone = texts.map((text) => encode(text));
  for (const order of [texts, texts.toReversed()]) {
    const expected = Buffer.concat(order.map((text) => alone[texts.indexOf(text)] ?? Buffer.of()));
    assert.equal(encode(...order).compare(expected), 0);
  }
});

Deno.test("TextFrameEncoder keeps what it gave when it encodes the next", () => {
  const encoder = new TextFrameEncoder();
  const first = encoder.encode(["first"]);
  encoder.encode(["other"]);
  assert.equal(Buffer.from(first).subarray(2).toString(), "first");
});
