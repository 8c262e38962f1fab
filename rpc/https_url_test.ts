import assert from "node:assert/strict";
import { URL_CHARS_MAX } from "../limits.ts";
import { httpsUrl, parseHttpsUrl } from "./https_url.ts";

const url = httpsUrl("A picture");

Deno.test("httpsUrl() brings a URL into its normal form", () => {
  const cases = [
    ["https://example.org/a.png", "https://example.org/a.png"],
    ["HTTPS://Example.ORG:443", "https://example.org/"],
    ["https://example.org/a/../b?q=1#f", "https://example.org/b?q=1#f"],
    ["https://example.org/\u00fc", "https://example.org/%C3%BC"],
  ];
  for (const [given = "", normal] of cases) {
    assert.equal(url.parse(given), normal);
    assert.equal(parseHttpsUrl(given), normal);
  }
});

Deno.test("httpsUrl() refuses every other address", () => {
  const refused = [
    "",
    "example.org",
    "/a.png",
    "http://example.org/",
    "javascript:alert(1)",
    "data:image/png;base64,AA",
    "https://",
    "https://user@example.org/",
    "https://:secret@example.org/",
    " https://example.org/",
    "https://example.org/a b",
    "https://exam\nple.org/",
    "https://example.org/\ud800",
  ];
  for (const value of refused) {
    assert.ok(!url.safeParse(value).success, value);
    assert.equal(parseHttpsUrl(value), undefined);
  }
});

Deno.test("httpsUrl() takes a URL up to the limit, as given and in normal form", () => {
  const start = "https://example.org/";
  const longest = start + "x".repeat(URL_CHARS_MAX - start.length);
  assert.equal(url.parse(longest), longest);
  assert.ok(!url.safeParse(longest + "x").success);
  // Each of these becomes six characters.
  assert.ok(!url.safeParse(start + "\u00fc".repeat(URL_CHARS_MAX / 4)).success);
});
