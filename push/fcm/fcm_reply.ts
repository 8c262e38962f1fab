/**
 * What FCM answers, and what becomes of the push.
 *
 * @module
 */
import type { PushOutcome } from "../push.ts";
import { readRetryAfter } from "../retry_after.ts";

/** What came of one request. */
export type FcmReply =
  /** FCM took the message. */
  | { readonly kind: "taken"; readonly id: string | undefined }
  /** FCM answered with a status that is none of success. */
  | {
    readonly kind: "refused";
    readonly status: number;
    /** What FCM calls the fault, where it says so. */
    readonly code: string | undefined;
    readonly retryAfter: string | undefined;
  }
  /** The push is not as FCM wants it, so that it was not asked, for this reason. */
  | { readonly kind: "unsendable"; readonly reason: string }
  /** No whole answer came, for this reason. */
  | { readonly kind: "broken"; readonly reason: string };

/** The detail of an answer that holds FCM's own code. */
const FCM_ERROR = "type.googleapis.com/google.firebase.fcm.v1.FcmError";

/** FCM's own codes (v1 `ErrorCode`); other words may be anything and are not repeated. */
const CODES: ReadonlySet<unknown> = new Set([
  "UNSPECIFIED_ERROR",
  "INVALID_ARGUMENT",
  "UNREGISTERED",
  "SENDER_ID_MISMATCH",
  "QUOTA_EXCEEDED",
  "UNAVAILABLE",
  "INTERNAL",
  "THIRD_PARTY_AUTH_ERROR",
]);

/**
 * Reads FCM's own code out of the body of an answer. The codes of `firebase-admin` do not do: to it
 * a project that does not exist is a token that is not registered, and all tokens would be forgotten.
 */
export function readFcmCode(body: unknown): string | undefined {
  const details = memberOf(memberOf(body, "error"), "details");
  if (!Array.isArray(details)) return undefined;
  const detail = details.find((detail) => memberOf(detail, "@type") === FCM_ERROR);
  const code = memberOf(detail, "errorCode");
  return typeof code === "string" && CODES.has(code) ? code : undefined;
}

/** Whether FCM found the access token expired or none, rather than a key of the application. */
export function isUnauthenticated(reply: FcmReply): boolean {
  return reply.kind === "refused" && reply.status === 401 &&
    reply.code !== "THIRD_PARTY_AUTH_ERROR";
}

/**
 * Says what becomes of a push.
 *
 * @param now milliseconds since 1970
 */
export function outcomeOf(reply: FcmReply, now: number): PushOutcome {
  if (reply.kind === "taken") {
    return { kind: "accepted", ...(reply.id === undefined ? {} : { id: reply.id }) };
  }
  if (reply.kind === "broken") return { kind: "retry", reason: reply.reason };
  if (reply.kind === "unsendable") return { kind: "rejected", reason: reply.reason };
  const { status, code, retryAfter } = reply;
  switch (code) {
    case "UNREGISTERED":
      return { kind: "unregistered" };
    case "SENDER_ID_MISMATCH":
      return { kind: "rejected", reason: "The token is of another Firebase project" };
    case "THIRD_PARTY_AUTH_ERROR":
      // Until somebody gives the project one; Android's tokens are none the worse for it.
      return {
        kind: "retry",
        reason: "The Firebase project has no good APNs or Web Push key for the application",
        deviceOnly: true,
      };
    default:
      return outcomeOfStatus(status, code, readRetryAfter(retryAfter, now));
  }
}

function outcomeOfStatus(
  status: number,
  code: string | undefined,
  afterMs: number | undefined,
): PushOutcome {
  const answer = `status ${status}${code === undefined ? "" : `, "${code}"`}`;
  switch (status) {
    case 401:
    case 403:
      return { kind: "misconfigured", reason: `FCM does not take the service account: ${answer}` };
    case 404:
      // Not a token's end, which has a code of its own.
      return { kind: "misconfigured", reason: `FCM does not know the project: ${answer}` };
    case 408:
    case 429:
      break;
    default:
      // FCM always says why. What does not is something in between: no push may be lost for it.
      if (code !== undefined && status >= 400 && status < 500) {
        return { kind: "rejected", reason: `FCM does not take the push: ${answer}` };
      }
  }
  const reason = `FCM cannot take the push now: ${answer}`;
  return afterMs === undefined ? { kind: "retry", reason } : { kind: "retry", reason, afterMs };
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;
}
