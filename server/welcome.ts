/**
 * What a client chooses when it signs in, and what it is told then.
 *
 * @module
 */
import {
  DEVICES_MAX,
  FRAME_BYTES_MAX,
  HEARTBEAT_SECONDS,
  MESSAGE_TEXT_BYTES_MAX,
  SEND_MESSAGES_MAX,
  TTL_SECONDS_MAX,
  WINDOW_MESSAGES_DEFAULT,
} from "../limits.ts";
import type { Identity, SignInOptions, Welcome } from "../rpc/mod.ts";
import type { DeliveryOptions } from "./delivery.ts";

/** What a client is told of the limits. */
const WELCOME_LIMITS: Welcome["limits"] = {
  messageBytes: MESSAGE_TEXT_BYTES_MAX,
  frameBytes: FRAME_BYTES_MAX,
  sendMessages: SEND_MESSAGES_MAX,
  ttlSeconds: TTL_SECONDS_MAX,
  devices: DEVICES_MAX,
};

/** What a client chose, with the defaults. */
export function deliveryOptions(options: SignInOptions): DeliveryOptions {
  const { window = WINDOW_MESSAGES_DEFAULT, receipts = false, rich } = options;
  return { window, receipts, tellEmpty: rich };
}

/** What a client is told that asked for an object. */
export function welcome(
  identity: Identity,
  { pending, window, epoch }: Pick<Welcome, "pending" | "window" | "epoch">,
): Welcome {
  const limits = WELCOME_LIMITS;
  return { ...identity, pending, window, limits, heartbeat: HEARTBEAT_SECONDS, epoch };
}
