import assert from "node:assert/strict";
import { apnsOutcome, isAboutTopic, isExpiredToken } from "./apns_outcome.ts";

const NOW = Date.UTC(2026, 10, 23, 12);

Deno.test("apnsOutcome() names the push that was accepted", () => {
  assert.deepEqual(apnsOutcome({ status: 200, body: "" }, NOW), { kind: "accepted" });
  const outcome = apnsOutcome({ status: 200, body: "", id: "A-1" }, NOW);
  assert.deepEqual(outcome, { kind: "accepted", id: "A-1" });
});

Deno.test("apnsOutcome() unregisters a device at 410 only, for the two reasons it has", () => {
  for (const reason of ["Unregistered", "ExpiredToken"]) {
    const body = JSON.stringify({ reason, timestamp: NOW - 5 });
    assert.deepEqual(apnsOutcome({ status: 410, body }, NOW), {
      kind: "unregistered",
      since: NOW - 5,
    });
    assert.equal(apnsOutcome({ status: 400, body }, NOW).kind, "retry");
    assert.equal(apnsOutcome({ status: 500, body }, NOW).kind, "retry");
  }
  const untimed = apnsOutcome({ status: 410, body: '{"reason":"Unregistered"}' }, NOW);
  assert.deepEqual(untimed, { kind: "unregistered" });
  for (const body of ["", "{", "null", "[]", '{"reason":1}', '{"reason":"Other"}']) {
    assert.equal(apnsOutcome({ status: 410, body }, NOW).kind, "retry", body);
  }
});

Deno.test("apnsOutcome() takes no time that is none", () => {
  for (const timestamp of ["1", null, {}]) {
    const body = JSON.stringify({ reason: "Unregistered", timestamp });
    assert.deepEqual(apnsOutcome({ status: 410, body }, NOW), { kind: "unregistered" });
  }
});

// A mix-up of sandbox and production must not lead to all tokens being forgotten.
Deno.test("apnsOutcome() keeps the token at BadDeviceToken and says what it may be", () => {
  assert.deepEqual(apnsOutcome({ status: 400, body: '{"reason":"BadDeviceToken"}' }, NOW), {
    kind: "rejected",
    reason: "APNs answered with status 400: BadDeviceToken: " +
      "the token is none, or is of the other environment (sandbox or production)",
  });
});

Deno.test("apnsOutcome() tells apart what the push, the credentials and the service cause", () => {
  const cases = [
    ["rejected", 400, ["DeviceTokenNotForTopic", "TopicDisallowed", "BadTopic", "PayloadEmpty"]],
    ["rejected", 413, ["PayloadTooLarge"]],
    ["rejected", 404, ["BadPath"]],
    ["misconfigured", 403, ["InvalidProviderToken", "MissingProviderToken", "Forbidden"]],
    ["misconfigured", 403, ["BadEnvironmentKeyIdInToken", "UnrelatedKeyIdInToken"]],
    ["retry", 429, ["TooManyProviderTokenUpdates"]],
    ["retry", 400, ["IdleTimeout"]],
    ["retry", 503, ["ServiceUnavailable", "Shutdown"]],
    ["retry", 500, ["InternalServerError"]],
  ] as const;
  for (const [kind, status, reasons] of cases) {
    for (const said of reasons) {
      const outcome = apnsOutcome({ status, body: JSON.stringify({ reason: said }) }, NOW);
      assert.deepEqual(outcome, { kind, reason: `APNs answered with status ${status}: ${said}` });
    }
  }
});

Deno.test("apnsOutcome() goes by the status where no reason is given that it knows", () => {
  const kinds = new Map([
    ["misconfigured", [401, 403]],
    ["rejected", [413]],
    ["retry", [100, 204, 301, 400, 404, 408, 422, 410, 429, 500, 502, 503, 599]],
  ]);
  for (const [kind, statuses] of kinds) {
    for (const status of statuses) {
      for (const body of ["", "<html>", '{"reason":"SECRET"}', '{"reason":"constructor"}']) {
        const reason = `APNs answered with status ${status} and no reason that is known`;
        assert.deepEqual(apnsOutcome({ status, body }, NOW), { kind, reason });
      }
    }
  }
});

Deno.test("apnsOutcome() says of too many pushes to one device that it is that one alone", () => {
  const outcome = apnsOutcome({ status: 429, body: '{"reason":"TooManyRequests"}' }, NOW);
  const reason = "APNs answered with status 429: TooManyRequests";
  assert.deepEqual(outcome, { kind: "retry", reason, deviceOnly: true });
});

Deno.test("apnsOutcome() waits as long as APNs says", () => {
  const body = '{"reason":"TooManyRequests"}';
  const outcome = apnsOutcome({ status: 429, body, retryAfter: "7" }, NOW);
  assert.equal(outcome.kind === "retry" ? outcome.afterMs : 0, 7000);
});

Deno.test("isExpiredToken() is true of ExpiredProviderToken alone", () => {
  assert.equal(isExpiredToken({ status: 403, body: '{"reason":"ExpiredProviderToken"}' }), true);
  assert.equal(isExpiredToken({ status: 403, body: '{"reason":"InvalidProviderToken"}' }), false);
  assert.equal(isExpiredToken({ status: 400, body: '{"reason":"ExpiredProviderToken"}' }), false);
  assert.equal(isExpiredToken({ status: 200, body: "" }), false);
});

Deno.test("isAboutTopic() tells a wrong topic from a wrong device", () => {
  const outcomeOf = (reason: string) =>
    apnsOutcome({ status: 400, body: JSON.stringify({ reason }) }, NOW);
  assert.equal(isAboutTopic(outcomeOf("TopicDisallowed")), true);
  assert.equal(isAboutTopic(outcomeOf("BadTopic")), true);
  assert.equal(isAboutTopic(outcomeOf("BadDeviceToken")), false);
  assert.equal(isAboutTopic({ kind: "retry", reason: "BadTopic" }), false);
});
