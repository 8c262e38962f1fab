import assert from "node:assert/strict";
import { discoveryUrl, isIssuerUrl, isKeysUrl, mayHaveKeysAt } from "./issuer_url.ts";

const LOOPBACK = [
  "http://127.0.0.1:80/a",
  "http://127.9.8.7",
  "http://localhost:3000",
  "http://[::1]:8080",
];

const WRONG = [
  "",
  "accounts.example.org",
  "/keys",
  "http://example.org",
  "http://127.0.0.1.example.org",
  "http://localhost.example.org",
  "http://192.168.0.1",
  "http://[::2]",
  "ftp://example.org",
  "file:///etc/passwd",
  "data:application/json,{}",
  "https://ann:secret@example.org",
  "https://ann@example.org",
];

Deno.test("isIssuerUrl() accepts https, and http on loopback", () => {
  for (const url of ["https://example.org", "https://example.org/a/", ...LOOPBACK]) {
    assert.equal(isIssuerUrl(url), true, url);
  }
  for (const url of [...WRONG, "https://example.org/?a", "https://example.org/#a"]) {
    assert.equal(isIssuerUrl(url), false, url);
  }
});

Deno.test("isKeysUrl() accepts https, and http on loopback", () => {
  for (const url of ["https://example.org/keys?version=1", ...LOOPBACK]) {
    assert.equal(isKeysUrl(url), true, url);
  }
  for (const url of WRONG) assert.equal(isKeysUrl(url), false, url);
});

Deno.test("mayHaveKeysAt() leaves loopback to issuers on loopback", () => {
  for (const url of LOOPBACK) {
    assert.equal(mayHaveKeysAt("https://example.org", url), false, url);
    assert.equal(mayHaveKeysAt("http://localhost:1", url), true, url);
  }
  assert.equal(mayHaveKeysAt("https://example.org", "https://keys.example.net/a"), true);
  assert.equal(mayHaveKeysAt("http://localhost:1", "https://keys.example.net/a"), true);
  for (const url of WRONG) assert.equal(mayHaveKeysAt("http://localhost:1", url), false, url);
});

Deno.test("discoveryUrl() takes one slash off the issuer (Discovery §4)", () => {
  const known = ".well-known/openid-configuration";
  assert.equal(discoveryUrl("https://example.org"), `https://example.org/${known}`);
  assert.equal(discoveryUrl("https://example.org/"), `https://example.org/${known}`);
  assert.equal(discoveryUrl("https://example.org/a"), `https://example.org/a/${known}`);
  assert.equal(discoveryUrl("https://example.org/a/"), `https://example.org/a/${known}`);
});
