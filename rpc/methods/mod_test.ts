import assert from "node:assert/strict";
import fc from "fast-check";
import { ANN, FakeServices, FakeSession, GOOD_TOKEN, TRACE } from "../fake_session.ts";
import { RpcError } from "../rpc_error.ts";
import { createMethods } from "./mod.ts";

Deno.test("createMethods() knows every method by its own name", () => {
  const methods = createMethods();
  for (const [name, method] of methods) assert.equal(method.name, name);
  assert.deepEqual([...methods.keys()].sort(), [
    "auth.google",
    "auth.jwt",
    "auth.logout",
    "auth.logoutAll",
    "auth.oidc",
    "auth.refresh",
    "device.list",
    "device.register",
    "device.remove",
    "echo",
    "msg.send",
    "msg.trace",
    "ping",
    "push.received",
    "rpc.discover",
    "user.delete",
    "user.export",
    "user.me",
    "user.update",
  ]);
});

Deno.test("createMethods() lets a stranger call what signs in and what tells nothing of anybody", () => {
  const open = [...createMethods().values()].filter(({ access }) => access === "anyone");
  assert.deepEqual(open.map(({ name }) => name).sort(), [
    "auth.google",
    "auth.jwt",
    "auth.oidc",
    "auth.refresh",
    "ping",
    "rpc.discover",
  ]);
  const signIns = open.filter(({ signsIn }) => signsIn);
  assert.deepEqual(signIns.map(({ name }) => name), ["auth.google", "auth.jwt", "auth.oidc"]);
});

Deno.test("createMethods() makes a table that shares nothing with another", () => {
  assert.notEqual(createMethods().get("msg.send"), createMethods().get("msg.send"));
});

Deno.test("createMethods() makes methods that work without a way back to the client", async () => {
  const push = { provider: "fcm", token: "t" };
  const params = new Map<string, unknown>([
    ["auth.google", { token: GOOD_TOKEN }],
    ["auth.jwt", { token: GOOD_TOKEN }],
    ["auth.oidc", { issuer: "work", token: GOOD_TOKEN }],
    ["auth.refresh", { refresh: "t" }],
    ["device.register", { platform: "android", push }],
    ["device.remove", { device: "phone" }],
    ["msg.send", [{ to: "bob", message: "Hello" }]],
    ["msg.trace", { id: TRACE.id }],
    ["push.received", { nonce: "n" }],
    ["user.update", { name: "Ann" }],
  ]);
  for (const [name, method] of createMethods()) {
    const session = new FakeSession(ANN);
    session.duplex = false;
    const result = await method.call(params.get(name), session, new FakeServices());
    assert.notEqual(result, undefined, name);
  }
});

Deno.test("createMethods() makes methods that do not ask what they refuse for its name", async () => {
  const nameless: unknown = { __proto__: null, constructor: { name: { __proto__: null } } };
  for (const [name, method] of createMethods()) {
    for (const params of [nameless, [nameless], [nameless, nameless], { token: nameless }]) {
      try {
        await method.call(params, new FakeSession(ANN), new FakeServices());
      } catch (error) {
        assert.ok(error instanceof RpcError, `${name}: ${String(error)}`);
      }
    }
  }
});

Deno.test("createMethods() makes methods that refuse nonsense and never fail over it", async () => {
  const methods = [...createMethods().values()];
  const names = ["token", "issuer", "refresh", "device", "platform", "name", "push", "picture"];
  const words = ["provider", "web", "subscription", "keys", "after", "messages", "__proto__"];
  const key = fc.constantFrom(...names, ...words, "constructor");
  const { value: any } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 5 },
      fc.oneof(fc.jsonValue(), key, fc.constant(GOOD_TOKEN), fc.string({ unit: "binary" })),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(key, tie("value"), { maxKeys: 5 }),
    ),
  }));
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...methods), any, async (method, params) => {
      try {
        await method.call(params, new FakeSession(ANN), new FakeServices());
      } catch (error) {
        assert.ok(error instanceof RpcError, `${method.name}: ${String(error)}`);
      }
    }),
    { numRuns: 1000 },
  );
});
