/**
 * What becomes of a push, by what its service answers (RFC 8030 §5 to §8) or by what went wrong.
 * The words are all ours: a service may repeat the endpoint in its answers, which is secret.
 *
 * @module
 */
import type { PushOutcome } from "../push.ts";
import { readRetryAfter } from "../retry_after.ts";
import { ReceiverKeysError } from "./encrypt_push.ts";
import { EndpointError } from "./endpoint.ts";
import type { PostAnswer } from "./https_post.ts";

/** Whose answer it is, and when it came. */
export interface AnswerContext {
  /** The host of the push service: this much of an endpoint may be told. */
  readonly host: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** A reason becomes part of a log line, and hosts are as long as their owners like. */
const HOST_CHARS_MAX = 100;

/**
 * How services say that a subscription was made for another key than the one that signed: those of
 * Mozilla (401), of Google (403) and of Apple (400). The deployment's key is fine then, but not for
 * this subscription.
 */
const OTHER_KEY =
  /VAPID public key mismatch|do not correspond to the credentials used|VapidPkHashMismatch/;

/** Whether a service does not take the credentials that it was shown. */
export function isRefusal({ status, text }: PostAnswer): boolean {
  return (status === 401 || status === 403) && !OTHER_KEY.test(text);
}

/** Says what an answer means for the push. */
export function outcomeOfAnswer(answer: PostAnswer, { host, now }: AnswerContext): PushOutcome {
  const { status, retryAfter, text } = answer;
  if (status >= 200 && status <= 299) return { kind: "accepted" };
  if (status === 404 || status === 410) return { kind: "unregistered" };
  const answers = `${quote(host)} answers ${status}`;
  // A refusal is not `misconfigured`: whoever runs this service would say that of all of them.
  const refused = isRefusal(answer) ? " to a VAPID token that was just signed" : "";
  if (refused !== "" || isPassing(status)) {
    const afterMs = readRetryAfter(retryAfter, now);
    const reason = `${answers}${refused}`;
    return { kind: "retry", reason, ...(afterMs === undefined ? {} : { afterMs }) };
  }
  const reason = OTHER_KEY.test(text)
    ? `${answers}: the subscription is of another VAPID key`
    : answers;
  return { kind: "rejected", reason };
}

/** Says what an error means for the push that it ended. */
export function outcomeOfError(error: unknown, host: string): PushOutcome {
  if (error instanceof EndpointError || error instanceof ReceiverKeysError) {
    return { kind: "rejected", reason: error.message };
  }
  const code = codeOf(error);
  const reason = code === undefined
    ? `Connection to ${quote(host)} failed`
    : `${failureOf(code)} ${quote(host)} failed: ${code}`;
  return { kind: "retry", reason };
}

/** What is said to pass: too many pushes, in Microsoft's words 406, or a fault of the service. */
function isPassing(status: number): boolean {
  return status === 406 || status === 408 || status === 425 || status === 429 || status >= 500;
}

/** The code of an error of the network; its message may hold anything. */
function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  const { code } = error;
  return typeof code === "string" && /^[A-Z][A-Z0-9_]{1,60}$/.test(code) ? code : undefined;
}

/** What failed, up to the name of the host. */
function failureOf(code: string): string {
  if (/^(ENOTFOUND|ENODATA|EAI_\w+)$/.test(code)) return "Lookup of";
  return /TLS|SSL|CERT|SIGNATURE|_CA|CRL/.test(code) ? "TLS connection to" : "Connection to";
}

function quote(host: string): string {
  return `"${host.slice(0, HOST_CHARS_MAX)}"`;
}
