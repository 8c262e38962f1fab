/**
 * What holds for every JSON Web Token that comes here, whoever signed it: an issuer of ID tokens,
 * the deployment's back end, or Titan itself.
 *
 * @module
 */
import { errors } from "jose";
import { BadCredentialError, type BadCredentialReason } from "./bad_credential.ts";

/**
 * The algorithms of public keys (RFC 7518 §3.1, RFC 8037 §3.1). None of them works with a secret, so
 * that nobody can sign with what everybody can read. `EdDSA` and `Ed25519` are the same here
 * (RFC 9864 §2.2).
 */
export const PUBLIC_KEY_ALGORITHMS: readonly string[] = [
  "EdDSA",
  "Ed25519",
  "ES256",
  "ES384",
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
];

/** The shortest RSA key, in bits (RFC 7518 §3.3). */
export const RSA_BITS_MIN = 2048;

/** How far the clock of whoever signed may be from ours: times in tokens bear this much. */
export const CLOCK_SKEW_SECONDS = 30;

/**
 * Makes a refusal of what the library threw at a token. Its errors hold the token's claims: they end
 * here.
 *
 * @returns a {@linkcode BadCredentialError}; an error that is not the library's as it is
 */
export function refusalOf(error: unknown): unknown {
  return error instanceof errors.JOSEError ? new BadCredentialError(reasonOf(error)) : error;
}

function reasonOf(error: errors.JOSEError): BadCredentialReason {
  if (error instanceof errors.JWSSignatureVerificationFailed) return "bad_signature";
  if (error instanceof errors.JOSEAlgNotAllowed) return "wrong_algorithm";
  if (error instanceof errors.JWKSNoMatchingKey) return "unknown_key";
  if (error instanceof errors.JWTExpired) return "expired";
  if (!(error instanceof errors.JWTClaimValidationFailed)) return "malformed";
  switch (error.claim) {
    case "iss":
      return "wrong_issuer";
    case "aud":
      return "wrong_audience";
    case "exp":
      return error.reason === "missing" ? "no_expiry" : "malformed";
    case "nbf":
      return error.reason === "check_failed" ? "not_yet_valid" : "malformed";
    default:
      return "malformed";
  }
}
