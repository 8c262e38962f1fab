import assert from "node:assert/strict";
import { FakeServices, FakeSession } from "../fake_session.ts";
import { JsonText } from "../method.ts";
import { createMethods } from "./mod.ts";

Deno.test("rpc.discover answers the OpenRPC document to anyone, and makes it once", () => {
  const discover = createMethods().get("rpc.discover");
  const services = new FakeServices();
  const document = discover?.call(undefined, new FakeSession(), services);
  assert.ok(document instanceof JsonText);
  const { openrpc, info, methods } = JSON.parse(document.text);
  assert.equal(openrpc, "1.3.2");
  assert.equal(info.version, services.version);
  assert.ok(methods.some(({ name }: { name: string }) => name === "rpc.discover"));
  assert.equal(discover?.call(undefined, new FakeSession(), services), document);
});
