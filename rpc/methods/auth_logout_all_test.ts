import assert from "node:assert/strict";
import { ANN, FakeServices, FakeSession } from "../fake_session.ts";
import { ACK } from "../method.ts";
import { authLogoutAll } from "./auth_logout_all.ts";

Deno.test("auth.logoutAll ends the tokens of the user who asks", async () => {
  const services = new FakeServices();
  const params = { user: "bob" };
  assert.equal(await authLogoutAll.call(params, new FakeSession(ANN), services), ACK);
  assert.deepEqual(services.accounts.calls, [["logoutAll", "ann"]]);
});

Deno.test("auth.logoutAll answers no sooner than the tokens are ended", async () => {
  const services = new FakeServices();
  services.accounts.refusal = new Error("The disk is full");
  const call = async () => await authLogoutAll.call(undefined, new FakeSession(ANN), services);
  await assert.rejects(call, services.accounts.refusal);
});

Deno.test("auth.logoutAll needs a user", () => {
  const services = new FakeServices();
  const call = () => authLogoutAll.call(undefined, new FakeSession(), services);
  assert.throws(call, { key: "unauthenticated" });
  assert.deepEqual(services.accounts.calls, []);
});
