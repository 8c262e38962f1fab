import assert from "node:assert/strict";
import { z } from "zod";
import { DEVICE_ID_BYTES_MAX, TOKEN_CHARS_MAX } from "../limits.ts";
import { deviceId, signInMembers, signInOptions, tokenText } from "./sign_in_params.ts";

Deno.test("signInOptions() keeps what was asked for, and asks for the object form with it", () => {
  const nothing = { device: undefined, window: undefined, receipts: undefined, start: undefined };
  assert.deepEqual(signInOptions(nothing), { rich: false });
  assert.deepEqual(signInOptions({ ...nothing, receipts: false }), { receipts: false, rich: true });
  const all = { device: "phone", window: 1, receipts: true, start: "newest" } as const;
  assert.deepEqual(signInOptions(all), { ...all, rich: true });
});

Deno.test("deviceId brings an id into its normal form and refuses what cannot be one", () => {
  assert.equal(deviceId.parse("Cafe\u0301"), "Caf\u00e9");
  assert.equal(deviceId.parse("__proto__"), "__proto__");
  assert.ok(deviceId.safeParse("d".repeat(DEVICE_ID_BYTES_MAX)).success);
  for (const value of ["", "a b", "d".repeat(DEVICE_ID_BYTES_MAX + 1), 5]) {
    assert.ok(!deviceId.safeParse(value).success);
  }
});

Deno.test("tokenText() takes a token up to the limit and none past it", () => {
  const token = tokenText("A token");
  assert.ok(token.safeParse("t".repeat(TOKEN_CHARS_MAX)).success);
  assert.ok(!token.safeParse("t".repeat(TOKEN_CHARS_MAX + 1)).success);
});

Deno.test("signInMembers has nothing that a sign-in must have", () => {
  assert.deepEqual(z.object(signInMembers).parse({}), {});
});
