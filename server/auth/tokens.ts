/**
 * The tokens by which users sign in: JSON Web Tokens (RFC 7519). Titan signs its own with HS256;
 * the deployment's back end may sign with the same secret, or with a private key.
 *
 * @module
 */
import { base64url, type CryptoKey, decodeJwt, type JWTPayload, SignJWT } from "jose";
import { TOKEN_CHARS_MAX } from "../../limits.ts";
import { ECHO_USER, parseDeviceId, parseUserId } from "../../rpc/mod.ts";
import { DATE_MS_MAX, type RandomBytes } from "../clock.ts";
import {
  type Claims,
  isGeneration,
  isTokenId,
  readClaims,
  readRefreshClaims,
  REFRESH_TYPE,
  type RefreshClaims,
  subjectOf,
} from "./token_claims.ts";
import { SECRET_ALGORITHM, type TokenKeys, TokenVerifier } from "./token_verifier.ts";

export type { Claims, RefreshClaims } from "./token_claims.ts";
export type { TokenKeys } from "./token_verifier.ts";

/** The shortest secret that is not weak: as long as the hash (RFC 7518 §3.2). */
const SECRET_BYTES_MIN = 32;

/** Random bytes in a token's id: two never meet. */
const TOKEN_ID_BYTES = 16;

/** What {@linkcode Tokens.sign} puts into a token. */
export interface TokenRequest {
  /** A user id, in any form. */
  readonly user: string;
  /** A device id, where the token is for one device only. */
  readonly device?: string | undefined;
  /** The device's session, where it belongs to one: 1 to 128 characters. */
  readonly session?: string | undefined;
  /** How long it is valid, in seconds; more than 0. */
  readonly ttlSeconds: number;
}

/** What {@linkcode Tokens.signRefresh} puts into a token. */
export interface RefreshRequest extends Required<TokenRequest> {
  /** A device id. */
  readonly device: string;
  /** The device's session: 1 to 128 characters. */
  readonly session: string;
  /** Which refresh token of the session it is: a whole number from 0. */
  readonly generation: number;
}

/** Options for {@linkcode createTokens}. */
export interface TokenOptions {
  /** The HS256 secrets: the first signs, all verify. At least one, of at least one byte each. */
  readonly secrets: readonly Uint8Array<ArrayBuffer>[];
  /** Public keys that verify access tokens as well; undefined: none. */
  readonly keys?: TokenKeys | undefined;
  /** How long a token is valid that says when it was issued and not when it expires. */
  readonly maxAgeSeconds: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Where the ids of tokens come from. */
  readonly random: RandomBytes;
}

/** Signs and verifies tokens. */
export interface Tokens {
  /**
   * Checks an access token. Expiry bears no clock skew: a token is over when it says so.
   *
   * @throws {BadCredentialError} it is not valid. Errors of {@linkcode TokenKeys.getKey} go through.
   */
  verify(token: string): Promise<Claims>;
  /**
   * Makes an access token with an id of its own.
   *
   * @throws {TypeError} the user, device, session or time cannot be in a valid token.
   */
  sign(request: TokenRequest): Promise<string>;
  /**
   * Checks a refresh token, which only our secrets can have signed.
   *
   * @throws {BadCredentialError} it is not valid.
   */
  verifyRefresh(token: string): Promise<RefreshClaims>;
  /**
   * Makes a refresh token.
   *
   * @throws {TypeError} one of the values cannot be in a valid token.
   */
  signRefresh(request: RefreshRequest): Promise<string>;
}

/**
 * Prepares secrets and keys for use.
 *
 * @throws {TypeError} there is no secret, or an empty one.
 */
export async function createTokens(options: TokenOptions): Promise<Tokens> {
  const { now, random, keys, maxAgeSeconds } = options;
  const secrets = await Promise.all(options.secrets.map(importSecret));
  const [signer] = secrets;
  if (signer === undefined) throw new TypeError("Cannot sign tokens: there is no secret");
  const verifier = new TokenVerifier({ secrets, keys });
  return {
    async verify(token) {
      const moment = now();
      return readClaims(token, await verifier.verify(token, moment), moment, maxAgeSeconds);
    },
    async sign(request) {
      const jti = base64url.encode(random(new Uint8Array(TOKEN_ID_BYTES)));
      return await signToken(request, { claims: { jti }, type: "JWT", now: now(), key: signer });
    },
    async verifyRefresh(token) {
      const moment = now();
      return readRefreshClaims(await verifier.verifyOwn(token, moment), moment);
    },
    async signRefresh(request) {
      const { generation: gen } = request;
      if (!isGeneration(gen)) throw new TypeError(`Cannot sign a token of generation ${gen}`);
      const claims = { gen };
      return await signToken(request, { claims, type: REFRESH_TYPE, now: now(), key: signer });
    },
  };
}

/** Whether a secret is short enough to be guessed from one token; it works all the same. */
export function weakSecret(secret: Uint8Array): boolean {
  return secret.length < SECRET_BYTES_MIN;
}

/**
 * The user that a token of either kind claims to be for, without any proof: only good for counting
 * failures.
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

async function importSecret(secret: Uint8Array<ArrayBuffer>): Promise<CryptoKey> {
  if (secret.length === 0) throw new TypeError("Cannot use the secret: it is empty");
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  return await crypto.subtle.importKey("raw", secret, algorithm, false, ["sign", "verify"]);
}

/** What of a token is not in the request for it. */
interface Signing {
  readonly claims: JWTPayload;
  readonly type: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly key: CryptoKey;
}

function signToken(request: TokenRequest, { claims, type, now, key }: Signing): Promise<string> {
  const { ttlSeconds, session: sid } = request;
  const sub = parseUserId(request.user);
  if (sub === undefined || sub === ECHO_USER) {
    throw new TypeError(`Cannot sign a token: "${request.user}" cannot be a user id`);
  }
  const did = request.device === undefined ? undefined : parseDeviceId(request.device);
  if (did === undefined && request.device !== undefined) {
    throw new TypeError(`Cannot sign a token: "${request.device}" cannot be a device id`);
  }
  if (sid !== undefined && !isTokenId(sid)) {
    throw new TypeError(`Cannot sign a token: "${sid}" cannot be a session's id`);
  }
  if (!(ttlSeconds > 0 && now + ttlSeconds * 1000 <= DATE_MS_MAX)) {
    throw new TypeError(`Cannot sign a token for ${ttlSeconds} s: must be more than 0, and end`);
  }
  // To the millisecond, so that tokens of one second can be told apart when some are revoked.
  const iat = now / 1000;
  const device = did === undefined ? {} : { did };
  const session = sid === undefined ? {} : { sid };
  return new SignJWT({ sub, ...device, ...session, ...claims, iat, exp: iat + ttlSeconds })
    .setProtectedHeader({ alg: SECRET_ALGORITHM, typ: type })
    .sign(key);
}
