import assert from "node:assert/strict";
import { cursorState, mayBeOwed, setReach, storedCursor } from "./cursor.ts";

const state = { position: 2, sent: 3, live: true };

Deno.test("cursorState() is what storedCursor() takes back", () => {
  const reach = { provider: "web", upTo: 1, at: 2 } as const;
  for (const one of [{ ...state, reach: undefined }, { ...state, reach }]) {
    assert.deepEqual(cursorState(storedCursor("phone", one)), one);
  }
});

Deno.test("setReach() keeps what pushes spoke for when another service takes over, and forgets it with the last", () => {
  const cursor = storedCursor("phone", state);
  assert.equal(setReach(cursor, null), false);
  assert.equal(setReach(cursor, "fcm"), true);
  assert.deepEqual(cursor.reach, { provider: "fcm", upTo: 0, at: 0 });
  cursor.reach = { provider: "fcm", upTo: 7, at: 8 };
  assert.equal(setReach(cursor, "fcm"), false);
  assert.equal(setReach(cursor, "apns"), true);
  assert.deepEqual(cursor.reach, { provider: "apns", upTo: 7, at: 8 });
  assert.equal(setReach(cursor, null), true);
  assert.equal(cursor.reach, undefined);
});

Deno.test("mayBeOwed() asks for what the device has not read and no push spoke for", () => {
  const reach = { provider: "fcm", upTo: 4, at: 0 } as const;
  assert.equal(mayBeOwed({ ...state, reach }, 5), true);
  assert.equal(mayBeOwed({ ...state, reach }, 4), false);
  assert.equal(mayBeOwed({ ...state, position: 5, reach }, 5), false);
  assert.equal(mayBeOwed(state, 5), false);
});

Deno.test("setReach() forgets what pushes to another address spoke for, and not when", () => {
  for (const provider of ["fcm", "web"] as const) {
    const cursor = storedCursor("phone", { ...state, reach: { provider: "fcm", upTo: 7, at: 8 } });
    assert.equal(setReach(cursor, provider, true), true);
    assert.deepEqual(cursor.reach, { provider, upTo: 0, at: 8 });
  }
});
