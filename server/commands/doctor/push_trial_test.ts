import assert from "node:assert/strict";
import type { PushTrialStep } from "../../push/mod.ts";
import { seconds, TrialReport } from "./push_trial.ts";

const SUBJECT = { user: "alice", device: "phone", ms: 60_000 };
const ADDRESS: PushTrialStep = { step: "address", ok: true, provider: "apns", registered: 0 };
const REASON = "APNs answered with status 403: InvalidProviderToken";

/** What is told of steps, as `mark check`. */
function told(...steps: readonly PushTrialStep[]): readonly string[] {
  const report = new TrialReport(SUBJECT);
  return steps.flatMap((step) => report.tell(step)).map(({ mark, check }) => `${mark} ${check}`);
}

/** What is told of the last step. */
function last(...steps: readonly PushTrialStep[]) {
  const report = new TrialReport(SUBJECT);
  return steps.flatMap((step) => report.tell(step)).at(-1);
}

Deno.test("TrialReport tells of a push that arrives", () => {
  const steps: PushTrialStep[] = [
    { step: "device", ok: true },
    ADDRESS,
    { step: "provider", ok: true, name: "apns" },
    { step: "outcome", ok: true, outcome: { kind: "accepted" } },
    { step: "answer", ok: true, ms: 1234 },
  ];
  assert.deepEqual(told(...steps), [
    "ok device",
    "ok address",
    "ok provider",
    "ok push",
    "ok answer",
  ]);
  assert.equal(last(...steps)?.text, "The device has seen the push after 1.2 s");
});

Deno.test("TrialReport says where a push stops and what to do", () => {
  assert.match(last({ step: "device", ok: false })?.advice ?? "", /titan user show/);
  assert.match(last({ step: "address", ok: false })?.advice ?? "", /device\.register/);
  assert.equal(last(ADDRESS, { step: "provider", ok: false })?.mark, "wrong");
  const answer = last({ step: "answer", ok: false, ms: 60_000 });
  assert.match(answer?.text ?? "", /^The device has not answered within 60 s, though/);
  assert.match(answer?.advice ?? "", /push\.received/);
  assert.match(
    last({ step: "answer", ok: false, ms: 59_999 })?.text ?? "",
    /server ended the wait/,
  );
  assert.equal(new TrialReport(SUBJECT).interrupted().mark, "wrong");
});

Deno.test("TrialReport says what the service said", () => {
  const outcomes = [
    [{ kind: "unregistered" }, /no longer knows the device/],
    [{ kind: "rejected", reason: "Payload is too large" }, /^Payload is too large$/],
    [{ kind: "retry", reason: "APNs is away" }, /^APNs is away$/],
    [{ kind: "misconfigured", reason: REASON }, /InvalidProviderToken$/],
  ] as const;
  for (const [outcome, text] of outcomes) {
    const finding = last(ADDRESS, { step: "outcome", ok: false, outcome });
    assert.equal(finding?.mark, "wrong");
    assert.match(finding?.text ?? "", text);
    if (outcome.kind === "misconfigured") assert.match(finding?.advice ?? "", /TITAN_APNS_KEY_ID/);
  }
});

Deno.test("TrialReport does not call a push taken that is only logged", () => {
  const steps: PushTrialStep[] = [
    ADDRESS,
    { step: "provider", ok: true, name: "log" },
    { step: "outcome", ok: true, outcome: { kind: "accepted" } },
  ];
  assert.deepEqual(told(...steps), ["ok address", "wrong provider"]);
  assert.match(last(...steps)?.advice ?? "", /^Set TITAN_APNS_KEY, .* and restart it$/);
});

Deno.test("seconds() shows no more digits than matter", () => {
  assert.deepEqual([60_000, 1234, 40].map(seconds), ["60 s", "1.2 s", "0 s"]);
});
