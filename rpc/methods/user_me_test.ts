import assert from "node:assert/strict";
import { ANN, FakeServices, FakeSession } from "../fake_session.ts";
import { RpcError } from "../rpc_error.ts";
import { userMe } from "./user_me.ts";

Deno.test("user.me tells the user who asks", async () => {
  const services = new FakeServices();
  assert.deepEqual(await userMe.call(undefined, new FakeSession(ANN), services), {
    id: "ann",
    email: "ann@example.org",
    name: "Ann",
    picture: "https://example.org/ann.png",
    registered: "2026-11-22T16:00:00.000Z",
  });
  assert.deepEqual(services.accounts.calls, [["profile", "ann"]]);
});

Deno.test("user.me lets the refusal of a user who was removed through", async () => {
  const services = new FakeServices();
  services.accounts.refusal = new RpcError("unauthenticated");
  const call = async () => await userMe.call({}, new FakeSession(ANN), services);
  await assert.rejects(call, { key: "unauthenticated" });
});

Deno.test("user.me needs a user", () => {
  const call = () => userMe.call(undefined, new FakeSession(), new FakeServices());
  assert.throws(call, { key: "unauthenticated" });
});
