/**
 * What an iPhone is sent, whichever way it comes.
 *
 * @module
 */
import type { PushContent } from "./push.ts";

/** What the application has in its `Localizable.strings`: "You have a new message" or the like. */
const MESSAGE_KEY = "TITAN_MESSAGE";

/** A payload of APNs ("Generating a remote notification"). */
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
 * Makes the payload of a push. APNs and FCM are given the same, so that an application need not know
 * which way a push has come. `aps` is for the system:
 *
 * - `alert`: the sender as its `title` and the text as its `body`. Where there is no text, `loc-key`
 *   is {@linkcode MESSAGE_KEY}, which the application translates: the system shows no alert without
 *   words, nor does it run the application's extension for one.
 * - `badge`: how many messages wait. 0 takes the badge away.
 * - `sound`: the system's own, where the push is urgent.
 * - `mutable-content`: a notification service extension may replace all this before it is shown, as
 *   with a sender's name out of the contacts, or with a text it fetched.
 * - `content-available`: where the application has something to do: to fetch, or to say that it saw
 *   the push. It is woken in the background.
 *
 * `titan` is for the application and its extension: `fetch` is true where more waits than is told
 * here; `sender` is who wrote the newest message; `nonce` is what to answer with `push.received`.
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
