/**
 * Why Titan closes a connection. Refusing a request is something else: see `rpc/rpc_error.ts`.
 * 4000-4099: reconnect now. 4100-4199: reconnect after the delay given in the reason. 4400-4499:
 * do not. The table of `docs/protocol.md` is compared with this one by a test.
 *
 * @module
 */
import { RpcError } from "../rpc/mod.ts";

/** A close code (RFC 6455 §7.4) and what the peer reads beside it. */
export interface CloseCode {
  readonly code: number;
  readonly reason: string;
}

/** All close codes by name. */
export const CLOSE = {
  /** A frame that is not text (RFC 6455 §7.4.1). */
  notText: { code: 1003, reason: "Only text frames are understood" },
  /** A frame past the limit (RFC 6455 §7.4.1). */
  frameTooLong: { code: 1009, reason: "Frame is longer than 262144 bytes" },
  /** The peer does not take what is sent to it; everything accepted is kept. */
  slow: { code: 4000, reason: "Reads too slowly: reconnect" },
  /** An acknowledgement is late and no sign of life came. */
  noPong: { code: 4001, reason: "No answer to ping: reconnect" },
  /** The client lives, but does not acknowledge. */
  ackLate: { code: 4002, reason: "Acknowledgement is late: reconnect" },
  /** The server had a fault in the middle of this connection. */
  fault: { code: 4003, reason: "Server fault: reconnect" },
  /** Nobody signed in in time. */
  signInLate: { code: 4004, reason: "No sign-in within 10 s: reconnect" },
  /** Too many requests are being worked on for this connection. */
  flood: { code: 4100, reason: "Too many requests at once: reconnect after 5 s" },
  /** The server is going down. */
  goingAway: { code: 4101, reason: "Server is stopping: reconnect after 2 s" },
  /** The disk refuses. */
  unavailable: { code: 4103, reason: "Storage is unavailable: reconnect after 5 s" },
  /** More failed sign-ins than are allowed. */
  tooManyFailures: { code: 4104, reason: "Too many failed sign-ins: reconnect after 60 s" },
  /** The token is not valid. */
  badCredential: { code: 4401, reason: "Credential is not valid" },
  /** The upgrade request's sign-in was refused, for a reason that stays. */
  refused: { code: 4403, reason: "Sign-in was refused" },
  /** A newer connection of the same device took over. */
  replaced: { code: 4409, reason: "Replaced by a newer connection of the same device" },
  /** The user or the device was removed. */
  removed: { code: 4410, reason: "The user or device was removed" },
} as const satisfies Record<string, CloseCode>;

/** Why a connection ends whose sign-in was refused; null where it may try again. */
export function closeAfter({ key }: RpcError): CloseCode | null {
  if (key === "bad_credential") return CLOSE.badCredential;
  return key === "rate_limited" ? CLOSE.tooManyFailures : null;
}

/** Why a connection ends whose upgrade request named somebody who could not be signed in. */
export function closeAfterUpgrade(error: unknown): CloseCode {
  if (error instanceof RpcError && error.key === "bad_credential") return CLOSE.badCredential;
  const canRetry = !(error instanceof RpcError) || error.data.retryable;
  return canRetry ? CLOSE.unavailable : CLOSE.refused;
}
