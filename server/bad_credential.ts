/**
 * Why a credential is refused.
 *
 * @module
 */

/** Why a token is not valid. It goes into the log and to the client. */
export type BadCredentialReason =
  | "too_long"
  | "malformed"
  | "wrong_algorithm"
  | "bad_signature"
  /** Signed with a key that the issuer does not publish. */
  | "unknown_key"
  | "expired"
  | "not_yet_valid"
  /** Neither `exp` nor `iat` or `created`: it would be valid for ever. */
  | "no_expiry"
  | "no_subject"
  | "bad_subject"
  | "bad_device"
  | "wrong_issuer"
  | "wrong_audience"
  | "no_email"
  | "unverified_email"
  /** It was valid until somebody logged out or an operator ended it. */
  | "revoked"
  /** A refresh token that was used before: its session is over. */
  | "reused";

/** A credential is not valid. Says why and holds nothing of it. */
export class BadCredentialError extends Error {
  /** The name of the class. */
  override readonly name = "BadCredentialError";
  /** Why the credential is not valid. */
  readonly reason: BadCredentialReason;

  /** Makes the error for a reason. */
  constructor(reason: BadCredentialReason) {
    super(`Cannot accept the token: ${reason}`);
    this.reason = reason;
  }
}
