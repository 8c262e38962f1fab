import assert from "node:assert/strict";
import { TRACE } from "./fake_server_admin.ts";
import { traceQuerySchema, traceSchema } from "./trace_schema.ts";

Deno.test("traceSchema takes a trace as it is, and no step that it does not know", () => {
  assert.deepEqual(traceSchema.parse(JSON.parse(JSON.stringify(TRACE))), TRACE);
  const wrong = { ...TRACE, steps: [{ step: "read", at: 1 }] };
  assert.equal(traceSchema.safeParse(wrong).success, false);
  assert.equal(traceSchema.safeParse({ ...TRACE, leftOut: -1 }).success, false);
});

Deno.test("traceQuerySchema takes what can be the id of a message", () => {
  assert.equal(traceQuerySchema.safeParse({ id: TRACE.id }).success, true);
  for (const id of [undefined, "", `${TRACE.id}0`]) {
    assert.equal(traceQuerySchema.safeParse({ id }).success, false);
  }
});
