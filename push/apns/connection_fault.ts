/**
 * Why there is no answer, in words.
 *
 * @module
 */

/** Why there is no answer. */
export interface ConnectionFault {
  /** What has ended: the one request, its connection, or the attempt to connect. */
  readonly ended: "request" | "connection" | "attempt";
  /** A sentence of this module. */
  readonly reason: string;
}

/** What stands before why there is no connection. */
const ATTEMPT = /client error \(Connect\): (.*)/s;

/** What a connection may lack, as Deno says it. */
const ATTEMPT_WORDS: readonly (readonly [pattern: RegExp, words: string])[] = [
  [/connection refused/i, "nobody listens there"],
  [/dns error/i, "the host has no address"],
  [/unreachable/i, "there is no way to the host"],
  [/timed out/i, "it took too long"],
  [/reset by peer/i, "it was reset"],
  [/corrupt message|tls|handshake/i, "TLS failed"],
];

/** What Deno says of a certificate that it does not trust. */
const CERTIFICATE = /invalid peer certificate: ([A-Za-z]{1,40})/;

/**
 * Says why `fetch` had no answer. Of the error nothing is repeated but the kind of a certificate's
 * fault: it holds the URL, and with that the token of the device.
 */
export function connectionFault(error: unknown): ConnectionFault {
  const text = messageOf(error);
  const attempt = ATTEMPT.exec(text)?.[1];
  if (attempt !== undefined) {
    return { ended: "attempt", reason: `Cannot connect to APNs: ${describe(attempt)}` };
  }
  return text.startsWith("stream error")
    ? { ended: "request", reason: "APNs reset the request" }
    : { ended: "connection", reason: "APNs ended the connection in the middle of the request" };
}

function describe(attempt: string): string {
  const fault = CERTIFICATE.exec(attempt)?.[1];
  if (fault !== undefined) return `its certificate is not trusted: ${fault}`;
  const known = ATTEMPT_WORDS.find(([pattern]) => pattern.test(attempt));
  return known?.[1] ?? "the connection failed";
}

/** `fetch` says what happened in the cause. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return "";
  return error.cause instanceof Error ? error.cause.message : error.message;
}
