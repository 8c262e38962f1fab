import assert from "node:assert/strict";
import { CommandError } from "./exit.ts";
import { serverUrl } from "./server_url.ts";

Deno.test("serverUrl() is where the configuration listens, on this machine", () => {
  const cases = [
    ["127.0.0.1", "http://127.0.0.1:3000/"],
    ["0.0.0.0", "http://127.0.0.1:3000/"],
    ["::", "http://[::1]:3000/"],
    ["chat.example.org", "http://chat.example.org:3000/"],
  ] as const;
  for (const [host, expected] of cases) {
    assert.equal(serverUrl(() => ({ host, port: 3000 }), undefined, "http").href, expected);
  }
});

Deno.test("serverUrl() takes what was given in every scheme, and does not ask further", () => {
  const url = (given: string, scheme: "http" | "ws") => serverUrl(unused, given, scheme).href;
  assert.equal(url("ws://a:1", "http"), "http://a:1/");
  assert.equal(url("wss://a", "http"), "https://a/");
  assert.equal(url("https://a/b?c#d", "ws"), "wss://a/b?c");
  assert.equal(url("http://a", "ws"), "ws://a/");
});

Deno.test("serverUrl() refuses what is no URL of a server, and a port that nobody knows", () => {
  for (const given of ["", "a:b:c", "ftp://a", "127.0.0.1:3000", "/tmp"]) {
    assert.throws(
      () => serverUrl(unused, given, "http"),
      (error) =>
        error instanceof CommandError && error.exitCode === 2 &&
        error.message.startsWith("Option --url must be as http://127.0.0.1:3000: it is "),
    );
  }
  assert.throws(
    () => serverUrl(() => ({ host: "127.0.0.1", port: 0 }), undefined, "ws"),
    /^CommandError: Option --url is needed where PORT is 0$/,
  );
});

function unused(): never {
  throw new Error("The configuration is not asked");
}
