import assert from "node:assert/strict";
import fc from "fast-check";
import { createIsoTime, isoTimeOf } from "./iso_time.ts";

Deno.test("createIsoTime() writes what Date writes", () => {
  const isoTime = createIsoTime();
  const moments = fc.integer({ min: -1e13, max: 1e15 });
  const steps = fc.array(fc.integer({ min: 0, max: 70_000 }), { maxLength: 5 });
  fc.assert(fc.property(moments, steps, (start, more) => {
    let ms = start;
    for (const step of [0, 0, ...more]) {
      ms += step;
      assert.equal(isoTime(ms), new Date(ms).toISOString());
    }
  }));
});

Deno.test("createIsoTime() starts with a formatter that knows 1970", () => {
  assert.equal(createIsoTime()(0), "1970-01-01T00:00:00.000Z");
  assert.equal(createIsoTime()(1), "1970-01-01T00:00:00.001Z");
});

Deno.test("isoTimeOf() writes RFC 3339 in UTC, with milliseconds", () => {
  assert.equal(isoTimeOf(Date.UTC(2026, 10, 22, 16) + 7), "2026-11-22T16:00:00.007Z");
});
