import assert from "node:assert/strict";
import type { IncomingMessage } from "node:http";
import { readHead, toRequest } from "./node_http.ts";

interface Head {
  readonly method?: string;
  readonly url?: string;
  readonly headers?: readonly (readonly [string, string])[];
}

/** The head of a message; nothing else of it is read here. */
function messageOf({ method = "GET", url = "/", headers = [["Host", "a.test"]] }: Head) {
  const byName = Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value]));
  const rawHeaders = headers.flat();
  const socket = { localAddress: "127.0.0.1" };
  return { method, url, headers: byName, rawHeaders, socket } as unknown as IncomingMessage;
}

function urlOf(url: string, host?: string): string | undefined {
  const headers = host === undefined ? [] : [["Host", host]] as const;
  return readHead(messageOf({ url, headers }))?.url.href;
}

Deno.test("readHead() makes a URL of every form of target (RFC 9112 §3.2)", () => {
  assert.equal(urlOf("/a/b?c=d", "titan.test:3000"), "http://titan.test:3000/a/b?c=d");
  assert.equal(urlOf("//evil.test/a", "titan.test"), "http://titan.test//evil.test/a");
  assert.equal(urlOf("http://other.test/a", "titan.test"), "http://other.test/a");
  assert.equal(urlOf("*", "titan.test"), "http://titan.test/*");
  assert.equal(urlOf("/", "[::1]:3000"), "http://[::1]:3000/");
  assert.equal(urlOf("/"), "http://127.0.0.1/");
});

Deno.test("readHead() refuses a target or a host that makes no URL", () => {
  for (const host of ["a b", "user@a", "a/b", "a?b", "a#b", "a:99999", "[::1", "a\\b", ""]) {
    assert.equal(urlOf("/", host), undefined, host);
  }
  for (const url of ["a", "", "ftp://a/", "http://", "a.test:443"]) {
    assert.equal(urlOf(url, "titan.test"), undefined, url);
  }
});

Deno.test("readHead() keeps headers that come more than once", () => {
  const headers = [["Host", "a.test"], ["X-Many", "1"], ["x-many", "2"]] as const;
  assert.equal(readHead(messageOf({ headers }))?.headers.get("x-many"), "1, 2");
});

Deno.test("toRequest() makes no request of a method that none may have", () => {
  const { signal } = new AbortController();
  for (const [method, isPossible] of [["DELETE", true], ["TRACE", false]] as const) {
    const message = messageOf({ method });
    const head = readHead(message);
    assert.ok(head !== null);
    assert.equal(toRequest(message, head, signal) !== null, isPossible, method);
  }
});
