import assert from "node:assert/strict";
import { PUSH_NONCE_CHARS_MAX } from "../../limits.ts";
import { ANN, FakeServices, FakeSession } from "../fake_session.ts";
import { pushReceived } from "./push_received.ts";

Deno.test("push.received says whether the device was sent such a push", async () => {
  const services = new FakeServices();
  services.nonces.add("ann phone n1");
  const call = (nonce: string, device = "phone") =>
    pushReceived.call({ nonce }, new FakeSession({ ...ANN, device }), services);
  assert.deepEqual(await call("n1"), { known: true });
  assert.deepEqual(await call("n1", "tablet"), { known: false });
  assert.deepEqual(await call("x".repeat(PUSH_NONCE_CHARS_MAX)), { known: false });
});

Deno.test("push.received refuses what can be no nonce", () => {
  const services = new FakeServices();
  const long = "x".repeat(PUSH_NONCE_CHARS_MAX + 1);
  for (const params of [undefined, {}, [], { nonce: "" }, { nonce: long }, { nonce: 5 }]) {
    const call = () => pushReceived.call(params, new FakeSession(ANN), services);
    assert.throws(call, { key: "invalid_params" });
  }
});
