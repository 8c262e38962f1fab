import assert from "node:assert/strict";
import { TOKEN_CHARS_MAX } from "../../limits.ts";
import { FakeCaller, FakeServices, FakeSession, GOOD_TOKEN } from "../fake_session.ts";
import { Router } from "../router.ts";
import type { RpcError } from "../rpc_error.ts";
import { authGoogle } from "./auth_google.ts";
import { createMethods } from "./mod.ts";

async function signIn(params: unknown) {
  const session = new FakeSession();
  const result = await authGoogle.call(params, session, new FakeServices());
  return { result: result as Record<string, unknown>, session };
}

Deno.test("auth.google answers the ancestors' object to a token alone", async () => {
  for (const params of [{ token: GOOD_TOKEN }, [GOOD_TOKEN], { token: GOOD_TOKEN, other: 1 }]) {
    const { result, session } = await signIn(params);
    assert.deepEqual(Object.keys(result), ["token", "id", "name", "email", "picture"]);
    assert.deepEqual(session.issuerSignIns, [
      { issuer: "google", token: GOOD_TOKEN, options: { rich: false } },
    ]);
  }
});

Deno.test("auth.google answers more to whoever asks for more", async () => {
  const all = { device: "Phone", window: 1, receipts: true, start: "newest" } as const;
  const { result, session } = await signIn({ token: GOOD_TOKEN, ...all, refresh: true });
  assert.deepEqual(session.issuerSignIns[0]?.options, { ...all, rich: true });
  assert.equal(result.refresh, "refresh-1");
  assert.equal(result.device, "Phone");
});

Deno.test("auth.google refuses params before it looks at the token", () => {
  const cases: [unknown, string][] = [
    [undefined, "params"],
    [{}, "params.token"],
    [[5], "params[0]"],
    [{ token: "t".repeat(TOKEN_CHARS_MAX + 1) }, "params.token"],
    [{ token: GOOD_TOKEN, window: 0 }, "params.window"],
    [{ token: GOOD_TOKEN, device: "a b" }, "params.device"],
    [{ token: GOOD_TOKEN, refresh: "yes" }, "params.refresh"],
  ];
  for (const [params, field] of cases) {
    const session = new FakeSession();
    const isRefusal = (error: RpcError) => error.data.field === field;
    assert.throws(() => authGoogle.call(params, session, new FakeServices()), isRefusal);
    assert.equal(session.issuerSignIns.length, 0);
  }
});

Deno.test("auth.google keeps the token of a first request for itself", async () => {
  const caller = new FakeCaller(new FakeSession());
  const methods = createMethods();
  const router = new Router({ methods, services: new FakeServices(), report: () => "" });
  const request = { id: 1, method: "auth.google", params: { token: GOOD_TOKEN } };
  const answer = JSON.parse(await router.handle(JSON.stringify(request), caller) ?? "");
  assert.equal(answer.result.id, "ann");
  assert.equal(caller.session.signIns.length, 0);
  assert.equal(caller.session.issuerSignIns.length, 1);
});
