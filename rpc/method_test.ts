import assert from "node:assert/strict";
import { z } from "zod";
import { FakeServices, FakeSession } from "./fake_session.ts";
import { defineMethod, identityOf, JsonText } from "./method.ts";
import { RpcError } from "./rpc_error.ts";

const double = defineMethod({
  name: "double",
  summary: "Doubles a number.",
  access: "user",
  params: z.object({ number: z.number() }),
  result: z.number(),
  handler: ({ number }) => 2 * number,
});
const services = new FakeServices();

Deno.test("defineMethod() makes a method that checks its params", () => {
  const session = new FakeSession({ user: "ann", device: "phone" });
  assert.equal(double.call({ number: 2 }, session, services), 4);
  for (const params of [undefined, null, [2], {}, { number: "2" }]) {
    assert.throws(() => double.call(params, session, services), { key: "invalid_params" });
  }
});

Deno.test("defineMethod() makes a method that tells a stranger nothing about its params", () => {
  assert.throws(() => double.call({}, new FakeSession(), services), { key: "unauthenticated" });
});

Deno.test("defineMethod() makes a method that anyone may call, where it says so", () => {
  const open = defineMethod({
    name: "open",
    summary: "Answers one.",
    access: "anyone",
    params: z.unknown(),
    result: z.number(),
    handler: () => new JsonText("1"),
  });
  assert.deepEqual(open.call(undefined, new FakeSession(), services), new JsonText("1"));
});

Deno.test("defineMethod() describes a method by its schemas", () => {
  assert.deepEqual(double.describe(), {
    name: "double",
    summary: "Doubles a number.",
    params: { type: "object", properties: { number: { type: "number" } }, required: ["number"] },
    result: { type: "number" },
  });
});

Deno.test("identityOf() answers who signed in and refuses where nobody did", () => {
  const ann = { user: "ann", device: "phone" };
  assert.equal(identityOf(new FakeSession(ann)), ann);
  assert.throws(() => identityOf(new FakeSession()), RpcError);
});
