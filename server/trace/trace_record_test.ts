import assert from "node:assert/strict";
import { TRACE_STEPS_MAX } from "../../limits.ts";
import { entryOf } from "./fake_entry.ts";
import { TraceRecord } from "./trace_record.ts";

const WHO = { user: "bob", device: "phone" };

Deno.test("TraceRecord.toTrace() tells the steps in their order, and nothing of the text", () => {
  const record = new TraceRecord(entryOf({ body: '{"message":"secret"}', time: 5 }), 8);
  record.add({ step: "written", at: 9, ...WHO, redelivered: 0 });
  record.add({ step: "acknowledged", at: 10, ...WHO });
  assert.deepEqual(record.toTrace(11), {
    id: "01JD8Z00000000000000000000",
    sender: "ann",
    to: "bob",
    expires: 3_600_000,
    steps: [
      { step: "accepted", at: 5 },
      { step: "committed", at: 8 },
      { step: "written", at: 9, ...WHO, redelivered: 0 },
      { step: "acknowledged", at: 10, ...WHO },
    ],
    leftOut: 0,
  });
});

Deno.test("TraceRecord.toTrace() says expired of what nobody acknowledged in time", () => {
  const record = new TraceRecord(entryOf({ expires: 100 }), 1);
  record.add({ step: "written", at: 2, ...WHO, redelivered: 0 });
  assert.deepEqual(record.toTrace(99).steps.at(-1)?.step, "written");
  assert.deepEqual(record.toTrace(100).steps.at(-1), { step: "expired", at: 100 });
  record.add({ step: "acknowledged", at: 101, ...WHO });
  assert.deepEqual(record.toTrace(102).steps.at(-1)?.step, "acknowledged");
});

Deno.test("TraceRecord keeps so many steps and counts those past them", () => {
  const record = new TraceRecord(entryOf({ expires: 100 }), 1);
  const written = { step: "written" as const, at: 2, ...WHO, redelivered: 0 };
  for (let n = 0; n < TRACE_STEPS_MAX; n++) record.add(written);
  assert.equal(record.toTrace(3).leftOut, 0);
  const { bytes } = record;
  record.add({ step: "acknowledged", at: 3, ...WHO });
  const { steps, leftOut } = record.toTrace(200);
  assert.deepEqual([steps.length, leftOut], [TRACE_STEPS_MAX + 2, 1]);
  assert.equal(record.bytes, bytes);
});

Deno.test("TraceRecord.isDone() says whether this device has acknowledged it", () => {
  const record = new TraceRecord(entryOf(), 1);
  record.add({ step: "acknowledged", at: 3, ...WHO });
  assert.equal(record.isDone("bob", "phone"), true);
  assert.equal(record.isDone("bob", "tablet"), false);
  assert.equal(record.isDone("ann", "phone"), false);
});
