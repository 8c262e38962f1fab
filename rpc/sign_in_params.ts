/**
 * What all ways of signing in take and answer alike.
 *
 * @module
 */
import { z } from "zod";
import { DEVICE_ID_BYTES_MAX, TOKEN_CHARS_MAX, WINDOW_MESSAGES_MAX } from "../limits.ts";
import { definedMembers } from "./defined_members.ts";
import { stringCheck } from "./invalid_params.ts";
import type { SignInOptions } from "./session.ts";
import { parseDeviceId } from "./user_id.ts";

/** A device's id, brought into its normal form. */
export const deviceId = z.string().check(stringCheck((value) =>
  parseDeviceId(value) ?? {
    detail: `must be 1 to ${DEVICE_ID_BYTES_MAX} bytes without white space or control characters`,
    limit: DEVICE_ID_BYTES_MAX,
  }
)).meta({ description: "The device", minLength: 1, maxLength: DEVICE_ID_BYTES_MAX });

/** The members that a sign-in can have beside its token. */
export const signInMembers = {
  device: deviceId.optional(),
  window: z.int().min(1).max(WINDOW_MESSAGES_MAX).optional().meta({
    description: "Messages in flight to this client",
  }),
  receipts: z.boolean().optional().meta({ description: "Whether to send msg.receipt" }),
  start: z.enum(["oldest", "newest"]).optional().meta({
    description: "Where a further device of the user starts to read",
  }),
};

/** The members of every answer to a sign-in that asked for an object, but for whom it names. */
export const welcomeMembers = {
  device: z.string(),
  pending: z.int().meta({ description: "Messages that wait for this device" }),
  window: z.int(),
  limits: z.record(z.string(), z.number()),
  heartbeat: z.int().meta({ description: "Seconds of silence after which to probe" }),
  epoch: z.string().meta({ description: "Changes when the server was restored from a backup" }),
};

/**
 * The schema of a token, which is at most `TOKEN_CHARS_MAX` characters long.
 *
 * @param description what kind of token it is
 */
export function tokenText(description: string): z.ZodString {
  return z.string().max(TOKEN_CHARS_MAX).meta({ description });
}

/** What a client asked for; a member that it left out may be undefined. */
type Asked = { readonly [K in keyof Omit<SignInOptions, "rich">]: SignInOptions[K] | undefined };

/**
 * What a client asked for, for its session. Members that were left out stay out, since the
 * defaults are the server's; any that is there asks for the object form.
 *
 * @param asked the members of {@linkcode signInMembers}
 */
export function signInOptions({ device, window, receipts, start }: Asked): SignInOptions {
  const options = definedMembers({ device, window, receipts, start });
  return { ...options, rich: Object.keys(options).length > 0 };
}
