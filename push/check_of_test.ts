import assert from "node:assert/strict";
import { checkOf } from "./check_of.ts";

Deno.test("checkOf() finds the credentials good where only the device is wrong", () => {
  assert.deepEqual(checkOf({ kind: "rejected", reason: "No such token" }), { kind: "accepted" });
  assert.deepEqual(checkOf({ kind: "unregistered", since: 5 }), { kind: "accepted" });
  assert.deepEqual(checkOf({ kind: "accepted", id: "x" }), { kind: "accepted" });
});

Deno.test("checkOf() repeats why a service took no credentials, or gave no answer", () => {
  const reason = "Status 403";
  const check = { kind: "misconfigured", reason } as const;
  assert.deepEqual(checkOf(check), check);
  assert.deepEqual(checkOf({ kind: "retry", reason, afterMs: 5 }), { kind: "retry", reason });
});
