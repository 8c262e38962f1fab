/**
 * Whether an ID token is genuine, in time and for us (OpenID Connect Core §3.1.3.7).
 *
 * @module
 */
import { decodeJwt, type JWTPayload, jwtVerify } from "jose";
import { TOKEN_CHARS_MAX } from "../../limits.ts";
import { BadCredentialError } from "../bad_credential.ts";
import { CLOCK_SKEW_SECONDS, PUBLIC_KEY_ALGORITHMS, refusalOf } from "../jwt_rules.ts";
import type { IssuerConfig } from "./issuer_config.ts";
import type { GetKey } from "./key_cache.ts";

/**
 * Verifies an ID token.
 *
 * @param now milliseconds since 1970
 * @returns all that the token says
 * @throws {BadCredentialError} it is not valid.
 * @throws {IssuerUnavailableError} the keys cannot be had.
 */
export async function verifyIdToken(
  token: string,
  { issuer, aliases = [], audiences }: IssuerConfig,
  keys: GetKey,
  now: number,
): Promise<JWTPayload> {
  if (token.length > TOKEN_CHARS_MAX) throw new BadCredentialError("too_long");
  const names = [issuer, ...aliases];
  const findKey: GetKey = (header, parts) => {
    assertWorthAKey(decodeJwt(token), names, now);
    return keys(header, parts);
  };
  try {
    const { payload, protectedHeader } = await jwtVerify(token, findKey, {
      algorithms: [...PUBLIC_KEY_ALGORITHMS],
      issuer: names,
      audience: [...audiences],
      requiredClaims: ["exp"],
      clockTolerance: CLOCK_SKEW_SECONDS,
      currentDate: new Date(now),
    });
    assertIdToken(protectedHeader.typ);
    assertIssued(payload, now);
    assertParty(payload, audiences);
    return payload;
  } catch (error) {
    throw refusalOf(error);
  }
}

/**
 * No key is looked for where the token itself says that it is not for here and now: its key may
 * well be unknown, and looking for it costs a request.
 */
function assertWorthAKey({ iss, exp }: JWTPayload, names: readonly string[], now: number): void {
  if (iss === undefined || !names.includes(iss)) throw new BadCredentialError("wrong_issuer");
  if (typeof exp === "number" && (exp + CLOCK_SKEW_SECONDS) * 1000 <= now) {
    throw new BadCredentialError("expired");
  }
}

/**
 * Issuers sign more than ID tokens with the same key, for the same audience: a logout token, an
 * access token. Those say in their type that they are something else (RFC 8725 §3.11).
 */
function assertIdToken(type: unknown): void {
  const isJwt = typeof type === "string" && /^(?:application\/)?jwt$/i.test(type);
  if (type !== undefined && !isJwt) throw new BadCredentialError("malformed");
}

/** What the library leaves: JSON can spell numbers that are infinite, and `iat` may be ahead. */
function assertIssued({ exp, iat }: JWTPayload, now: number): void {
  if (!Number.isFinite(exp)) throw new BadCredentialError("malformed");
  if (iat !== undefined && iat * 1000 > now + CLOCK_SKEW_SECONDS * 1000) {
    throw new BadCredentialError("not_yet_valid");
  }
}

/** A token for several must have been given to one of ours (OpenID Connect Core §3.1.3.7, 4-5). */
function assertParty({ aud, azp }: JWTPayload, audiences: readonly string[]): void {
  if (!Array.isArray(aud) || aud.length < 2 || azp === undefined) return;
  const ours = typeof azp === "string" && audiences.includes(azp);
  if (!ours) throw new BadCredentialError("wrong_audience");
}
