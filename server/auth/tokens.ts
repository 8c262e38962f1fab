/**
 * The tokens by which users sign in: JSON Web Tokens (RFC 7519) signed with HS256.
 *
 * @module
 */
import { base64url, decodeJwt, errors, type JWTPayload, jwtVerify, SignJWT } from "jose";
import { TOKEN_CHARS_MAX } from "../../limits.ts";
import { ECHO_USER, parseDeviceId, parseUserId } from "../../rpc/mod.ts";
import type { RandomBytes } from "../clock.ts";

/** The only algorithm: what a token says of itself must not choose how it is checked. */
const ALGORITHM = "HS256";

/** How far the clock of whoever signed may be ahead of ours: `iat` and `nbf` bear this much. */
const CLOCK_SKEW_SECONDS = 30;

/** The shortest secret that is not weak: as long as the hash (RFC 7518 §3.2). */
const SECRET_BYTES_MIN = 32;

/** Random bytes in a token's id: two never meet. */
const TOKEN_ID_BYTES = 16;

/** The longest id of a token that is accepted, in characters: revocations are remembered by it. */
const TOKEN_ID_CHARS_MAX = 128;

/** What a valid token says. */
export interface Claims {
  /** The user id, normalised. From `sub`, or `userid` in tokens of Titan's ancestors. */
  readonly user: string;
  /** The device id (`did`), where the token is for one device only. */
  readonly device: string | undefined;
  /** The token's own id (`jti`). */
  readonly id: string | undefined;
  /** When it stops being valid, in milliseconds since 1970. */
  readonly expires: number;
}

/** What {@linkcode Tokens.sign} puts into a token. */
export interface TokenRequest {
  /** A user id, in any form. */
  readonly user: string;
  /** A device id, where the token is for one device only. */
  readonly device?: string | undefined;
  /** How long it is valid, in seconds; more than 0. */
  readonly ttlSeconds: number;
}

/** Why a token is not valid. */
export type BadCredentialReason =
  | "too_long"
  | "malformed"
  | "wrong_algorithm"
  | "bad_signature"
  | "expired"
  | "not_yet_valid"
  /** Neither `exp` nor `iat` or `created`: it would be valid for ever. */
  | "no_expiry"
  | "no_subject"
  | "bad_subject"
  | "bad_device";

/** A token is not valid. Says why and holds nothing of the token. */
export class BadCredentialError extends Error {
  /** The name of the class. */
  override readonly name = "BadCredentialError";
  /** Why the token is not valid. */
  readonly reason: BadCredentialReason;

  /** Makes the error for a reason. */
  constructor(reason: BadCredentialReason) {
    super(`Cannot accept the token: ${reason}`);
    this.reason = reason;
  }
}

/** Options for {@linkcode createTokens}. */
export interface TokenOptions {
  /** The HS256 secret; at least one byte. */
  readonly secret: Uint8Array<ArrayBuffer>;
  /** How long a token is valid that says when it was issued and not when it expires. */
  readonly maxAgeSeconds: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Where the ids of tokens come from. */
  readonly random: RandomBytes;
}

/** Signs and verifies tokens with one secret. */
export interface Tokens {
  /**
   * Checks a token. Expiry bears no clock skew: a token is over when it says so.
   *
   * @throws {BadCredentialError} it is not valid.
   */
  verify(token: string): Promise<Claims>;
  /**
   * Makes a token with an id of its own.
   *
   * @throws {TypeError} the user, device or time cannot be in a valid token.
   */
  sign(request: TokenRequest): Promise<string>;
}

/**
 * Prepares a secret for use.
 *
 * @throws {TypeError} the secret is empty.
 */
export async function createTokens(options: TokenOptions): Promise<Tokens> {
  if (options.secret.length === 0) throw new TypeError("Cannot use the secret: it is empty");
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const usages: KeyUsage[] = ["sign", "verify"];
  const key = await crypto.subtle.importKey("raw", options.secret, algorithm, false, usages);
  return {
    async verify(token) {
      if (token.length > TOKEN_CHARS_MAX) throw new BadCredentialError("too_long");
      const now = options.now();
      return readClaims(await readSigned(token, key, now), now, options.maxAgeSeconds);
    },
    async sign(request) {
      return await signToken(request, key, options);
    },
  };
}

/** Whether a secret is short enough to be guessed from one token; it works all the same. */
export function weakSecret(secret: Uint8Array): boolean {
  return secret.length < SECRET_BYTES_MIN;
}

/**
 * The user that a token claims to be for, without any proof: only good for counting failures.
 *
 * @returns the normalised user id, or undefined where the token names nobody.
 */
export function claimedUser(token: string): string | undefined {
  if (token.length > TOKEN_CHARS_MAX) return undefined;
  try {
    const subject = subjectOf(decodeJwt(token));
    return typeof subject === "string" ? parseUserId(subject) : undefined;
  } catch {
    return undefined;
  }
}

async function readSigned(token: string, key: CryptoKey, now: number): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(token, key, {
      algorithms: [ALGORITHM],
      currentDate: new Date(now),
      clockTolerance: CLOCK_SKEW_SECONDS,
    });
    return payload;
  } catch (error) {
    // The library's errors hold the token's claims: they end here.
    if (error instanceof errors.JOSEError) throw new BadCredentialError(reasonOf(error));
    throw error;
  }
}

function reasonOf(error: errors.JOSEError): BadCredentialReason {
  if (error instanceof errors.JWSSignatureVerificationFailed) return "bad_signature";
  if (error instanceof errors.JOSEAlgNotAllowed) return "wrong_algorithm";
  if (error instanceof errors.JWTExpired) return "expired";
  const early = error instanceof errors.JWTClaimValidationFailed && error.reason === "check_failed";
  return early ? "not_yet_valid" : "malformed";
}

function readClaims(payload: JWTPayload, now: number, maxAgeSeconds: number): Claims {
  const issued = timeClaim(payload["iat"] ?? payload["created"]);
  const expiry = timeClaim(payload.exp) ?? (issued === undefined ? issued : issued + maxAgeSeconds);
  if (expiry === undefined) throw new BadCredentialError("no_expiry");
  const expires = expiry * 1000;
  if (expires <= now) throw new BadCredentialError("expired");
  if (issued !== undefined && issued * 1000 > now + CLOCK_SKEW_SECONDS * 1000) {
    throw new BadCredentialError("not_yet_valid");
  }
  const device = deviceClaim(payload["did"]);
  return { user: userClaim(payload), device, id: idClaim(payload["jti"]), expires };
}

/** A `NumericDate` (RFC 7519 §2): seconds since 1970. JSON can spell numbers that are infinite. */
function timeClaim(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== "number" || !Number.isFinite(value * 1000)) {
    throw new BadCredentialError("malformed");
  }
  return value;
}

function subjectOf(payload: JWTPayload): unknown {
  return payload.sub ?? payload["userid"];
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
  if (value === undefined) return undefined;
  if (typeof value !== "string" || value.length > TOKEN_ID_CHARS_MAX) {
    throw new BadCredentialError("malformed");
  }
  return value;
}

function signToken(request: TokenRequest, key: CryptoKey, options: TokenOptions): Promise<string> {
  const user = parseUserId(request.user);
  if (user === undefined || user === ECHO_USER) {
    throw new TypeError(`Cannot sign a token: "${request.user}" cannot be a user id`);
  }
  const device = request.device === undefined ? undefined : parseDeviceId(request.device);
  if (device === undefined && request.device !== undefined) {
    throw new TypeError(`Cannot sign a token: "${request.device}" cannot be a device id`);
  }
  if (!(request.ttlSeconds > 0 && Number.isFinite(request.ttlSeconds))) {
    throw new TypeError(`Cannot sign a token for ${request.ttlSeconds} s: must be more than 0`);
  }
  const issued = Math.floor(options.now() / 1000);
  return new SignJWT(device === undefined ? {} : { did: device })
    .setProtectedHeader({ alg: ALGORITHM, typ: "JWT" })
    .setSubject(user)
    .setIssuedAt(issued)
    .setExpirationTime(issued + request.ttlSeconds)
    .setJti(base64url.encode(options.random(new Uint8Array(TOKEN_ID_BYTES))))
    .sign(key);
}
