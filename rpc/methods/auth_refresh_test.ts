import assert from "node:assert/strict";
import { TOKEN_CHARS_MAX } from "../../limits.ts";
import { FakeServices, FakeSession } from "../fake_session.ts";
import { RpcError } from "../rpc_error.ts";
import { authRefresh } from "./auth_refresh.ts";

Deno.test("auth.refresh answers the next tokens and signs nobody in", async () => {
  for (const params of [{ refresh: "refresh-1" }, ["refresh-1"]]) {
    const [session, services] = [new FakeSession(), new FakeServices()];
    assert.deepEqual(await authRefresh.call(params, session, services), {
      token: "access-2",
      expires: "2026-11-22T16:00:01.000Z",
      refresh: "refresh-2",
      refreshExpires: "2026-11-22T16:00:02.000Z",
      user: "ann",
      device: "phone",
    });
    assert.deepEqual(services.accounts.calls, [["refresh", "refresh-1", session.address]]);
    assert.equal(session.identity, undefined);
  }
});

Deno.test("auth.refresh lets the refusal of a used token through", async () => {
  const services = new FakeServices();
  services.accounts.refusal = new RpcError("bad_credential", { detail: "reused" });
  const call = async () => await authRefresh.call(["refresh-1"], new FakeSession(), services);
  await assert.rejects(call, { key: "bad_credential" });
});

Deno.test("auth.refresh takes a token up to the limit and none past it", async () => {
  const services = new FakeServices();
  const refresh = "t".repeat(TOKEN_CHARS_MAX);
  await authRefresh.call({ refresh }, new FakeSession(), services);
  for (const params of [{ refresh: refresh + "t" }, [refresh + "t"], {}, [], undefined, [5]]) {
    const call = () => authRefresh.call(params, new FakeSession(), services);
    assert.throws(call, { key: "invalid_params" });
  }
  assert.equal(services.accounts.calls.length, 1);
});
