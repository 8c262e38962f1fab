/**
 * What an answer of APNs means for a push.
 *
 * @module
 */
import type { PushOutcome } from "../push.ts";
import { readRetryAfter } from "../retry_after.ts";

/** What APNs answered to one request. */
export interface ApnsResponse {
  /** `:status`. */
  readonly status: number;
  /** `apns-id`: what APNs calls the push. */
  readonly id?: string;
  /** `retry-after`. */
  readonly retryAfter?: string;
  /** The body: JSON where the status is not 200. */
  readonly body: string;
}

/** What APNs calls a provider token whose time is over. */
const EXPIRED = "ExpiredProviderToken";

/** What APNs says of too many pushes to one device; with others it has no trouble. */
const TOO_MANY = "TooManyRequests";

/**
 * What APNs may say ("Handling notification responses from APNs"), by what it leads to. Nothing else
 * that is in a body gets into a reason: it could repeat the request.
 *
 * `BadDeviceToken` does not unregister a device. It is said of a token that is none, but of every
 * good token as well once a sandbox and a production endpoint are mixed up: a wrong
 * `TITAN_APNS_URL` would lead to all tokens being forgotten, and a phone whose token has not changed
 * may not register it again for weeks. What an application was removed from is told by 410.
 */
const KINDS: ReadonlyMap<string, "rejected" | "misconfigured" | "retry" | "unregistered"> = new Map(
  [
    ["BadCollapseId", "rejected"],
    ["BadDeviceToken", "rejected"],
    ["BadExpirationDate", "rejected"],
    ["BadMessageId", "rejected"],
    ["BadPath", "rejected"],
    ["BadPriority", "rejected"],
    ["BadTopic", "rejected"],
    ["DeviceTokenNotForTopic", "rejected"],
    ["DuplicateHeaders", "rejected"],
    ["InvalidPushType", "rejected"],
    ["MethodNotAllowed", "rejected"],
    ["MissingDeviceToken", "rejected"],
    ["MissingTopic", "rejected"],
    ["PayloadEmpty", "rejected"],
    ["PayloadTooLarge", "rejected"],
    ["TopicDisallowed", "rejected"],
    ["BadCertificate", "misconfigured"],
    ["BadCertificateEnvironment", "misconfigured"],
    ["BadEnvironmentKeyIdInToken", "misconfigured"],
    [EXPIRED, "misconfigured"],
    ["Forbidden", "misconfigured"],
    ["InvalidProviderToken", "misconfigured"],
    ["MissingProviderToken", "misconfigured"],
    ["UnrelatedKeyIdInToken", "misconfigured"],
    ["IdleTimeout", "retry"],
    ["InternalServerError", "retry"],
    ["ServiceUnavailable", "retry"],
    ["Shutdown", "retry"],
    ["TooManyProviderTokenUpdates", "retry"],
    [TOO_MANY, "retry"],
    ["ExpiredToken", "unregistered"],
    ["Unregistered", "unregistered"],
  ],
);

/** What APNs says where the key may not send for the topic. */
const ABOUT_TOPIC = ["BadTopic", "DeviceTokenNotForTopic", "MissingTopic", "TopicDisallowed"];

/** Reasons that are not clear by themselves. */
const HINTS: ReadonlyMap<string, string> = new Map([
  ["BadDeviceToken", "the token is none, or is of the other environment (sandbox or production)"],
  [EXPIRED, "a token that was just signed is too old, so the clock may be wrong"],
]);

/** Whether APNs found the provider token too old, so that another one can help. */
export function isExpiredToken({ status, body }: ApnsResponse): boolean {
  return status === 403 && readBody(body).reason === EXPIRED;
}

/** Whether a push was rejected for its topic and not for its device. */
export function isAboutTopic(
  outcome: PushOutcome,
): outcome is Extract<PushOutcome, { kind: "rejected" }> {
  return outcome.kind === "rejected" && ABOUT_TOPIC.some((said) => outcome.reason.endsWith(said));
}

/**
 * What becomes of a push after an answer.
 *
 * @param now milliseconds since 1970
 */
export function apnsOutcome(response: ApnsResponse, now: number): PushOutcome {
  const { status, id, body } = response;
  if (status === 200) return { kind: "accepted", ...(id === undefined ? {} : { id }) };
  const { reason: said, timestamp } = readBody(body);
  const known = KINDS.get(said);
  const kind = known === undefined || (known === "unregistered" && status !== 410)
    ? kindOf(status)
    : known;
  const reason = describe(status, said);
  switch (kind) {
    case "unregistered":
      return { kind, ...(timestamp === undefined ? {} : { since: timestamp }) };
    case "retry": {
      const afterMs = readRetryAfter(response.retryAfter, now);
      return {
        kind,
        reason,
        ...(afterMs === undefined ? {} : { afterMs }),
        ...(said === TOO_MANY ? { deviceOnly: true } : {}),
      };
    }
    default:
      return { kind, reason };
  }
}

/**
 * What an answer means that gives no reason that is documented. 410 alone forgets no token: such an
 * answer was cut off, or is not by APNs.
 */
function kindOf(status: number): "rejected" | "misconfigured" | "retry" {
  if (status === 401 || status === 403) return "misconfigured";
  // APNs always says why. What does not is something in between, and no push may be lost for it.
  return status === 413 ? "rejected" : "retry";
}

function describe(status: number, said: string): string {
  if (!KINDS.has(said)) return `APNs answered with status ${status} and no reason that is known`;
  const hint = HINTS.get(said);
  return `APNs answered with status ${status}: ${said}${hint === undefined ? "" : `: ${hint}`}`;
}

/** The reason, or "" for none; and the time, in milliseconds since 1970. */
function readBody(body: string): { readonly reason: string; readonly timestamp?: number } {
  const value = parse(body);
  if (typeof value !== "object" || value === null) return { reason: "" };
  const reason = "reason" in value && typeof value.reason === "string" ? value.reason : "";
  const timestamp = "timestamp" in value ? value.timestamp : undefined;
  return typeof timestamp === "number" ? { reason, timestamp } : { reason };
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}
