/**
 * Reads a push as FCM does (HTTP v1 API, `projects.messages.send`).
 *
 * @module
 */
import assert from "node:assert/strict";
import type { SeenPush } from "../../provider_contract.ts";
import type { PushContent } from "../../push.ts";
import { FCM_ADDITION_BYTES_MAX } from "../fcm_message.ts";

/** What FCM keeps a message for at the most. */
const TTL_SECONDS_MAX = 28 * 86_400;

/** A message, as far as it has the shape that it should. */
interface Message {
  token: string;
  android: {
    priority: string;
    ttl: string;
    "collapse_key": string;
    data: Record<string, string>;
  };
  apns: {
    headers: Record<string, string>;
    payload: {
      aps: { alert: { title?: string; body?: string }; badge: number };
      titan: Record<string, unknown>;
    };
  };
  webpush: { headers: Record<string, string>; data: Record<string, string> };
}

/**
 * Reads the body of a request.
 *
 * @param now milliseconds since 1970
 * @throws {assert.AssertionError} it is not as FCM wants it, or its parts do not say the same
 */
export function readPush(body: string, now: number): SeenPush {
  const request = JSON.parse(body);
  assert.deepEqual(Object.keys(request), ["message"]);
  const message: Message = request.message;
  assert.deepEqual(Object.keys(message).sort(), ["android", "apns", "token", "webpush"]);
  const { token, android, apns, webpush } = message;
  assert.deepEqual(Object.keys(android).sort(), ["collapse_key", "data", "priority", "ttl"]);
  assert.match(android.priority, /^(high|normal)$/);
  const urgent = android.priority === "high";
  const collapse = android.collapse_key;
  const expires = readExpiry(android.ttl, now);
  const content = readData(android.data);

  assert.deepEqual(webpush.data, android.data);
  const { TTL: ttl, ...hints } = webpush.headers;
  assert.equal(ttl, String(Math.ceil((expires - now) / 1000)));
  assert.deepEqual(hints, { Urgency: urgent ? "high" : "normal", Topic: collapse });
  const { "apns-expiration": expiration, ...headers } = apns.headers;
  assertSameTime(Number(expiration) * 1000, expires, now);
  assert.deepEqual(headers, {
    "apns-push-type": "alert",
    "apns-priority": urgent ? "10" : "5",
    "apns-collapse-id": collapse,
  });
  assert.deepEqual(readAlert(apns.payload), content);
  return { token, content, urgent, collapse, expires, payloadBytes: bytesOf(message) };
}

/** A time and how long it is until then say the same, but for the time that the push was on the way. */
function assertSameTime(time: number, expires: number, now: number): void {
  if (expires === now) assert.equal(time, 0);
  else assert.ok(Math.abs(time - expires) < 5000, `${time} is not ${expires}`);
}

/** Seconds with up to nine decimals and an "s". */
function readExpiry(ttl: string, now: number): number {
  assert.match(ttl, /^\d+(\.\d{1,9})?s$/);
  const seconds = Number(ttl.slice(0, -1));
  assert.ok(seconds <= TTL_SECONDS_MAX, "The ttl is too long");
  return now + seconds * 1000;
}

/** The data, which has strings alone. */
function readData(data: Record<string, string>): PushContent {
  for (const value of Object.values(data)) assert.equal(typeof value, "string");
  const { badge, fetch: toFetch, sender, text, nonce, ...rest } = data;
  assert.deepEqual(rest, {});
  assert.match(badge ?? "", /^\d+$/);
  assert.match(toFetch ?? "", /^(true|false)$/);
  return contentOf(Number(badge), toFetch === "true", { sender, text, nonce });
}

/** What an iPhone is told. */
function readAlert({ aps, titan }: Message["apns"]["payload"]): PushContent {
  const { fetch: toFetch, sender, nonce } = titan;
  assert.equal(aps.alert.title, sender);
  return contentOf(aps.badge, toFetch === true, { sender, text: aps.alert.body, nonce });
}

function contentOf(badge: number, toFetch: boolean, words: Record<string, unknown>): PushContent {
  const told = Object.entries(words).filter(([_name, word]) => word !== undefined);
  return { badge, fetch: toFetch, ...Object.fromEntries(told) };
}

/** The size of the largest part, with what FCM adds to those that it hands on to other services. */
function bytesOf({ android, apns, webpush }: Message): number {
  const length = (text: string) => new TextEncoder().encode(text).length;
  // "This includes both the keys and the values."
  const data = Object.entries(android.data).flat().map(length);
  return Math.max(
    data.reduce((sum, bytes) => sum + bytes),
    length(JSON.stringify(apns.payload)) + FCM_ADDITION_BYTES_MAX,
    length(JSON.stringify(webpush.data)) + FCM_ADDITION_BYTES_MAX,
  );
}
