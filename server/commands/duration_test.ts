import assert from "node:assert/strict";
import { parseDuration } from "./duration.ts";

const read = (text: string) => parseDuration(text, 1_000_000_000);

Deno.test("parseDuration() reads seconds with and without a unit", () => {
  assert.equal(read("3600"), 3600);
  assert.equal(read("60s"), 60);
  assert.equal(read("15m"), 900);
  assert.equal(read("12h"), 43_200);
  assert.equal(read("30d"), 2_592_000);
});

Deno.test("parseDuration() refuses what is no time", () => {
  for (
    const text of ["", "0", "0d", "-1", "1.5h", "1w", "1hour", "h", " 1", "1 h", "1h30m", "1e3"]
  ) {
    assert.equal(read(text), undefined, text);
  }
});

Deno.test("parseDuration() takes times up to a limit", () => {
  assert.equal(parseDuration("2m", 120), 120);
  assert.equal(parseDuration("121", 120), undefined);
  assert.equal(parseDuration("9".repeat(400), 120), undefined);
});
