import assert from "node:assert/strict";
import { applePayload } from "../apple_payload.ts";
import type { Push } from "../push.ts";
import { type ApnsRequest, apnsRequest } from "./apns_request.ts";

const NOW = Date.UTC(2026, 10, 23, 12);

const PUSH: Push = {
  target: { token: "a1b2" },
  content: { badge: 2, fetch: false, sender: "ann", text: "hello" },
  urgent: true,
  collapse: "c-1",
  expires: NOW + 60_999,
};

Deno.test("apnsRequest() has the headers that APNs asks for", () => {
  assert.deepEqual(headersOf(PUSH), {
    "apns-topic": "org.x.app",
    "apns-push-type": "alert",
    "apns-priority": "10",
    "apns-expiration": `${NOW / 1000 + 61}`,
    "apns-collapse-id": "c-1",
  });
  const other = { ...PUSH, urgent: false, target: { token: "a1b2", topic: "org.x.other" } };
  assert.equal(headersOf(other)["apns-priority"], "5");
  assert.equal(headersOf(other)["apns-topic"], "org.x.other");
  assert.equal(headersOf({ ...PUSH, expires: NOW })["apns-expiration"], "0");
  assert.equal(headersOf({ ...PUSH, expires: NOW + 1 })["apns-expiration"], `${NOW / 1000 + 1}`);
});

Deno.test("apnsRequest() has the payload of iPhones for its body", () => {
  for (const urgent of [true, false]) {
    const body = new TextDecoder().decode(requestOf({ ...PUSH, urgent }).body);
    assert.deepEqual(JSON.parse(body), applePayload(PUSH.content, urgent));
  }
});

Deno.test("apnsRequest() lets nothing into a header that is no token, topic or collapse id", () => {
  for (const bad of ["", "a b", "a\nb", "a\r\nx: y", "\u00e9", "\u0000", "\ud83e"]) {
    assert.match(reasonOf({ ...PUSH, target: { token: bad } }), /^Device token has/);
    assert.match(reasonOf({ ...PUSH, target: { token: "a", topic: bad } }), /^Topic has/);
    assert.match(reasonOf({ ...PUSH, collapse: bad }), /^Collapse id is/);
  }
  assert.match(reasonOf({ ...PUSH, collapse: "c".repeat(65) }), /^Collapse id is/);
  assert.equal(headersOf({ ...PUSH, collapse: "c".repeat(64) })["apns-collapse-id"]?.length, 64);
});

Deno.test("apnsRequest() lets no token lead to another path", () => {
  assert.equal(requestOf(PUSH).path, "/3/device/a1b2");
  for (const token of ["..", "../4", "a/b", "a?b", "a#b", "%2e%2e", "a\\b", "a;b"]) {
    assert.match(reasonOf({ ...PUSH, target: { token } }), /^Device token has/);
  }
});

Deno.test("apnsRequest() makes none of content that does not fit whatever is left out", () => {
  const content = { badge: 1, fetch: false, nonce: "n".repeat(5000) };
  assert.match(reasonOf({ ...PUSH, content }), /^Payload is too large/);
});

function requestOf(push: Push): ApnsRequest {
  const request = apnsRequest(push, "org.x.app", NOW);
  assert.ok(typeof request !== "string", "there is no request");
  return request;
}

function headersOf(push: Push): Readonly<Record<string, string>> {
  return requestOf(push).headers;
}

function reasonOf(push: Push): string {
  const request = apnsRequest(push, "org.x.app", NOW);
  assert.ok(typeof request === "string", "there is a request");
  return request;
}
