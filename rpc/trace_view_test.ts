import assert from "node:assert/strict";
import { ANN, NOW, TRACE } from "./fake_session.ts";
import { traceView, viewOfTrace } from "./trace_view.ts";
import { PUSH_ANSWERS, TRACE_STEPS } from "./traces.ts";

const at = (ms: number) => ({ time: new Date(NOW + ms).toISOString(), ms });

Deno.test("viewOfTrace() numbers the receiver's devices and leaves out the operator's reasons", () => {
  const view = viewOfTrace(TRACE);
  assert.deepEqual(view, {
    id: TRACE.id,
    expires: new Date(NOW + 60_000).toISOString(),
    steps: [
      { step: "accepted", ...at(0) },
      { step: "committed", ...at(3) },
      { step: "written", ...at(4), device: "tablet", own: true },
      { step: "written", ...at(5), device: "1" },
      { step: "written", ...at(6), device: "2", redelivered: 1 },
      { step: "acknowledged", ...at(9), device: "2" },
      { step: "push_sent", ...at(5000), device: "1", provider: "apns" },
      { step: "push_answered", ...at(5100), device: "1", provider: "apns", answer: "rejected" },
    ],
    leftOut: 2,
  });
  assert.deepEqual(traceView.parse(view), view);
  assert.doesNotMatch(JSON.stringify(view), /kitchen|study|BadTopic/);
});

Deno.test("viewOfTrace() calls the sender's devices by their ids in a message to oneself", () => {
  const step = { step: "written", at: NOW, ...ANN, redelivered: 0 } as const;
  const { steps } = viewOfTrace({ ...TRACE, to: ANN.user, steps: [step], leftOut: 0 });
  assert.deepEqual(steps, [{ step: "written", ...at(0), device: "phone", own: true }]);
});

Deno.test("TRACE_STEPS and PUSH_ANSWERS have no word twice", () => {
  for (const words of [TRACE_STEPS, PUSH_ANSWERS]) {
    assert.equal(new Set<string>(words).size, words.length);
  }
});
