/**
 * What is sent to APNs for a push ("Sending notification requests to APNs").
 *
 * @module
 */
import { applePayload } from "../apple_payload.ts";
import { fitPayload } from "../payload.ts";
import type { Push, PushContent } from "../push.ts";

/** A `POST` request but for where to and who asks. */
export interface ApnsRequest {
  /** The path of its URL. */
  readonly path: string;
  /** What it says of the push. */
  readonly headers: Readonly<Record<string, string>>;
  /** The payload. */
  readonly body: Uint8Array<ArrayBuffer>;
}

/** What can stand in a header, and is all that topics and collapse ids are made of. */
const VISIBLE = /^[!-~]+$/;

/** Applications write tokens in hexadecimal; this leaves room, and leads to no other path. */
const TOKEN = /^[A-Za-z0-9_-]+$/;

/** The longest `apns-collapse-id`, in bytes. */
const COLLAPSE_BYTES_MAX = 64;

/**
 * Makes the request of a push.
 *
 * @param topic what APNs calls the application, where the target does not say it
 * @param now milliseconds since 1970
 * @returns why there can be none, where the push is no good
 */
export function apnsRequest(push: Push, topic: string, now: number): ApnsRequest | string {
  const { target, collapse } = push;
  if (!TOKEN.test(target.token)) return "Device token has characters that no token has";
  const named = target.topic ?? topic;
  if (!VISIBLE.test(named)) return "Topic has characters that no topic has";
  if (!VISIBLE.test(collapse) || collapse.length > COLLAPSE_BYTES_MAX) {
    return "Collapse id is too long or has characters that none has";
  }
  const encode = (content: PushContent) => JSON.stringify(applePayload(content, push.urgent));
  const fitted = fitPayload(push.content, { encode });
  if (fitted === null) return "Payload is too large without text and sender too";
  const headers = {
    "apns-topic": named,
    "apns-push-type": "alert",
    // 5: when it suits the device's power.
    "apns-priority": push.urgent ? "10" : "5",
    "apns-expiration": `${expirationOf(push.expires, now)}`,
    "apns-collapse-id": collapse,
  };
  return { path: `/3/device/${target.token}`, headers, body: fitted.payload };
}

/** Seconds since 1970; 0 lets APNs deliver at once or never, and so do all times that are past. */
function expirationOf(expires: number, now: number): number {
  return expires <= now ? 0 : Math.ceil(expires / 1000);
}
