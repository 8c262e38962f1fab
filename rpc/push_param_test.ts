import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { z } from "zod";
import { PUSH_TOKEN_CHARS_MAX, PUSH_TOPIC_CHARS_MAX, URL_CHARS_MAX } from "../limits.ts";
import { invalidParams } from "./invalid_params.ts";
import { pushAddressOf, pushParam } from "./push_param.ts";
import type { RpcError } from "./rpc_error.ts";

const P256DH = Buffer.alloc(65, 7).fill(4, 0, 1).toString("base64url");
const AUTH = Buffer.alloc(16, 255).toString("base64url");
const SUBSCRIPTION = {
  endpoint: "https://push.example.org/send/abc",
  expirationTime: null,
  keys: { p256dh: P256DH, auth: AUTH },
};

/** Why a push is refused. */
function refused(push: unknown): RpcError {
  const { error } = z.object({ push: pushParam }).safeParse({ push });
  assert.ok(error !== undefined, JSON.stringify(push));
  return invalidParams(error);
}

/** Why a subscription is refused that has other keys, or another address. */
function refusedKeys(keys: object, rest: object = {}): RpcError {
  const subscription = { ...SUBSCRIPTION, ...rest, keys: { ...SUBSCRIPTION.keys, ...keys } };
  return refused({ provider: "web", subscription });
}

Deno.test("pushAddressOf() keeps a token with its topic", () => {
  const fcm = { provider: "fcm", token: "c1:APA91b-_" } as const;
  assert.deepEqual(pushAddressOf(pushParam.parse(fcm)), fcm);
  const apns = { provider: "apns", token: "00FFab", topic: "org.example.app" } as const;
  assert.deepEqual(pushAddressOf(pushParam.parse(apns)), { ...apns, token: "00ffab" });
});

Deno.test("pushAddressOf() takes a browser's subscription apart", () => {
  const push = pushParam.parse({ provider: "web", subscription: SUBSCRIPTION, token: "ignored" });
  assert.deepEqual(pushAddressOf(push), {
    provider: "web",
    token: SUBSCRIPTION.endpoint,
    keys: SUBSCRIPTION.keys,
  });
  const { expirationTime: _, ...rest } = SUBSCRIPTION;
  for (const subscription of [rest, { ...rest, expirationTime: 1.5e12 }]) {
    assert.ok(pushParam.safeParse({ provider: "web", subscription }).success);
  }
});

Deno.test("pushParam tells a provider's form from another's", () => {
  const cases: [object, string, string][] = [
    [{ provider: "web", token: "t" }, "params.push.subscription", "must be of type object"],
    [{ provider: "fcm", subscription: {} }, "params.push.token", "must be of type string"],
    [{ provider: "sms" }, "params.push.provider", 'must be one of "fcm", "apns", "web"'],
    [{ provider: "constructor" }, "params.push.provider", 'must be one of "fcm", "apns", "web"'],
    [{}, "params.push.provider", 'must be one of "fcm", "apns", "web"'],
  ];
  for (const [push, field, detail] of cases) {
    const error = refused(push);
    assert.equal(error.message, `Invalid params: ${field} ${detail}`);
    assert.equal(error.data.field, field);
  }
});

Deno.test("pushParam takes tokens and topics up to their limits and none past them", () => {
  const cases = [
    ["fcm", "token", "t", PUSH_TOKEN_CHARS_MAX],
    ["apns", "token", "a", PUSH_TOKEN_CHARS_MAX],
    ["apns", "topic", "t", PUSH_TOPIC_CHARS_MAX],
  ] as const;
  for (const [provider, member, char, limit] of cases) {
    const push = { provider, token: "00" };
    assert.ok(pushParam.safeParse({ ...push, [member]: char.repeat(limit) }).success);
    const error = refused({ ...push, [member]: char.repeat(limit + 2) });
    assert.equal(error.data.field, `params.push.${member}`);
    assert.equal(error.data.limit, limit);
  }
});

Deno.test("pushParam refuses what cannot be a token or a topic", () => {
  for (const token of ["", "a b", "a\n", "\u00fc", 5, null]) {
    assert.equal(refused({ provider: "fcm", token }).data.field, "params.push.token");
  }
  for (const token of ["", "0", "0g", "00 00", "0x00"]) {
    assert.equal(refused({ provider: "apns", token }).data.field, "params.push.token");
  }
  for (const topic of ["", "org example", null]) {
    const error = refused({ provider: "apns", token: "00", topic });
    assert.equal(error.data.field, "params.push.topic");
  }
});

Deno.test("pushParam takes keys only in the form and length of RFC 8291", () => {
  const wrongKeys = [
    "",
    AUTH,
    P256DH + "=",
    P256DH + "A",
    P256DH.slice(1),
    // 65 bytes that begin with 2: a compressed point's mark.
    Buffer.alloc(65, 2).toString("base64url"),
    // The last digit has two bits that no byte needs.
    P256DH.slice(0, -1) + String.fromCharCode(P256DH.charCodeAt(86) + 1),
    5,
  ];
  for (const p256dh of wrongKeys) {
    assert.equal(
      refusedKeys({ p256dh }).data.field,
      "params.push.subscription.keys.p256dh",
      String(p256dh),
    );
  }
  const plus = Buffer.alloc(16, 255).toString("base64").replace(/=+$/, "");
  for (const auth of ["", AUTH + "==", plus, AUTH.slice(1), P256DH, undefined]) {
    const { data, message } = refusedKeys({ auth });
    assert.equal(data.field, "params.push.subscription.keys.auth");
    assert.ok(!message.includes(AUTH.slice(2)));
  }
});

Deno.test("pushParam takes an endpoint only where it is an https URL within its limit", () => {
  const start = "https://push.example.org/";
  const longest = start + "x".repeat(URL_CHARS_MAX - start.length);
  const subscription = { ...SUBSCRIPTION, endpoint: longest };
  assert.ok(pushParam.safeParse({ provider: "web", subscription }).success);
  for (const endpoint of [longest + "x", "http://push.example.org/", "", 5, undefined]) {
    const { data } = refusedKeys({}, { endpoint });
    assert.equal(data.field, "params.push.subscription.endpoint");
  }
});
