/**
 * Where a push service reaches a device, as its client gives it.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { z } from "zod";
import { PUSH_TOKEN_CHARS_MAX, PUSH_TOPIC_CHARS_MAX } from "../limits.ts";
import type { DeviceRegistration } from "./accounts.ts";
import { definedMembers } from "./defined_members.ts";
import { httpsUrl } from "./https_url.ts";
import { stringCheck } from "./invalid_params.ts";

/** Printable ASCII without blanks. */
const PLAIN = /^[!-~]+$/;

/** Bytes in hexadecimal. */
const HEX = /^(?:[0-9a-f]{2})+$/;

/** An uncompressed point of P-256 (RFC 8291 §3.1, SEC 1 §2.3.3): 4, then two numbers. */
const KEY_BYTES = 65;
const KEY_FIRST_BYTE = 4;

/** RFC 8291 §3.2. */
const AUTH_BYTES = 16;

const fcmToken = plainText("The device's registration token", PUSH_TOKEN_CHARS_MAX);

const apnsToken = z.string().check(stringCheck((value) => {
  // One device is one token, however its client writes the digits.
  const digits = value.length > PUSH_TOKEN_CHARS_MAX ? "" : value.toLowerCase();
  return HEX.test(digits) ? digits : {
    detail: `must be bytes in hexadecimal, 2 to ${PUSH_TOKEN_CHARS_MAX} digits`,
    limit: PUSH_TOKEN_CHARS_MAX,
  };
})).meta({ description: "The device token in hexadecimal", maxLength: PUSH_TOKEN_CHARS_MAX });

const topic = plainText("What APNs calls the application: its bundle id", PUSH_TOPIC_CHARS_MAX)
  .optional();

/** What `PushSubscription.toJSON()` answers (Push API §8.1). */
const subscription = z.object({
  endpoint: httpsUrl("Where the push service takes messages for this browser"),
  keys: z.object({
    p256dh: bytesText("The browser's public key", KEY_BYTES, KEY_FIRST_BYTE),
    auth: bytesText("The authentication secret", AUTH_BYTES),
  }),
  expirationTime: z.number().nullable().optional().meta({
    description: "When it ends, in milliseconds since 1970. Not used: the push service says so too",
  }),
});

/** The schema of where to wake a device. */
export const pushParam = z.discriminatedUnion("provider", [
  z.object({ provider: z.literal("fcm"), token: fcmToken, topic }),
  z.object({ provider: z.literal("apns"), token: apnsToken, topic }),
  z.object({ provider: z.literal("web"), subscription }),
]);

/**
 * Says where to wake a device in the words of the directory.
 *
 * @param push what {@linkcode pushParam} took
 */
export function pushAddressOf(
  push: z.output<typeof pushParam>,
): NonNullable<DeviceRegistration["push"]> {
  if (push.provider !== "web") return definedMembers(push);
  const { provider, subscription: { endpoint, keys } } = push;
  return { provider, token: endpoint, keys };
}

function plainText(description: string, charsMax: number): z.ZodString {
  const refusal = {
    detail: `must be 1 to ${charsMax} printable characters of ASCII without blanks`,
    limit: charsMax,
  };
  return z.string()
    .check(stringCheck((text) => text.length <= charsMax && PLAIN.test(text) ? text : refusal))
    .meta({ description, minLength: 1, maxLength: charsMax });
}

/** Bytes in the one form that base64url has for them (RFC 4648 §5), without padding. */
function bytesText(description: string, count: number, firstByte?: number): z.ZodString {
  const chars = Math.ceil(count * 8 / 6);
  const start = firstByte === undefined ? "" : `, the first of them ${firstByte}`;
  const refusal = { detail: `must be ${count} bytes in base64url without padding${start}` };
  const isFit = (text: string) => {
    const bytes = Buffer.from(text.length === chars ? text : "", "base64url");
    if (bytes.length !== count || bytes.toString("base64url") !== text) return false;
    return firstByte === undefined || bytes[0] === firstByte;
  };
  return z.string().check(stringCheck((text) => isFit(text) ? text : refusal))
    .meta({ description, minLength: chars, maxLength: chars });
}
