import assert from "node:assert/strict";
import { cutText, isLongerThan } from "./utf8_text.ts";

Deno.test("isLongerThan() counts UTF-8 bytes, exact at the limit", () => {
  for (const [unit, bytes] of [["a", 1], ["é", 2], ["€", 3], ["😀", 4]] as const) {
    const text = unit.repeat(10);
    assert.equal(isLongerThan(text, 10 * bytes), false, unit);
    assert.equal(isLongerThan(text, 10 * bytes - 1), true, unit);
  }
});

Deno.test("isLongerThan() counts a lone surrogate as what it is sent as", () => {
  assert.equal(isLongerThan("\ud800", 3), false);
  assert.equal(isLongerThan("\ud800", 2), true);
});

Deno.test("cutText() leaves alone what fits", () => {
  assert.equal(cutText("née", 4), "née");
  assert.equal(cutText("", 0), "");
});

Deno.test("cutText() never splits a character", () => {
  assert.equal(cutText("née", 3), "né");
  assert.equal(cutText("née", 2), "n");
  assert.equal(cutText("a😀b", 4), "a");
  assert.equal(cutText("a😀b", 5), "a😀");
});
