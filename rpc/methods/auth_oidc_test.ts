import assert from "node:assert/strict";
import { ISSUER_NAME_CHARS_MAX } from "../../limits.ts";
import { FakeServices, FakeSession, GOOD_TOKEN } from "../fake_session.ts";
import type { RpcError } from "../rpc_error.ts";
import { authOidc } from "./auth_oidc.ts";

async function signIn(params: unknown) {
  const session = new FakeSession();
  const result = await authOidc.call(params, session, new FakeServices());
  return { result: result as Record<string, unknown>, session };
}

Deno.test("auth.oidc signs in with the issuer that is named, by name and by position", async () => {
  for (const params of [{ issuer: "work", token: GOOD_TOKEN }, ["work", GOOD_TOKEN]]) {
    const { result, session } = await signIn(params);
    assert.deepEqual(session.issuerSignIns, [
      { issuer: "work", token: GOOD_TOKEN, options: { rich: false } },
    ]);
    assert.deepEqual(Object.keys(result), ["token", "id", "name", "email", "picture"]);
  }
});

Deno.test("auth.oidc answers more to whoever asks for more", async () => {
  const { result, session } = await signIn({ issuer: "work", token: GOOD_TOKEN, window: 2 });
  assert.deepEqual(session.issuerSignIns[0]?.options, { window: 2, rich: true });
  assert.equal(result.refresh, "refresh-1");
});

Deno.test("auth.oidc takes names of object members for issuers like any other", async () => {
  for (const issuer of ["constructor", "__proto__", "x".repeat(ISSUER_NAME_CHARS_MAX)]) {
    const { session } = await signIn({ issuer, token: GOOD_TOKEN });
    assert.equal(session.issuerSignIns[0]?.issuer, issuer);
  }
  await assert.rejects(signIn(["nobody", GOOD_TOKEN]), { key: "not_configured" });
});

Deno.test("auth.oidc refuses params before it looks at the token", () => {
  const cases: [unknown, string][] = [
    [{ token: GOOD_TOKEN }, "params.issuer"],
    [{ issuer: "work" }, "params.token"],
    [{ issuer: "", token: GOOD_TOKEN }, "params.issuer"],
    [{ issuer: "x".repeat(ISSUER_NAME_CHARS_MAX + 1), token: GOOD_TOKEN }, "params.issuer"],
    [["work", 5], "params[1]"],
  ];
  for (const [params, field] of cases) {
    const session = new FakeSession();
    const isRefusal = (error: RpcError) => error.data.field === field;
    assert.throws(() => authOidc.call(params, session, new FakeServices()), isRefusal);
    assert.equal(session.issuerSignIns.length, 0);
  }
});
