import assert from "node:assert/strict";
import { ANN, FakeServices, FakeSession, TRACE } from "../fake_session.ts";
import { RpcError } from "../rpc_error.ts";
import { viewOfTrace } from "../trace_view.ts";
import { msgTrace } from "./msg_trace.ts";

Deno.test("msg.trace tells the sender what became of a message", async () => {
  const result = await msgTrace.call({ id: TRACE.id }, new FakeSession(ANN), new FakeServices());
  assert.deepEqual(result, viewOfTrace(TRACE));
});

Deno.test("msg.trace tells nobody else whether there is such a message", () => {
  const refusal = (user: string, id: string) => {
    try {
      msgTrace.call({ id }, new FakeSession({ user, device: "phone" }), new FakeServices());
    } catch (error) {
      assert.ok(error instanceof RpcError);
      return error.toJSON();
    }
    return assert.fail("it was told");
  };
  const unknown = refusal("ann", `${TRACE.id.slice(1)}X`);
  assert.equal(unknown.data.name, "not_traced");
  for (const user of [TRACE.to, "mallory"]) assert.deepEqual(refusal(user, TRACE.id), unknown);
});

Deno.test("msg.trace needs a sign-in, and an id that can be one", () => {
  const call = (params: unknown, session = new FakeSession(ANN)) => () =>
    msgTrace.call(params, session, new FakeServices());
  assert.throws(call({ id: TRACE.id }, new FakeSession()), { key: "unauthenticated" });
  for (const id of ["", TRACE.id.slice(1), `${TRACE.id}0`, 5, null]) {
    assert.throws(call({ id }), { key: "invalid_params" });
  }
});
