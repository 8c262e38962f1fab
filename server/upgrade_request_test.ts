import assert from "node:assert/strict";
import { assertOffered, refuseMalformed, wantsWebSocket } from "./upgrade_request.ts";

const GOOD = {
  "connection": "keep-alive, Upgrade",
  "upgrade": "WebSocket",
  "sec-websocket-version": "13",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
};

function statusOf(changes: Record<string, string | null>, method = "GET"): number | undefined {
  const headers = new Headers(GOOD);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) headers.delete(name);
    else headers.set(name, value);
  }
  return refuseMalformed(method, headers)?.status;
}

Deno.test("wantsWebSocket() reads both headers as lists without case", () => {
  assert.equal(wantsWebSocket(new Headers(GOOD)), true);
  assert.equal(wantsWebSocket(new Headers({ ...GOOD, upgrade: "h2c, websocket" })), true);
});

Deno.test("wantsWebSocket() leaves everything else to HTTP", () => {
  assert.equal(wantsWebSocket(new Headers()), false);
  assert.equal(wantsWebSocket(new Headers({ ...GOOD, upgrade: "h2c" })), false);
  assert.equal(wantsWebSocket(new Headers({ ...GOOD, upgrade: "websockets" })), false);
  assert.equal(wantsWebSocket(new Headers({ ...GOOD, connection: "keep-alive" })), false);
  assert.equal(wantsWebSocket(new Headers({ upgrade: "websocket" })), false);
});

Deno.test("refuseMalformed() lets a well-formed handshake pass", () => {
  assert.equal(statusOf({}), undefined);
  assert.equal(statusOf({ "sec-websocket-protocol": "titan,bearer.a-b_c.d , x" }), undefined);
});

Deno.test("refuseMalformed() names the version it wants, as RFC 6455 §4.4 asks", () => {
  for (const version of ["8", "14", "013", "13, 8", null]) {
    assert.equal(statusOf({ "sec-websocket-version": version }), 426, `${version}`);
  }
  const response = refuseMalformed("GET", new Headers());
  assert.equal(response?.headers.get("sec-websocket-version"), "13");
});

Deno.test("refuseMalformed() answers 400 to a wrong method, key or list of subprotocols", () => {
  assert.equal(statusOf({}, "POST"), 400);
  for (const key of [null, "", "dGhlIHNhbXBsZQ==", "dGhlIHNhbXBsZSBub25jZQ=", "x".repeat(24)]) {
    assert.equal(statusOf({ "sec-websocket-key": key }), 400, `${key}`);
  }
  for (const list of ["", "a,", "a b", "a,a", 'a"', "a;b"]) {
    assert.equal(statusOf({ "sec-websocket-protocol": list }), 400, list);
  }
});

Deno.test("assertOffered() throws where the client did not offer the subprotocol", () => {
  const headers = new Headers({ "sec-websocket-protocol": "bearer.x,titan" });
  assertOffered(headers, "titan");
  assert.throws(() => assertOffered(headers, "tit"), TypeError);
  assert.throws(() => assertOffered(new Headers(), "titan"), {
    message: 'Cannot confirm subprotocol "titan": the client did not offer it',
  });
});
