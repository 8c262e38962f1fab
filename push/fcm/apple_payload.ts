/**
 * What an iPhone is sent.
 *
 * @module
 */
import type { PushContent } from "../push.ts";

/** What the application has in its `Localizable.strings`: "You have a new message" or the like. */
const MESSAGE_KEY = "TITAN_MESSAGE";

/** A payload of APNs: `aps` for the system, `titan` for the application and its extension. */
export type ApplePayload = {
  aps: {
    alert: { title?: string; body?: string; "loc-key"?: string };
    badge: number;
    sound?: string;
    "mutable-content": 1;
    "content-available"?: 1;
  };
  titan: { fetch?: boolean; sender?: string; nonce?: string };
};

/**
 * Makes the payload of a push. It is the one that {@linkcode ApnsProvider} sends, so that an
 * application need not know which way a push has come.
 */
export function applePayload(content: PushContent, urgent: boolean): ApplePayload {
  const { badge, fetch: toFetch, sender, text, nonce } = content;
  return {
    aps: {
      alert: {
        ...(sender === undefined ? {} : { title: sender }),
        ...(text === undefined ? { "loc-key": MESSAGE_KEY } : { body: text }),
      },
      badge,
      ...(urgent ? { sound: "default" } : {}),
      "mutable-content": 1,
      ...(toFetch || nonce !== undefined ? { "content-available": 1 } : {}),
    },
    titan: {
      ...(toFetch ? { fetch: toFetch } : {}),
      ...(sender === undefined ? {} : { sender }),
      ...(nonce === undefined ? {} : { nonce }),
    },
  };
}
