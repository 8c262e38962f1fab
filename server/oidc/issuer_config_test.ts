import assert from "node:assert/strict";
import { assertIssuerConfig, googleIssuer, isIssuerName } from "./issuer_config.ts";

Deno.test("isIssuerName() accepts what can begin a user id", () => {
  for (const name of ["a", "7", "google", "my-issuer-2", "x".repeat(32)]) {
    assert.equal(isIssuerName(name), true, name);
  }
  for (const name of ["", "-a", "A", "a b", "a:b", "a_b", "ä", "a\n", "x".repeat(33)]) {
    assert.equal(isIssuerName(name), false, name);
  }
});

Deno.test("googleIssuer() knows the two names of Google, and one of what stands for it", () => {
  assert.deepEqual(googleIssuer(["app"]), {
    name: "google",
    issuer: "https://accounts.google.com",
    audiences: ["app"],
    aliases: ["accounts.google.com"],
    emailRequired: true,
  });
  const stand = googleIssuer(["app"], "http://127.0.0.1:1");
  assert.deepEqual([stand.issuer, stand.aliases], ["http://127.0.0.1:1", []]);
});

Deno.test("assertIssuerConfig() refuses what nobody could sign in with", () => {
  const valid = { name: "corp", issuer: "https://id.example.org", audiences: ["app"] };
  assertIssuerConfig(valid);
  const wrong = [
    { name: "Corp" },
    { issuer: "http://id.example.org" },
    { issuer: "id.example.org" },
    { audiences: [] },
    { audiences: ["app", ""] },
  ];
  for (const part of wrong) {
    assert.throws(() => assertIssuerConfig({ ...valid, ...part }), TypeError);
  }
});
