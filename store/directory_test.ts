import assert from "node:assert/strict";
import { isSamePush, type PushAddress } from "./directory.ts";

const PUSH: PushAddress = { provider: "fcm", token: "t", registered: 1 };

Deno.test("isSamePush() compares who sends and the token, and nothing else", () => {
  assert.ok(isSamePush(PUSH, { ...PUSH, registered: 2, topic: "x" }));
  assert.ok(!isSamePush(PUSH, { ...PUSH, provider: "web" }));
  assert.ok(!isSamePush(PUSH, { ...PUSH, token: "T" }));
  assert.ok(!isSamePush(PUSH, undefined));
  assert.ok(isSamePush(undefined, undefined));
});
