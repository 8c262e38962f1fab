import assert from "node:assert/strict";
import { deviceView, viewOfDevice } from "./device_view.ts";
import { NOW } from "./fake_session.ts";

Deno.test("viewOfDevice() tells what is known of a device, and no more", () => {
  const least = { id: "default", seen: NOW, online: false };
  const toldLeast = { device: "default", seen: "2026-11-22T16:00:00.000Z", online: false };
  assert.deepEqual(viewOfDevice(least), toldLeast);
  assert.deepEqual(deviceView.parse(toldLeast), toldLeast);
  const more = { platform: "ios", name: "Ann's", push: "apns" as const };
  const secrets = { session: { id: "s" }, token: "t" };
  assert.deepEqual(viewOfDevice({ ...least, ...more, ...secrets }), { ...toldLeast, ...more });
});
