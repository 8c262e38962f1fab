import assert from "node:assert/strict";
import { ANN, FakeServices, FakeSession } from "../fake_session.ts";
import { ACK } from "../method.ts";
import { userDelete } from "./user_delete.ts";

Deno.test("user.delete removes the user who asks, whoever the params name", async () => {
  const services = new FakeServices();
  const params = { user: "bob", id: "bob" };
  assert.equal(await userDelete.call(params, new FakeSession(ANN), services), ACK);
  assert.deepEqual(services.accounts.calls, [["deleteUser", "ann"]]);
});

Deno.test("user.delete answers no sooner than the user is removed", async () => {
  const services = new FakeServices();
  services.accounts.refusal = new Error("The disk is full");
  const call = async () => await userDelete.call(undefined, new FakeSession(ANN), services);
  await assert.rejects(call, services.accounts.refusal);
});

Deno.test("user.delete needs a user", () => {
  const services = new FakeServices();
  const call = () => userDelete.call(undefined, new FakeSession(), services);
  assert.throws(call, { key: "unauthenticated" });
  assert.deepEqual(services.accounts.calls, []);
});
