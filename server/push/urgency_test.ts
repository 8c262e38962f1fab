import assert from "node:assert/strict";
import type { Waiting } from "../../store/mod.ts";
import { pushWaitMs, urgencyOf } from "./urgency.ts";

function waitingOf(isNew: boolean, urgent: boolean, at = 0): Waiting {
  return { isNew, urgent, spoken: { upTo: 0, at } } as Waiting;
}

Deno.test("urgencyOf() hurries for what is urgent and new, and for nothing that a push spoke for", () => {
  const cases = [
    [true, true, false, "urgent"],
    [true, true, true, "urgent"],
    [true, false, false, "ordinary"],
    [true, false, true, "ordinary"],
    [false, false, true, "ordinary"],
    [false, true, true, "ordinary"],
    [false, false, false, "none"],
    [false, true, false, "none"],
  ] as const;
  for (const [isNew, urgent, hasLeft, expected] of cases) {
    const urgency = urgencyOf(waitingOf(isNew, urgent), { hasLeft });
    assert.equal(urgency, expected, `${isNew} ${urgent} ${hasLeft}`);
  }
});

Deno.test("pushWaitMs() counts from the last push, whatever the clock did", () => {
  const now = 1_000_000;
  const wait = (at: number) => pushWaitMs(waitingOf(true, false, at), 1000, now);
  assert.equal(wait(now), 1000);
  assert.equal(wait(now - 999), 1);
  assert.ok(wait(now - 1000) <= 0);
  assert.ok(wait(0) <= 0);
  assert.equal(wait(now + 1000), 1000);
  assert.equal(wait(now + 1001), 0);
});
