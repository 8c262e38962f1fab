import assert from "node:assert/strict";
import { assertPublic, type Endpoint, EndpointError, readEndpoint } from "./endpoint.ts";

const NONE: ReadonlySet<string> = new Set();

Deno.test("readEndpoint() takes an https URL apart", () => {
  const cases: [string, Endpoint][] = [
    ["https://push.example/send/a?b=c#d", {
      origin: "https://push.example",
      host: "push.example",
      port: 443,
      path: "/send/a?b=c",
      isAllowed: false,
    }],
    ["https://PUSH.example:8443", {
      origin: "https://push.example:8443",
      host: "push.example",
      port: 8443,
      path: "/",
      isAllowed: false,
    }],
    ["https://8.8.8.8/a", {
      origin: "https://8.8.8.8",
      host: "8.8.8.8",
      port: 443,
      path: "/a",
      isAllowed: false,
    }],
    ["https://[2a00:1450::1]:444/a", {
      origin: "https://[2a00:1450::1]:444",
      host: "2a00:1450::1",
      port: 444,
      path: "/a",
      isAllowed: false,
    }],
  ];
  for (const [text, endpoint] of cases) assert.deepEqual(readEndpoint(text, NONE), endpoint);
});

Deno.test("readEndpoint() refuses what is no https URL", () => {
  for (
    const text of ["", "push.example", "http://push.example/a", "wss://push.example", "https://"]
  ) {
    assertRefused(() => readEndpoint(text, NONE), "Endpoint must be an https URL");
  }
});

Deno.test("readEndpoint() refuses a user or password, also of a host that is allowed", () => {
  for (
    const text of [
      "https://u@push.example/",
      "https://u:p@push.example/",
      "https://:p@push.example",
    ]
  ) {
    const refusal = "Endpoint must not hold a user or password";
    assertRefused(() => readEndpoint(text, new Set(["https://push.example"])), refusal);
  }
});

Deno.test("readEndpoint() refuses an address that is not public, however it is written", () => {
  const hosts = [
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f.1",
    "0177.0.0.1",
    "①②⑦.0.0.1",
    "127.0.0.1.",
    "10.0.0.1:8443",
    "169.254.169.254",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:a00:1]",
    "[fd00::1]",
    "[fe80::1]",
    "[64:ff9b::10.0.0.1]",
  ];
  const refusal = "Endpoint must have a public host: an address of it is not";
  for (const host of hosts) assertRefused(() => readEndpoint(`https://${host}/a`, NONE), refusal);
});

Deno.test("readEndpoint() lets an origin pass that is allowed by name, and no other", () => {
  const allowed = new Set(["https://127.0.0.1:8443", "https://[::1]"]);
  assert.equal(readEndpoint("https://127.1:8443/a", allowed).isAllowed, true);
  assert.deepEqual(readEndpoint("https://[::1]:443/", allowed).host, "::1");
  assertRefused(() => readEndpoint("https://127.0.0.2:8443/", allowed));
  assert.equal(readEndpoint("https://127.0.0.1.push.example:8443/", allowed).isAllowed, false);
  // A port of an allowed host is not another one.
  assertRefused(() => readEndpoint("https://127.0.0.1/", allowed));
  assertRefused(() => readEndpoint("https://[::1]:8443/", allowed));
});

Deno.test("assertPublic() refuses a host as soon as one of its addresses is not public", () => {
  assertPublic([]);
  assertPublic(["8.8.8.8", "2a00:1450::1"]);
  assertRefused(() => assertPublic(["8.8.8.8", "10.0.0.1"]));
  assertRefused(() => assertPublic(["8.8.8.8", "::1"]));
  assertRefused(() => assertPublic(["push.example"]));
});

/** Checks that something is refused, in words that hold nothing of what the client gave. */
function assertRefused(call: () => unknown, message?: string): void {
  assert.throws(call, (error) => {
    assert.ok(error instanceof EndpointError);
    if (message !== undefined) assert.equal(error.message, message);
    return true;
  });
}
