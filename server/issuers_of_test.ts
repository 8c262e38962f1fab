import assert from "node:assert/strict";
import { readConfig } from "./config.ts";
import { issuersOf } from "./issuers_of.ts";

Deno.test("issuersOf() has Google where there is a client id, and all others", () => {
  assert.deepEqual(issuersOf(readConfig(() => undefined)), []);
  const env = new Map([["GOOGLE_CLIENT_ID", "app"]]);
  const oidc = [{ name: "corp", issuer: "https://id.example", audiences: ["a"] }];
  const issuers = issuersOf({ ...readConfig((name) => env.get(name)), oidc });
  assert.deepEqual(issuers.map(({ name }) => name), ["google", "corp"]);
});
