import assert from "node:assert/strict";
import {
  DEVICES_MAX,
  FRAME_BYTES_MAX,
  HEARTBEAT_SECONDS,
  MESSAGE_TEXT_BYTES_MAX,
} from "../limits.ts";
import { deliveryOptions, welcome } from "./welcome.ts";

Deno.test("deliveryOptions() has a default for what a client leaves out", () => {
  const defaults = { window: 64, receipts: false, tellEmpty: false };
  assert.deepEqual(deliveryOptions({ rich: false }), defaults);
  const chosen = { window: 3, receipts: true, tellEmpty: true };
  assert.deepEqual(deliveryOptions({ window: 3, receipts: true, rich: true }), chosen);
});

Deno.test("welcome() tells the limits that a client should keep", () => {
  const { limits, ...told } = welcome(
    { user: "ann", device: "phone" },
    { pending: 3, window: 64, epoch: "e1" },
  );
  assert.deepEqual(told, {
    user: "ann",
    device: "phone",
    pending: 3,
    window: 64,
    heartbeat: HEARTBEAT_SECONDS,
    epoch: "e1",
  });
  assert.equal(limits["messageBytes"], MESSAGE_TEXT_BYTES_MAX);
  assert.equal(limits["frameBytes"], FRAME_BYTES_MAX);
  assert.equal(limits["devices"], DEVICES_MAX);
});
