import assert from "node:assert/strict";
import { ANN, FakeServices, FakeSession, NOW } from "../fake_session.ts";
import { deviceList } from "./device_list.ts";

Deno.test("device.list tells the devices and which of them asks", async () => {
  const services = new FakeServices();
  services.accounts.devices = [
    { id: "__proto__", seen: NOW, online: false },
    { id: "phone", platform: "ios", name: "Ann's", push: "apns", seen: NOW, online: true },
  ];
  const seen = "2026-11-22T16:00:00.000Z";
  assert.deepEqual(await deviceList.call(undefined, new FakeSession(ANN), services), {
    devices: [
      { device: "__proto__", seen, online: false },
      {
        device: "phone",
        platform: "ios",
        name: "Ann's",
        push: "apns",
        seen,
        online: true,
        current: true,
      },
    ],
  });
  assert.deepEqual(services.accounts.calls, [["listDevices", "ann"]]);
});

Deno.test("device.list tells that there are none", async () => {
  const told = await deviceList.call({}, new FakeSession(ANN), new FakeServices());
  assert.deepEqual(told, { devices: [] });
});

Deno.test("device.list needs a user", () => {
  const call = () => deviceList.call(undefined, new FakeSession(), new FakeServices());
  assert.throws(call, { key: "unauthenticated" });
});
