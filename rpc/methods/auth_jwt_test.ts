import assert from "node:assert/strict";
import { DEVICE_ID_BYTES_MAX, TOKEN_CHARS_MAX, WINDOW_MESSAGES_MAX } from "../../limits.ts";
import { FakeServices, FakeSession, GOOD_TOKEN } from "../fake_session.ts";
import { ACK } from "../method.ts";
import { RpcError } from "../rpc_error.ts";
import { authJwt } from "./auth_jwt.ts";

async function signIn(params: unknown, session = new FakeSession()) {
  const result = await authJwt.call(params, session, new FakeServices());
  return { result, session };
}

/** Asserts that params are refused before anybody signs in, and answers why. */
function refused(params: unknown): RpcError {
  const session = new FakeSession();
  try {
    authJwt.call(params, session, new FakeServices());
  } catch (error) {
    assert.ok(error instanceof RpcError);
    assert.equal(session.signIns.length, 0);
    return error;
  }
  throw new Error("The params were taken");
}

Deno.test('auth.jwt answers "ACK" to a token alone, by name and by position', async () => {
  for (const params of [{ token: GOOD_TOKEN }, [GOOD_TOKEN], { token: GOOD_TOKEN, other: 1 }]) {
    const { result, session } = await signIn(params);
    assert.equal(result, ACK);
    assert.deepEqual(session.signIns, [{ token: GOOD_TOKEN, options: { rich: false } }]);
  }
});

Deno.test("auth.jwt answers an object to whoever asks for more", async () => {
  for (
    const options of [{ device: "Phone" }, { window: 1 }, { receipts: false }, { start: "newest" }]
  ) {
    const { result, session } = await signIn({ token: GOOD_TOKEN, ...options });
    assert.deepEqual(session.signIns[0]?.options, { ...options, rich: true });
    assert.deepEqual(Object.keys(result as object), [
      "user",
      "device",
      "pending",
      "window",
      "limits",
      "heartbeat",
      "epoch",
    ]);
  }
});

Deno.test("auth.jwt lets the session's refusal through", async () => {
  await assert.rejects(() => signIn({ token: "bad" }), { key: "bad_credential" });
});

Deno.test("auth.jwt takes a token up to the limit and none past it", async () => {
  const token = "t".repeat(TOKEN_CHARS_MAX);
  await assert.rejects(() => signIn({ token }), { key: "bad_credential" });
  const error = refused({ token: token + "t" });
  assert.equal(error.data.limit, TOKEN_CHARS_MAX);
  assert.equal(error.data.field, "params.token");
  assert.ok(!error.message.includes(token));
});

Deno.test("auth.jwt takes a window and a device within their limits", async () => {
  const device = "d".repeat(DEVICE_ID_BYTES_MAX);
  await signIn({ token: GOOD_TOKEN, window: WINDOW_MESSAGES_MAX, device });
  const cases: [object, string][] = [
    [{ window: 0 }, "params.window"],
    [{ window: WINDOW_MESSAGES_MAX + 1 }, "params.window"],
    [{ window: 1.5 }, "params.window"],
    [{ device: "" }, "params.device"],
    [{ device: device + "d" }, "params.device"],
    [{ device: "a b" }, "params.device"],
    [{ receipts: "yes" }, "params.receipts"],
    [{ start: "middle" }, "params.start"],
  ];
  for (const [options, field] of cases) {
    assert.equal(refused({ token: GOOD_TOKEN, ...options }).data.field, field);
  }
});

Deno.test("auth.jwt refuses params without a token", () => {
  for (const params of [undefined, {}, [], [1], [GOOD_TOKEN, 1], [{ token: GOOD_TOKEN }]]) {
    assert.equal(refused(params).key, "invalid_params");
  }
});
