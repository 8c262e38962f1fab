/**
 * How a local APNs reads a request.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { SeenPush } from "../provider_contract.ts";
import { PAYLOAD_BYTES_MAX, type PushContent } from "../push.ts";

/** An answer that is not 200. */
export interface Refusal {
  readonly status: number;
  readonly reason: string;
  /** Milliseconds since 1970. */
  readonly timestamp?: number;
  readonly retryAfter?: string;
}

/** Reads a request, or says what APNs would find wrong with it. */
export function readNotification(
  headers: ReadonlyMap<string, string>,
  body: string,
  now: number,
): SeenPush | Refusal {
  const bad = (reason: string, status = 400): Refusal => ({ status, reason });
  const token = /^\/3\/device\/([^/]+)$/.exec(`${headers.get(":path")}`)?.[1];
  if (headers.get(":method") !== "POST") return bad("MethodNotAllowed", 405);
  if (token === undefined) return bad("BadPath", 404);
  if (!headers.has("apns-topic")) return bad("MissingTopic");
  if (headers.get("apns-push-type") !== "alert") return bad("InvalidPushType");
  const priority = headers.get("apns-priority");
  if (priority !== "10" && priority !== "5") return bad("BadPriority");
  const expiration = `${headers.get("apns-expiration")}`;
  if (!/^\d+$/.test(expiration)) return bad("BadExpirationDate");
  const collapse = `${headers.get("apns-collapse-id")}`;
  if (collapse.length > 64) return bad("BadCollapseId");
  const payloadBytes = new TextEncoder().encode(body).length;
  if (payloadBytes > PAYLOAD_BYTES_MAX) return bad("PayloadTooLarge", 413);
  return {
    token: decodeURIComponent(token),
    content: readContent(JSON.parse(body), priority === "10"),
    payloadBytes,
    urgent: priority === "10",
    collapse,
    expires: expiration === "0" ? now : Number(expiration) * 1000,
  };
}

/** What an application understands; what it could not is an error of the test. */
function readContent(payload: Payload, urgent: boolean): PushContent {
  const { aps: { alert, badge, ...aps }, titan: { fetch = false, sender, nonce } } = payload;
  const text = alert.body;
  assert.ok(text !== undefined || alert["loc-key"] === "TITAN_MESSAGE", "nothing would be shown");
  assert.equal(alert.title, sender);
  assert.equal(aps.sound, urgent ? "default" : undefined);
  assert.equal(aps["mutable-content"], 1);
  assert.equal(aps["content-available"], fetch || nonce !== undefined ? 1 : undefined);
  return {
    badge,
    fetch,
    ...(sender === undefined ? {} : { sender }),
    ...(text === undefined ? {} : { text }),
    ...(nonce === undefined ? {} : { nonce }),
  };
}

interface Payload {
  readonly aps: {
    readonly alert: {
      readonly title?: string;
      readonly body?: string;
      readonly "loc-key"?: string;
    };
    readonly badge: number;
    readonly sound?: string;
    readonly "mutable-content"?: number;
    readonly "content-available"?: number;
  };
  readonly titan: {
    readonly fetch?: boolean;
    readonly sender?: string;
    readonly nonce?: string;
  };
}
