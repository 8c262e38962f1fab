/**
 * `auth.jwt`: signs in with a token.
 *
 * @module
 */
import { z } from "zod";
import { DEVICE_ID_BYTES_MAX, TOKEN_CHARS_MAX, WINDOW_MESSAGES_MAX } from "../../limits.ts";
import { stringCheck } from "../invalid_params.ts";
import { ACK, defineMethod, type Method } from "../method.ts";
import type { SignInOptions } from "../session.ts";
import { parseDeviceId } from "../user_id.ts";

const token = z.string().max(TOKEN_CHARS_MAX).meta({ description: "A JSON Web Token" });

const device = z.string().check(stringCheck((value) =>
  parseDeviceId(value) ?? {
    detail: `must be 1 to ${DEVICE_ID_BYTES_MAX} bytes without white space or control characters`,
    limit: DEVICE_ID_BYTES_MAX,
  }
)).meta({ description: "The device", minLength: 1, maxLength: DEVICE_ID_BYTES_MAX });

const byName = z.object({
  token,
  device: device.optional(),
  window: z.int().min(1).max(WINDOW_MESSAGES_MAX).optional().meta({
    description: "Messages in flight to this client",
  }),
  receipts: z.boolean().optional().meta({ description: "Whether to send msg.receipt" }),
  start: z.enum(["oldest", "newest"]).optional().meta({
    description: "Where a further device of the user starts to read",
  }),
});

const welcome = z.object({
  user: z.string(),
  device: z.string(),
  pending: z.int().meta({ description: "Messages that wait for this device" }),
  window: z.int(),
  limits: z.record(z.string(), z.number()),
  heartbeat: z.int().meta({ description: "Seconds of silence after which to probe" }),
});

/** Signs in. A client that asks for more than the ancestors' `{token}` is told more than "ACK". */
export const authJwt: Method = defineMethod({
  name: "auth.jwt",
  summary: 'Signs in with a token. With any member but "token" it answers an object.',
  access: "anyone",
  signsIn: true,
  params: z.union([byName, z.tuple([token])]),
  result: z.union([z.literal("ACK"), welcome]),
  async handler(params, session) {
    const asked = Array.isArray(params) ? { token: params[0] } : params;
    const options = optionsOf(asked);
    const told = await session.signIn(asked.token, options);
    return options.rich ? told : ACK;
  },
});

/** Members that were left out stay out, since the defaults are the server's. */
function optionsOf({ device, window, receipts, start }: Partial<z.output<typeof byName>>) {
  const options: Omit<SignInOptions, "rich"> = {
    ...(device === undefined ? {} : { device }),
    ...(window === undefined ? {} : { window }),
    ...(receipts === undefined ? {} : { receipts }),
    ...(start === undefined ? {} : { start }),
  };
  return { ...options, rich: Object.keys(options).length > 0 };
}
