import assert from "node:assert/strict";
import { RecentIds } from "./recent_ids.ts";

Deno.test("RecentIds forgets the oldest", () => {
  const ids = new RecentIds(2);
  for (const id of ["a", "b", "c"]) ids.add(id);
  assert.deepEqual(["a", "b", "c"].map((id) => ids.has(id)), [false, true, true]);
});

Deno.test("RecentIds counts an id once", () => {
  const ids = new RecentIds(2);
  for (const id of ["a", "b", "b", "b"]) ids.add(id);
  assert.equal(ids.has("a"), true);
});
