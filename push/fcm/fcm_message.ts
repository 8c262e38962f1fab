/**
 * What FCM is told of a push.
 *
 * @module
 */
import { type ApplePayload, applePayload } from "../apple_payload.ts";
import { fitPayload } from "../payload.ts";
import { PAYLOAD_BYTES_MAX, type Push, type PushContent } from "../push.ts";

/** A message of FCM's HTTP v1 API, as `firebase-admin` takes it. */
export interface FcmMessage {
  /** The registration token of the device. */
  token: string;
  /** What Android gets. */
  android: {
    priority: "high" | "normal";
    /** Milliseconds. */
    ttl: number;
    collapseKey: string;
    data: Record<string, string>;
  };
  /** What an iPhone gets: headers and payload of APNs. */
  apns: { headers: Record<string, string>; payload: ApplePayload };
  /** What a browser gets: headers of Web Push, and data. */
  webpush: { headers: Record<string, string>; data: Record<string, string> };
}

/** How long FCM keeps a message at the most, in milliseconds: 28 days. */
const TTL_MS_MAX = 28 * 86_400_000;

/**
 * What FCM adds on the way to an iPhone or a browser, in bytes: `gcm.message_id`, the sender and a few
 * more. Whether they count is not documented, so there is room for them.
 */
export const FCM_ADDITION_BYTES_MAX = 256;

/**
 * Makes the message of a push. A token does not tell whether it is of Android, an iPhone or a browser,
 * so there is a part for each, and FCM sends the one that is meant:
 *
 * - **Android**: data and no notification. Android shows a notification by itself and leaves the
 *   application asleep, which then can neither fetch nor answer a nonce. So the application is woken
 *   with `badge`, `fetch` and, where there are any, `sender`, `text` and `nonce`, all strings, and
 *   shows what there is. Of an urgent push (priority high) it must show something: Google makes
 *   those of an application that does not wait like the others.
 * - **iPhone**: an alert, as `apple_payload.ts` has it: iOS wakes no application that its user has
 *   closed.
 * - **Browser**: the same data as for Android; the service worker shows it.
 *
 * @param now milliseconds since 1970
 * @returns null where the push is too large even without its sender and its text
 */
export function fcmMessage(push: Push, now: number): FcmMessage | null {
  const { target, urgent, collapse, expires } = push;
  const fitted = fitPayload(push.content, {
    bytesMax: PAYLOAD_BYTES_MAX - FCM_ADDITION_BYTES_MAX,
    encode: (content) => longer(fcmData(content), applePayload(content, urgent)),
  });
  if (fitted === null) return null;
  // 0 stands for now or never with all three of them.
  const ttl = Math.min(Math.max(0, expires - now), TTL_MS_MAX);
  const data = fcmData(fitted.content);
  return {
    token: target.token,
    android: { priority: urgent ? "high" : "normal", ttl, collapseKey: collapse, data },
    apns: {
      headers: {
        "apns-push-type": "alert",
        "apns-priority": urgent ? "10" : "5",
        "apns-expiration": ttl === 0 ? "0" : String(Math.ceil((now + ttl) / 1000)),
        "apns-collapse-id": collapse,
      },
      payload: applePayload(fitted.content, urgent),
    },
    webpush: {
      headers: {
        TTL: String(Math.ceil(ttl / 1000)),
        Urgency: urgent ? "high" : "normal",
        Topic: collapse,
      },
      data,
    },
  };
}

/** The longer one of two payloads, as JSON. */
function longer(data: Record<string, string>, payload: ApplePayload): string {
  const [one, other] = [JSON.stringify(data), JSON.stringify(payload)];
  return one.length > other.length ? one : other;
}

/** Content as data of FCM, which has strings alone. */
function fcmData(content: PushContent): Record<string, string> {
  const { badge, fetch: toFetch, sender, text, nonce } = content;
  return {
    badge: String(badge),
    fetch: String(toFetch),
    ...(sender === undefined ? {} : { sender }),
    ...(text === undefined ? {} : { text }),
    ...(nonce === undefined ? {} : { nonce }),
  };
}
