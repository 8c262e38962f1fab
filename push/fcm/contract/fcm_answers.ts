/**
 * What FCM answers (HTTP v1 API, "ErrorCode"; `google.rpc.Status`).
 *
 * @module
 */
import type { Situation } from "../../provider_contract.ts";

/** An answer over HTTP. */
export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly retryAfter?: string | undefined;
}

/** The answer to the push with a number. */
export function taken(projectId: string, index: number): Answer {
  return {
    status: 200,
    body: JSON.stringify({ name: `projects/${projectId}/messages/0:${index}` }),
  };
}

/** The answer to a request without a good access token. */
export function unauthenticated(): Answer {
  const message = "Request had invalid authentication credentials.";
  return fault(401, "UNAUTHENTICATED", message);
}

/** The answer to a request that is not as the API has it. */
export function invalid(message: string): Answer {
  return fault(400, "INVALID_ARGUMENT", message, "INVALID_ARGUMENT");
}

/** The answer in a situation; null where the push is to be accepted, or is not answered in whole. */
export function refusal(situation: Situation, request: string): Answer | null {
  switch (situation.kind) {
    case "unregistered":
      return fault(404, "NOT_FOUND", "Requested entity was not found.", "UNREGISTERED");
    case "bad_token":
      return invalid("The registration token is not a valid FCM registration token");
    case "wrong_topic":
      return fault(403, "PERMISSION_DENIED", "SenderId mismatch", "SENDER_ID_MISMATCH");
    case "too_large":
      return invalid("Android message is too big");
    case "rate_limited": {
      const answer = fault(429, "RESOURCE_EXHAUSTED", "Quota exceeded.", "QUOTA_EXCEEDED");
      return { ...answer, retryAfter: situation.retryAfter };
    }
    case "server_error": {
      const answer = situation.status === 500
        ? fault(500, "INTERNAL", "Internal error encountered.", "INTERNAL")
        : fault(503, "UNAVAILABLE", "The service is currently unavailable.", "UNAVAILABLE");
      return { ...answer, retryAfter: situation.retryAfter };
    }
    case "refused_credentials":
      return fault(403, "PERMISSION_DENIED", "Permission denied on resource project.");
    case "gibberish":
      return fault(400, request, request, request);
    default:
      return null;
  }
}

/** An error as `google.rpc.Status`; `code` is FCM's own. */
export function fault(status: number, name: string, message: string, code?: string): Answer {
  const details = code === undefined
    ? [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: name }]
    : [{ "@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", errorCode: code }];
  return {
    status,
    body: JSON.stringify({ error: { code: status, message, status: name, details } }),
  };
}
