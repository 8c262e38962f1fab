import assert from "node:assert/strict";
import { deviceArgument, receiverArgument, userArgument } from "./arguments.ts";
import { CommandError } from "./exit.ts";

/** Expects wrong usage and answers what is said of it. */
function refusal(read: () => string): string {
  try {
    read();
  } catch (error) {
    assert.ok(error instanceof CommandError);
    assert.equal(error.exitCode, 2);
    return error.message;
  }
  assert.fail("expected a refusal");
}

Deno.test("userArgument() brings an id into its normal form", () => {
  assert.equal(userArgument("Alice"), "alice");
});

Deno.test("userArgument() refuses what is no id", () => {
  assert.equal(refusal(() => userArgument("a b")), '"a b" cannot be a user id');
  assert.equal(refusal(() => userArgument("")), '"" cannot be a user id');
});

Deno.test("userArgument() keeps the bot's name to the bot", () => {
  assert.match(refusal(() => userArgument("Echo")), /bot/);
  assert.equal(receiverArgument("Echo"), "echo");
});

Deno.test("deviceArgument() brings an id into its normal form", () => {
  assert.equal(deviceArgument("Pho\u0301ne"), "Ph\u00f3ne");
});

Deno.test("deviceArgument() refuses what is no id", () => {
  assert.equal(refusal(() => deviceArgument("a b")), '"a b" cannot be a device id');
  assert.equal(refusal(() => deviceArgument("")), '"" cannot be a device id');
});
