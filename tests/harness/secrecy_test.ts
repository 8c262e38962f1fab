import assert from "node:assert/strict";
import { assertNothingTold, confide, secretsAmong } from "./secrecy.ts";

Deno.test("assertNothingTold() finds secrets, tokens and what clients said, and nothing else", () => {
  const secrets = secretsAmong({ TITAN_JWT_SECRET: "a".repeat(32), TITAN_HOST: "127.0.0.1" });
  assert.deepEqual(secrets, ["a".repeat(32)]);
  confide({
    method: "msg.send",
    params: [{ to: "somebody else", message: 'a "text" of somebody' }],
  });
  confide({ params: { push: { provider: "fcm", token: `push-${"t".repeat(200)}` } } });
  confide({ params: { token: "short" } });
  assertNothingTold('{"message":"signed in","user":"somebody else","reason":"short"}', secrets);
  for (
    const told of [
      `key ${"a".repeat(32)}`,
      JSON.stringify({ reason: 'about a "text" of somebody' }),
      `token push-${"t".repeat(200)}...`,
      "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJl",
      "authorization: Bearer 0123456789abcdef",
      "-----BEGIN PRIVATE KEY-----",
    ]
  ) assert.throws(() => assertNothingTold(told, secrets), /I8/);
});
