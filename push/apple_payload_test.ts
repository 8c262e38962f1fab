import assert from "node:assert/strict";
import { applePayload } from "./apple_payload.ts";

Deno.test("applePayload() shows sender and text, with a sound where it is urgent", () => {
  const content = { badge: 2, fetch: false, sender: "ann@x.test", text: "Hi" };
  const aps = { alert: { title: "ann@x.test", body: "Hi" }, badge: 2, "mutable-content": 1 };
  const titan = { sender: "ann@x.test" };
  assert.deepEqual(applePayload(content, false), { aps, titan });
  assert.deepEqual(applePayload(content, true), { aps: { ...aps, sound: "default" }, titan });
});

Deno.test("applePayload() names a text of the application where there is none to tell", () => {
  assert.deepEqual(applePayload({ badge: 0, fetch: false }, false), {
    aps: { alert: { "loc-key": "TITAN_MESSAGE" }, badge: 0, "mutable-content": 1 },
    titan: {},
  });
});

Deno.test("applePayload() wakes the application where it has something to do", () => {
  const toFetch = applePayload({ badge: 1, fetch: true }, false);
  assert.equal(toFetch.aps["content-available"], 1);
  assert.deepEqual(toFetch.titan, { fetch: true });
  const test = applePayload({ badge: 1, fetch: false, nonce: "n1" }, false);
  assert.equal(test.aps["content-available"], 1);
  assert.deepEqual(test.titan, { nonce: "n1" });
});
