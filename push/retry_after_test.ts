import assert from "node:assert/strict";
import { readRetryAfter } from "./retry_after.ts";

const NOW = Date.UTC(2026, 10, 23, 12);

Deno.test("readRetryAfter() reads seconds and dates", () => {
  assert.equal(readRetryAfter("0", NOW), 0);
  assert.equal(readRetryAfter(" 120 ", NOW), 120_000);
  assert.equal(readRetryAfter("Mon, 23 Nov 2026 12:00:30 GMT", NOW), 30_000);
});

Deno.test("readRetryAfter() takes a time that is past for now", () => {
  assert.equal(readRetryAfter("Mon, 23 Nov 2026 11:59:00 GMT", NOW), 0);
});

Deno.test("readRetryAfter() reads no time where there is none", () => {
  const none = ["", "soon", "-5", "1e3", "0x10", "1.5", "9".repeat(10), "2026-11-23T12:00:30Z"];
  for (const value of [...none, "Foo, 99 Bar 2026 12:00:00 GMT", null, undefined]) {
    assert.equal(readRetryAfter(value, NOW), undefined, `${value}`);
  }
});
