import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { DEVICE_NAME_CHARS_MAX, DEVICES_MAX, PLATFORM_CHARS_MAX } from "../../limits.ts";
import { ANN, FakeCaller, FakeServices, FakeSession } from "../fake_session.ts";
import { Router } from "../router.ts";
import { RpcError } from "../rpc_error.ts";
import { deviceRegister } from "./device_register.ts";
import { createMethods } from "./mod.ts";

const SEEN = "2026-11-22T16:00:00.000Z";
const KEYS = {
  p256dh: Buffer.alloc(65, 4).toString("base64url"),
  auth: Buffer.alloc(16).toString("base64url"),
};

async function register(params: unknown) {
  const services = new FakeServices();
  const result = await deviceRegister.call(params, new FakeSession(ANN), services);
  return { result, calls: services.accounts.calls };
}

/** Asserts that params are refused before anything is registered, and answers why. */
function refused(params: unknown): RpcError {
  const services = new FakeServices();
  try {
    deviceRegister.call(params, new FakeSession(ANN), services);
  } catch (error) {
    assert.ok(error instanceof RpcError);
    assert.equal(services.accounts.calls.length, 0);
    return error;
  }
  throw new Error("The params were taken");
}

Deno.test("device.register registers the session's own device where none is named", async () => {
  const { result, calls } = await register({ platform: "ios" });
  assert.deepEqual(calls, [["registerDevice", "ann", { device: "phone", platform: "ios" }]]);
  assert.deepEqual(result, { device: "phone", platform: "ios", seen: SEEN, online: true });
});

Deno.test("device.register registers any device of the user", async () => {
  for (const device of ["Tablet", "constructor", "__proto__"]) {
    const { calls } = await register({ device, platform: "web", name: "Ann's tablet" });
    assert.deepEqual(calls, [
      ["registerDevice", "ann", { device, platform: "web", name: "Ann's tablet" }],
    ]);
  }
});

Deno.test("device.register keeps where to wake a device to itself", async () => {
  const push = { provider: "apns", token: "00ab", topic: "org.example.app" };
  const { result, calls } = await register({ platform: "ios", push });
  assert.deepEqual(calls, [["registerDevice", "ann", { device: "phone", platform: "ios", push }]]);
  const told = { device: "phone", platform: "ios", push: "apns", seen: SEEN, online: true };
  assert.deepEqual(result, told);
});

Deno.test("device.register takes a browser's subscription", async () => {
  const subscription = { endpoint: "https://push.example.org/1", expirationTime: null, keys: KEYS };
  const { calls } = await register({ platform: "web", push: { provider: "web", subscription } });
  const push = { provider: "web", token: "https://push.example.org/1", keys: KEYS };
  assert.deepEqual(calls, [["registerDevice", "ann", { device: "phone", platform: "web", push }]]);
  const { message } = refused({ platform: "web", push: { provider: "web", token: "t" } });
  assert.equal(
    message,
    "Invalid params: params.push.subscription must be of type object",
  );
});

Deno.test("device.register takes push away where it is null", async () => {
  const { calls } = await register({ platform: "ios", push: null });
  assert.deepEqual(calls, [
    ["registerDevice", "ann", { device: "phone", platform: "ios", push: null }],
  ]);
});

Deno.test("device.register takes members up to their limits and none past them", async () => {
  const longest = {
    platform: "p".repeat(PLATFORM_CHARS_MAX),
    name: "\u{1F41D}".repeat(DEVICE_NAME_CHARS_MAX),
  };
  await register(longest);
  await register({ platform: "a-z_0.9" });
  const cases: [object, string, number?][] = [
    [{ platform: undefined }, "params.platform"],
    [{ platform: "" }, "params.platform", PLATFORM_CHARS_MAX],
    [{ platform: "iOS" }, "params.platform", PLATFORM_CHARS_MAX],
    [{ platform: "a\n" }, "params.platform", PLATFORM_CHARS_MAX],
    [{ platform: longest.platform + "p" }, "params.platform", PLATFORM_CHARS_MAX],
    [{ name: longest.name + "x" }, "params.name", DEVICE_NAME_CHARS_MAX],
    [{ name: "a\u202Eb" }, "params.name", DEVICE_NAME_CHARS_MAX],
    [{ name: null }, "params.name"],
    [{ device: "a b" }, "params.device", 64],
    [{ push: "token" }, "params.push"],
    [{ push: { provider: "sms" } }, "params.push.provider"],
  ];
  for (const [members, field, limit] of cases) {
    const { data } = refused({ platform: "ios", ...members });
    assert.equal(data.field, field);
    assert.equal(data.limit, limit);
  }
});

Deno.test("device.register says which device was away longest where there are too many", async () => {
  const services = new FakeServices();
  const details = { limit: DEVICES_MAX, oldest: "attic" };
  services.accounts.refusal = new RpcError("too_many_devices", details);
  const call = async () =>
    await deviceRegister.call({ platform: "ios" }, new FakeSession(ANN), services);
  const isTold = (error: RpcError) => error.data.oldest === "attic";
  await assert.rejects(call, isTold);
});

Deno.test("device.register does not sign in with the token of a push service", async () => {
  const caller = new FakeCaller(new FakeSession());
  const router = new Router({
    methods: createMethods(),
    services: new FakeServices(),
    report: () => "",
  });
  const params = { platform: "ios", push: { provider: "fcm", token: "good-token" } };
  const frame = JSON.stringify({ id: 1, method: "device.register", params });
  const answer = JSON.parse(await router.handle(frame, caller) ?? "");
  assert.equal(answer.error.data.name, "unauthenticated");
  assert.equal(caller.session.signIns.length, 0);
});
