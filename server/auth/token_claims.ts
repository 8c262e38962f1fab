/**
 * What a token claims, once its signature is known to be good.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { decodeJwt, type JWTPayload } from "jose";
import { ECHO_USER, parseDeviceId, parseUserId } from "../../rpc/mod.ts";
import { BadCredentialError } from "../bad_credential.ts";
import { DATE_MS_MAX } from "../clock.ts";
import { CLOCK_SKEW_SECONDS } from "../jwt_rules.ts";
import type { VerifiedToken } from "./token_verifier.ts";

/** The `typ` of a refresh token, so that neither kind passes for the other (RFC 8725 §3.11). */
export const REFRESH_TYPE = "titan-refresh+jwt";

/** The longest id of a token or a session, in characters: revocations are remembered by it. */
export const TOKEN_ID_CHARS_MAX = 128;

/** What the ids of tokens begin with that have none of their own. */
const HASH_PREFIX = "sha256:";

/** What a valid access token says. */
export interface Claims {
  /** The user id, normalised. From `sub`, or `userid` in tokens of Titan's ancestors. */
  readonly user: string;
  /** The device id (`did`), where the token is for one device only. */
  readonly device: string | undefined;
  /** The token's own id (`jti`); where it has none, `sha256:` and a hash of what is signed. */
  readonly id: string;
  /** The device's session (`sid`), where Titan issued the token for one. */
  readonly session: string | undefined;
  /** When it was issued, in milliseconds since 1970; undefined where it does not say. */
  readonly issued: number | undefined;
  /** When it stops being valid, in milliseconds since 1970. */
  readonly expires: number;
}

/** What a valid refresh token says. */
export interface RefreshClaims {
  /** The user id, normalised. */
  readonly user: string;
  /** The device id. */
  readonly device: string;
  /** The device's session. */
  readonly session: string;
  /** Which refresh token of the session it is. */
  readonly generation: number;
  /** When it stops being valid, in milliseconds since 1970. */
  readonly expires: number;
}

/**
 * Reads an access token.
 *
 * @param token the text of the token
 * @param now milliseconds since 1970
 * @param maxAgeSeconds how long one lasts that says when it was issued and not when it ends
 * @throws {BadCredentialError} it is over, is a refresh token, or claims what cannot be.
 */
export function readClaims(
  token: string,
  { type, isOwn, payload }: VerifiedToken,
  now: number,
  maxAgeSeconds: number,
): Claims {
  if (type === REFRESH_TYPE) throw new BadCredentialError("malformed");
  const { issued, expires } = timesOf(payload, now, maxAgeSeconds);
  const device = deviceClaim(payload["did"]);
  // Other issuers have sessions of their own, and call them `sid` as well.
  const session = isOwn ? idClaim(payload["sid"]) : undefined;
  return {
    user: userClaim(payload),
    device,
    id: tokenId(token, payload),
    session,
    issued,
    expires,
  };
}

/**
 * Reads a refresh token.
 *
 * @param now milliseconds since 1970
 * @throws {BadCredentialError} it is over, is no refresh token, or lacks a claim.
 */
export function readRefreshClaims({ type, payload }: VerifiedToken, now: number): RefreshClaims {
  if (type !== REFRESH_TYPE) throw new BadCredentialError("malformed");
  const { expires } = timesOf(payload, now, undefined);
  const user = userClaim(payload);
  const device = deviceClaim(payload["did"]);
  if (device === undefined) throw new BadCredentialError("bad_device");
  const session = idClaim(payload["sid"]);
  const generation = payload["gen"];
  if (session === undefined || !isGeneration(generation)) throw new BadCredentialError("malformed");
  return { user, device, session, generation, expires };
}

/** The user that a token names, in any form; undefined where it names nobody. */
export function subjectOf(payload: JWTPayload): unknown {
  return payload.sub ?? payload["userid"];
}

/**
 * When a token was issued and when it ends, in milliseconds since 1970.
 *
 * @param maxAgeSeconds how long one lasts that does not say when it ends; undefined: it has to
 * @throws {BadCredentialError} it is over, or issued later than clocks can differ.
 */
function timesOf(
  payload: JWTPayload,
  now: number,
  maxAgeSeconds: number | undefined,
): Pick<Claims, "issued" | "expires"> {
  const issued = timeClaim(payload["iat"] ?? payload["created"]);
  const end = issued === undefined || maxAgeSeconds === undefined
    ? undefined
    : issued + maxAgeSeconds * 1000;
  const expires = timeClaim(payload.exp) ?? end;
  if (expires === undefined) throw new BadCredentialError("no_expiry");
  if (expires <= now) throw new BadCredentialError("expired");
  if (issued !== undefined && issued > now + CLOCK_SKEW_SECONDS * 1000) {
    throw new BadCredentialError("not_yet_valid");
  }
  // By a clock that is ahead a token would seem younger than the logout that is to end it.
  return { issued: issued === undefined ? undefined : Math.min(issued, now), expires };
}

/**
 * A `NumericDate` (RFC 7519 §2) in milliseconds: seconds since 1970, in Titan's own tokens with a
 * fraction, which binary numbers hold only nearly. JSON can spell numbers that are no date.
 */
function timeClaim(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const ms = typeof value === "number" ? Math.round(value * 1000) : NaN;
  if (!(Math.abs(ms) <= DATE_MS_MAX)) throw new BadCredentialError("malformed");
  return ms;
}

function userClaim(payload: JWTPayload): string {
  const subject = subjectOf(payload);
  if (subject === undefined) throw new BadCredentialError("no_subject");
  const user = typeof subject === "string" ? parseUserId(subject) : undefined;
  if (user === undefined || user === ECHO_USER) throw new BadCredentialError("bad_subject");
  return user;
}

function deviceClaim(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  const device = typeof value === "string" ? parseDeviceId(value) : undefined;
  if (device === undefined) throw new BadCredentialError("bad_device");
  return device;
}

function idClaim(value: unknown): string | undefined {
  if (value === undefined || isTokenId(value)) return value;
  throw new BadCredentialError("malformed");
}

/**
 * What an access token is known by, without any proof that it is one.
 *
 * @throws {Error} it is no token. @throws {BadCredentialError} its `jti` cannot be one.
 */
export function tokenIdOf(token: string): string {
  return tokenId(token, decodeJwt(token));
}

/** What a token is known by: two of the same id are the same token, or have the same maker. */
function tokenId(token: string, payload: JWTPayload): string {
  const id = idClaim(payload["jti"]);
  if (id === undefined) {
    // Without the signature: its last character can be written in several ways.
    const signed = token.slice(0, token.lastIndexOf("."));
    return HASH_PREFIX + createHash("sha256").update(signed).digest("base64url");
  }
  // It would pass for the id of a token that has none.
  if (id.startsWith(HASH_PREFIX)) throw new BadCredentialError("malformed");
  return id;
}

/** Whether a value can be the id of a token or a session. */
export function isTokenId(value: unknown): value is string {
  return typeof value === "string" && value.length >= 1 && value.length <= TOKEN_ID_CHARS_MAX &&
    value.isWellFormed();
}

/** Whether a value can be the number of a refresh token in its session. */
export function isGeneration(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
