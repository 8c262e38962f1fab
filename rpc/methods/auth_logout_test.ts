import assert from "node:assert/strict";
import { ANN, FakeServices, FakeSession, MARK } from "../fake_session.ts";
import { ACK } from "../method.ts";
import { authLogout } from "./auth_logout.ts";

Deno.test("auth.logout ends what the session was signed in with", async () => {
  for (const params of [undefined, {}, [], { token: "t" }]) {
    const services = new FakeServices();
    assert.equal(await authLogout.call(params, new FakeSession(ANN), services), ACK);
    assert.deepEqual(services.accounts.calls, [["logout", ANN, MARK]]);
  }
});

Deno.test("auth.logout answers no sooner than the tokens are ended", async () => {
  const services = new FakeServices();
  services.accounts.refusal = new Error("The disk is full");
  const call = async () => await authLogout.call(undefined, new FakeSession(ANN), services);
  await assert.rejects(call, services.accounts.refusal);
});

Deno.test("auth.logout needs a user", () => {
  const services = new FakeServices();
  const call = () => authLogout.call(undefined, new FakeSession(), services);
  assert.throws(call, { key: "unauthenticated" });
  assert.deepEqual(services.accounts.calls, []);
});
