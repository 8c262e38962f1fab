import assert from "node:assert/strict";
import type { PushOutcome } from "../push.ts";
import { ReceiverKeysError } from "./encrypt_push.ts";
import { EndpointError } from "./endpoint.ts";
import type { PostAnswer } from "./https_post.ts";
import { isRefusal, outcomeOfAnswer, outcomeOfError } from "./web_outcome.ts";

const CONTEXT = { host: "push.example", now: Date.UTC(2026, 10, 22, 16) };

/** What the services of Mozilla, Google and Apple answer, as users of theirs have reported it. */
const OTHER_KEY: readonly PostAnswer[] = [
  answer(401, { text: '{"code":401,"errno":109,"message":"VAPID public key mismatch"}' }),
  answer(403, {
    text: "the VAPID credentials in the authorization header do not correspond to the " +
      "credentials used to create the subscriptions.\n",
  }),
  answer(400, { text: '{"reason":"VapidPkHashMismatch"}' }),
];

Deno.test("outcomeOfAnswer() goes by the status", () => {
  const cases: [number[], PushOutcome["kind"]][] = [
    [[200, 201, 202, 204], "accepted"],
    [[404, 410], "unregistered"],
    [[400, 405, 411, 413, 415, 422, 301, 302, 307, 308, 304], "rejected"],
    [[401, 403], "retry"],
    [[406, 408, 425, 429, 500, 502, 503, 504, 507, 599], "retry"],
  ];
  for (const [statuses, kind] of cases) {
    for (const status of statuses) {
      const outcome = outcomeOfAnswer(answer(status), CONTEXT);
      assert.equal(outcome.kind, kind, `${status}`);
      if ("reason" in outcome) {
        assert.match(outcome.reason, new RegExp(`^"push.example" .*${status}`));
      }
    }
  }
});

Deno.test("outcomeOfAnswer() reads when to come again, where that is of use", () => {
  for (const status of [429, 503]) {
    const outcome = outcomeOfAnswer(answer(status, { retryAfter: "7" }), CONTEXT);
    assert.equal(outcome.kind === "retry" && outcome.afterMs, 7000);
  }
  const rejected = outcomeOfAnswer(answer(400, { retryAfter: "7" }), CONTEXT);
  assert.ok(!("afterMs" in rejected));
  assert.ok(!("afterMs" in outcomeOfAnswer(answer(503, { retryAfter: "soon" }), CONTEXT)));
});

// After a change of the key there are many such subscriptions, and the others must go on.
Deno.test("outcomeOfAnswer() tells a subscription of another key from credentials that are refused", () => {
  for (const other of OTHER_KEY) {
    assert.equal(isRefusal(other), false);
    const outcome = outcomeOfAnswer(other, CONTEXT);
    assert.equal(outcome.kind, "rejected");
    assert.match("reason" in outcome ? outcome.reason : "", /of another VAPID key$/);
  }
  assert.deepEqual([401, 403, 400, 201].map((status) => isRefusal(answer(status))), [
    true,
    true,
    false,
    false,
  ]);
});

Deno.test("outcomeOfAnswer() tells nothing of what a service says, and little of a long host", () => {
  const host = `${"a".repeat(60)}.`.repeat(4);
  for (const status of [302, 400, 403, 429, 503]) {
    const outcome = outcomeOfAnswer(answer(status, { text: "SECRET" }), { ...CONTEXT, host });
    assert.ok("reason" in outcome);
    assert.ok(!outcome.reason.includes("SECRET"));
    assert.ok(outcome.reason.length <= 200);
  }
});

Deno.test("outcomeOfError() has a push rejected that cannot be sent as it is", () => {
  for (
    const error of [new EndpointError("Endpoint is bad"), new ReceiverKeysError("Keys are bad")]
  ) {
    const expected = { kind: "rejected", reason: error.message };
    assert.deepEqual(outcomeOfError(error, CONTEXT.host), expected);
  }
});

Deno.test("outcomeOfError() tells the code of an error, and nothing else of it", () => {
  const cases: [unknown, string][] = [
    [coded("ECONNRESET"), 'Connection to "push.example" failed: ECONNRESET'],
    [coded("ENOTFOUND"), 'Lookup of "push.example" failed: ENOTFOUND'],
    [coded("EAI_AGAIN"), 'Lookup of "push.example" failed: EAI_AGAIN'],
    [
      coded("UNABLE_TO_VERIFY_LEAF_SIGNATURE"),
      'TLS connection to "push.example" failed: UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    ],
    [
      coded("ERR_TLS_CERT_ALTNAME_INVALID"),
      'TLS connection to "push.example" failed: ERR_TLS_CERT_ALTNAME_INVALID',
    ],
    [coded("CERT_HAS_EXPIRED"), 'TLS connection to "push.example" failed: CERT_HAS_EXPIRED'],
    [coded("a secret"), 'Connection to "push.example" failed'],
    [coded(7), 'Connection to "push.example" failed'],
    [new Error("SECRET"), 'Connection to "push.example" failed'],
    ["SECRET", 'Connection to "push.example" failed'],
    [undefined, 'Connection to "push.example" failed'],
  ];
  for (const [error, reason] of cases) {
    assert.deepEqual(outcomeOfError(error, CONTEXT.host), { kind: "retry", reason });
  }
});

function answer(status: number, parts: Partial<PostAnswer> = {}): PostAnswer {
  return { status, retryAfter: undefined, text: "", ...parts };
}

function coded(code: unknown): Error {
  return Object.assign(new Error("SECRET"), { code });
}
