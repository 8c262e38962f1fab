import assert from "node:assert/strict";
import type { Message } from "firebase-admin/messaging";
import type { Push } from "../push.ts";
import { type FcmMessage, fcmMessage } from "./fcm_message.ts";

const NOW = Date.UTC(2026, 10, 22, 16);

const PUSH: Push = {
  target: { token: "abc" },
  content: { badge: 3, fetch: false, sender: "ann@x.test", text: "Hi", nonce: "n1" },
  urgent: true,
  collapse: "k1",
  expires: NOW + 90_500,
};

function messageOf(parts: Partial<Push> = {}): FcmMessage {
  const message = fcmMessage({ ...PUSH, ...parts }, NOW);
  assert.ok(message !== null);
  return message;
}

Deno.test("fcmMessage() has a part for Android, for iPhones and for browsers", () => {
  // The compiler looks whether it is a message to `firebase-admin`.
  const message: Message = messageOf();
  const data = { badge: "3", fetch: "false", sender: "ann@x.test", text: "Hi", nonce: "n1" };
  assert.deepEqual(message, {
    token: "abc",
    android: { priority: "high", ttl: 90_500, collapseKey: "k1", data },
    apns: {
      headers: {
        "apns-push-type": "alert",
        "apns-priority": "10",
        "apns-expiration": String(NOW / 1000 + 91),
        "apns-collapse-id": "k1",
      },
      payload: {
        aps: {
          alert: { title: "ann@x.test", body: "Hi" },
          badge: 3,
          sound: "default",
          "mutable-content": 1,
          "content-available": 1,
        },
        titan: { sender: "ann@x.test", nonce: "n1" },
      },
    },
    webpush: { headers: { TTL: "91", Urgency: "high", Topic: "k1" }, data },
  });
});

Deno.test("fcmMessage() lets what is not urgent wait for a good moment", () => {
  const { android, apns, webpush } = messageOf({ urgent: false });
  assert.equal(android.priority, "normal");
  assert.equal(apns.headers["apns-priority"], "5");
  assert.equal(webpush.headers["Urgency"], "normal");
});

Deno.test("fcmMessage() has what is past delivered at once or never, and keeps 28 days at most", () => {
  const times = (expires: number) => {
    const { android, apns, webpush } = messageOf({ expires });
    return [android.ttl, apns.headers["apns-expiration"], webpush.headers["TTL"]];
  };
  assert.deepEqual(times(NOW - 1), [0, "0", "0"]);
  assert.deepEqual(times(NOW), [0, "0", "0"]);
  const days = 28 * 86_400;
  const longest = [days * 1000, String(NOW / 1000 + days), String(days)];
  assert.deepEqual(times(NOW + days * 1000), longest);
  assert.deepEqual(times(NOW + days * 1000 + 1), longest);
  assert.deepEqual(times(Infinity), longest);
});

Deno.test("fcmMessage() leaves a text out of all parts that is too long for one", () => {
  // Escaped for the iPhone it takes six times as much.
  const text = "\u0001".repeat(700);
  const { android, apns, webpush } = messageOf({ content: { ...PUSH.content, text } });
  const data = { badge: "3", fetch: "true", sender: "ann@x.test", nonce: "n1" };
  assert.deepEqual([android.data, webpush.data], [data, data]);
  assert.deepEqual(apns.payload.aps.alert, { title: "ann@x.test", "loc-key": "TITAN_MESSAGE" });
  assert.equal(apns.payload.titan.fetch, true);
});

Deno.test("fcmMessage() answers null where nothing can be left out", () => {
  const content = { badge: 1, fetch: true, nonce: "n".repeat(4096) };
  assert.equal(fcmMessage({ ...PUSH, content }, NOW), null);
});
