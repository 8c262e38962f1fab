import assert from "node:assert/strict";
import type { PushOutcome } from "../push.ts";
import { fault } from "./contract/fcm_answers.ts";
import { isUnauthenticated, outcomeOf, readFcmCode } from "./fcm_reply.ts";

const NOW = Date.UTC(2026, 10, 22, 16);

const refused = (status: number, code?: string, retryAfter?: string) =>
  ({ kind: "refused", status, code, retryAfter }) as const;

Deno.test("readFcmCode() reads FCM's own code", () => {
  const { body } = fault(404, "NOT_FOUND", "Requested entity was not found.", "UNREGISTERED");
  assert.equal(readFcmCode(JSON.parse(body)), "UNREGISTERED");
});

Deno.test("readFcmCode() takes nothing else for one", () => {
  const bare = JSON.parse(fault(404, "NOT_FOUND", "No such project.").body);
  const foreign = JSON.parse(fault(400, "X", "X", "a secret").body);
  const prototype = JSON.parse(fault(400, "X", "X", "constructor").body);
  const bodies = [bare, foreign, prototype, undefined, null, "UNREGISTERED", { error: "x" }, {
    error: { details: [null, { "@type": 7, errorCode: "UNREGISTERED" }] },
  }];
  for (const body of bodies) assert.equal(readFcmCode(body), undefined);
});

Deno.test("outcomeOf() forgets a token for one code alone", () => {
  assert.deepEqual(outcomeOf(refused(404, "UNREGISTERED"), NOW), { kind: "unregistered" });
  // What is said of a project that does not exist, of a wrong URL, and of a token of another project.
  for (const [status, code] of [[404], [400, "INVALID_ARGUMENT"], [403, "SENDER_ID_MISMATCH"]]) {
    const { kind } = outcomeOf(refused(Number(status), code as string), NOW);
    assert.notEqual(kind, "unregistered");
  }
});

Deno.test("outcomeOf() tells what concerns one push from what concerns all", () => {
  const cases: [kind: PushOutcome["kind"], status: number, code?: string][] = [
    ["rejected", 400, "INVALID_ARGUMENT"],
    ["retry", 400],
    ["retry", 413],
    ["rejected", 403, "SENDER_ID_MISMATCH"],
    ["retry", 401, "THIRD_PARTY_AUTH_ERROR"],
    ["misconfigured", 401],
    ["misconfigured", 403],
    ["misconfigured", 404],
    ["retry", 408],
    ["retry", 429, "QUOTA_EXCEEDED"],
    ["retry", 500, "INTERNAL"],
    ["retry", 502],
    ["retry", 503, "UNAVAILABLE"],
    // What is in place of an answer of FCM: a page of a proxy, a redirect.
    ["retry", 200],
    ["retry", 302],
  ];
  for (const [kind, status, code] of cases) {
    const outcome = outcomeOf(refused(status, code), NOW);
    assert.equal(outcome.kind, kind, `${status} ${code}`);
  }
});

Deno.test("outcomeOf() has Android not wait for a key that only iPhones and browsers need", () => {
  const outcome = outcomeOf(refused(401, "THIRD_PARTY_AUTH_ERROR"), NOW);
  assert.ok(outcome.kind === "retry" && outcome.deviceOnly);
  const other = outcomeOf(refused(503, "UNAVAILABLE"), NOW);
  assert.ok(other.kind === "retry" && !other.deviceOnly);
});

Deno.test("outcomeOf() waits as long as FCM says", () => {
  const reason = 'FCM cannot take the push now: status 429, "QUOTA_EXCEEDED"';
  assert.deepEqual(outcomeOf(refused(429, "QUOTA_EXCEEDED", "60"), NOW), {
    kind: "retry",
    reason,
    afterMs: 60_000,
  });
  assert.deepEqual(outcomeOf(refused(429, "QUOTA_EXCEEDED"), NOW), { kind: "retry", reason });
});

Deno.test("outcomeOf() answers what was taken, broken and not sent", () => {
  assert.deepEqual(outcomeOf({ kind: "taken", id: "a" }, NOW), { kind: "accepted", id: "a" });
  assert.deepEqual(outcomeOf({ kind: "taken", id: undefined }, NOW), { kind: "accepted" });
  assert.deepEqual(outcomeOf({ kind: "broken", reason: "R" }, NOW), { kind: "retry", reason: "R" });
  const unsendable = { kind: "unsendable", reason: "R" } as const;
  assert.deepEqual(outcomeOf(unsendable, NOW), { kind: "rejected", reason: "R" });
});

Deno.test("isUnauthenticated() is about the access token alone", () => {
  assert.ok(isUnauthenticated(refused(401)));
  assert.ok(!isUnauthenticated(refused(401, "THIRD_PARTY_AUTH_ERROR")));
  assert.ok(!isUnauthenticated(refused(403)));
  assert.ok(!isUnauthenticated({ kind: "taken", id: "a" }));
});
