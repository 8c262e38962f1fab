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

Deno.test("TraceRecord.toTrace() says expired of what only the sender's other devices have", () => {
  const record = new TraceRecord(entryOf({ expires: 100 }), 1);
  record.add({ step: "acknowledged", at: 2, user: "ann", device: "desk" });
  assert.deepEqual(record.toTrace(100).steps.at(-1), { step: "expired", at: 100 });
  const note = new TraceRecord(entryOf({ expires: 100, to: "ann" }), 1);
  note.add({ step: "acknowledged", at: 2, user: "ann", device: "desk" });
  assert.deepEqual(note.toTrace(100).steps.at(-1)?.step, "acknowledged");
});

Deno.test("TraceRecord keeps the first and the newest of many steps, and counts the others", () => {
  const record = new TraceRecord(entryOf({ expires: 100 }), 1);
  const push = { step: "push_sent" as const, ...WHO, provider: "fcm" as const };
  for (let at = 1; at <= TRACE_STEPS_MAX; at++) record.add({ ...push, at });
  assert.equal(record.toTrace(3).leftOut, 0);
  const { bytes } = record;
  record.add({ ...push, at: 150 });
  record.add({ step: "acknowledged", at: 151, ...WHO });
  const { steps, leftOut } = record.toTrace(200);
  const kept = [...Array(TRACE_STEPS_MAX / 2).keys(), ...Array(TRACE_STEPS_MAX / 2 - 2).keys()];
  const first = kept.slice(0, TRACE_STEPS_MAX / 2).map((n) => n + 1);
  const later = kept.slice(TRACE_STEPS_MAX / 2).map((n) => n + TRACE_STEPS_MAX / 2 + 3);
  assert.deepEqual(steps.slice(2).map(({ at }) => at), [...first, ...later, 150, 151]);
  assert.equal(leftOut, 2);
  assert.equal(record.bytes, bytes);
});

Deno.test("TraceRecord.isDone() says whether this device has acknowledged it", () => {
  const record = new TraceRecord(entryOf(), 1);
  record.add({ step: "acknowledged", at: 3, ...WHO });
  assert.equal(record.isDone("bob", "phone"), true);
  assert.equal(record.isDone("bob", "tablet"), false);
  assert.equal(record.isDone("ann", "phone"), false);
});
