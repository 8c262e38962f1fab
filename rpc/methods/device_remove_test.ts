import assert from "node:assert/strict";
import { ANN, FakeServices, FakeSession } from "../fake_session.ts";
import { ACK } from "../method.ts";
import { RpcError } from "../rpc_error.ts";
import { deviceRemove } from "./device_remove.ts";

Deno.test("device.remove removes a device of the user who asks", async () => {
  const services = new FakeServices();
  for (const device of ["Tablet", "phone", "constructor"]) {
    assert.equal(await deviceRemove.call({ device }, new FakeSession(ANN), services), ACK);
    assert.deepEqual(services.accounts.calls.at(-1), ["removeDevice", "ann", device]);
  }
});

Deno.test("device.remove says that there is no such device", async () => {
  const services = new FakeServices();
  services.accounts.refusal = new RpcError("unknown_device");
  const call = async () =>
    await deviceRemove.call({ device: "attic" }, new FakeSession(ANN), services);
  await assert.rejects(call, { key: "unknown_device", code: -32014 });
});

Deno.test("device.remove removes nothing where no device is named", () => {
  const services = new FakeServices();
  for (const params of [undefined, {}, [], { device: "" }, { device: "a b" }, { device: 5 }]) {
    const call = () => deviceRemove.call(params, new FakeSession(ANN), services);
    assert.throws(call, { key: "invalid_params" });
  }
  assert.deepEqual(services.accounts.calls, []);
});
