import assert from "node:assert/strict";
import { TRACE } from "../fake_server_admin.ts";
import { messageIdOf, traceJson, traceLines } from "./trace_command.ts";

Deno.test("traceLines() shows every step with its time and its device", () => {
  assert.deepEqual(traceLines({ ...TRACE, leftOut: 3 }), [
    "message  01JD8Z00000000000000000000",
    "from     ann",
    "to       bob",
    "expires  1970-01-01T00:01:40.000Z",
    "",
    "TIME                      MS     STEP           USER  DEVICE  DETAIL",
    "1970-01-01T00:00:01.000Z  0      accepted",
    "1970-01-01T00:00:01.003Z  3      committed",
    "1970-01-01T00:00:01.004Z  4      written        bob   phone",
    "1970-01-01T00:00:06.004Z  5004   push sent      bob   phone   fcm",
    "1970-01-01T00:00:06.104Z  5104   push answered  bob   phone   fcm: rejected: Wrong topic",
    "1970-01-01T00:01:01.004Z  60004  written        bob   phone   redelivery 1",
    "1970-01-01T00:01:01.010Z  60010  acknowledged   bob   phone",
    "and 3 steps in the middle that were not kept",
  ]);
});

Deno.test("traceJson() has times as RFC 3339 and since the message was accepted", () => {
  const json = JSON.parse(JSON.stringify(traceJson(TRACE)));
  assert.deepEqual({ ...json, steps: undefined }, {
    id: TRACE.id,
    from: "ann",
    to: "bob",
    expires: "1970-01-01T00:01:40.000Z",
    steps: undefined,
  });
  assert.equal(json.steps.length, TRACE.steps.length);
  assert.deepEqual(json.steps[4], {
    ...{ step: "push_answered", time: "1970-01-01T00:00:06.104Z", ms: 5104 },
    ...{ user: "bob", device: "phone", provider: "fcm" },
    ...{ answer: "rejected", reason: "Wrong topic" },
  });
});

Deno.test("messageIdOf() takes an id as it was pasted, and nothing else", () => {
  assert.equal(messageIdOf(` ${TRACE.id.toLowerCase()}\n`), TRACE.id);
  for (const text of ["", "bob", `${TRACE.id}0`]) {
    assert.throws(() => messageIdOf(text), /^CommandError: Argument <id> must be the id of a/);
  }
});
