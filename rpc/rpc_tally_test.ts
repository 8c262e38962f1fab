import assert from "node:assert/strict";
import { FakeCaller, FakeServices } from "./fake_session.ts";
import { createMethods } from "./methods/mod.ts";
import { Router } from "./router.ts";
import { RPC_ERRORS } from "./rpc_error.ts";
import { RpcTally } from "./rpc_tally.ts";

Deno.test("RpcTally counts what a router is asked, and what comes of it", async () => {
  const tally = new RpcTally();
  const services = new FakeServices();
  const router = new Router({ methods: createMethods(), services, report: () => "r", tally });

  const caller = new FakeCaller();
  const frames = [
    { id: 1, method: "ping" },
    { method: "ping" },
    { id: 2, method: "no.such" },
    { id: 3, method: "msg.send", params: [] },
    { id: "r1", result: "ACK" },
    { id: {}, method: 1 },
    [{ id: 4, method: "ping" }, { id: 5, method: "no.such" }],
  ];
  for (const frame of frames) await router.handle(JSON.stringify(frame), caller);
  await router.handle("{", caller);
  assert.deepEqual({ ...tally, errors: seen(tally.errors) }, {
    calls: 6,
    results: 3,
    replies: 1,
    errors: { method_not_found: 2, invalid_params: 1, invalid_request: 1, parse_error: 1 },
  });
});

/** Those that came at all. */
function seen(errors: RpcTally["errors"]): Readonly<Record<string, number>> {
  return Object.fromEntries([...errors].filter(([, count]) => count > 0));
}

Deno.test("RpcTally has every error from the start", () => {
  const { errors } = new RpcTally();
  assert.deepEqual([...errors.keys()], Object.keys(RPC_ERRORS));
  assert.deepEqual([...new Set(errors.values())], [0]);
});
