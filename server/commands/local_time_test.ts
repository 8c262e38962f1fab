import assert from "node:assert/strict";
import { localDateTime, localTime, localTimeShort } from "./local_time.ts";

// Made of local parts, so that the tests hold in every time zone.
const MOMENT = new Date(2026, 0, 2, 3, 4, 5).getTime();

Deno.test("localTime() and localDateTime() pad with zeros", () => {
  assert.equal(localTime(MOMENT), "03:04:05");
  assert.equal(localDateTime(MOMENT), "2026-01-02 03:04:05");
});

Deno.test("localTimeShort() has the date only of another day", () => {
  assert.equal(localTimeShort(MOMENT, new Date(2026, 0, 2, 23, 59, 59).getTime()), "03:04:05");
  const tomorrow = new Date(2026, 0, 3).getTime();
  assert.equal(localTimeShort(MOMENT, tomorrow), "2026-01-02 03:04:05");
});
