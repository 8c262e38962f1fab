/**
 * Whether a token was signed by somebody who may sign: by whoever has our secret, or by whoever has
 * a private key that the deployment trusts. What a token claims is read in `tokens.ts`.
 *
 * @module
 */
import {
  type CryptoKey,
  decodeProtectedHeader,
  errors,
  type JWTPayload,
  jwtVerify,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
  type JWTVerifyResult,
} from "jose";
import { SIGNATURE_KEYS_MAX, TOKEN_CHARS_MAX } from "../../limits.ts";
import { BadCredentialError } from "../bad_credential.ts";
import { CLOCK_SKEW_SECONDS, PUBLIC_KEY_ALGORITHMS, refusalOf } from "../jwt_rules.ts";

/** The algorithm of our secrets, and the only one. */
export const SECRET_ALGORITHM = "HS256";

/** What a token says of how it was signed; nothing of it is proved (RFC 7515 §4). */
export interface TokenHeader {
  /** The algorithm, one of those for public keys. */
  readonly alg: string;
  /** What the key is called. */
  readonly kid?: string;
  /** All else. */
  readonly [name: string]: unknown;
}

/** A token in its parts, each in base64url (RFC 7515 §7.2.2). */
export interface TokenParts {
  /** The header. */
  readonly protected?: string;
  /** The claims. */
  readonly payload: string | Uint8Array;
  /** The signature over both. */
  readonly signature: string;
}

/**
 * Finds the key of a token, in a form that `jose` takes: every `JWTVerifyGetKey` of it does. Where
 * it cannot tell, it throws an error of its own, which goes through to whoever asked;
 * `JWKSNoMatchingKey` of `jose` says that there is no such key.
 */
export type GetTokenKey = (header: TokenHeader, token: TokenParts) => Promise<object> | object;

/** Public keys that verify tokens beside our secrets. */
export interface TokenKeys {
  /** Finds the key of a token. */
  readonly getKey: GetTokenKey;
  /** What `iss` of their tokens has to be; undefined: anything. */
  readonly issuer?: string | undefined;
  /** What has to be in `aud` of their tokens; undefined: anything. */
  readonly audience?: string | undefined;
}

/** A token whose signature is good and whose time has come and is not clearly over. */
export interface VerifiedToken {
  /** The `typ` of its header in small letters, without `application/` (RFC 7515 §4.1.9). */
  readonly type: string | undefined;
  /** Whether one of our secrets signed it; else one of the public keys' owners did. */
  readonly isOwn: boolean;
  /** What it claims. */
  readonly payload: JWTPayload;
}

/** What a {@linkcode TokenVerifier} checks signatures with. */
export interface TokenVerifierOptions {
  /** Our secrets, imported for HMAC with SHA-256. */
  readonly secrets: readonly CryptoKey[];
  /** Undefined: only our secrets count. */
  readonly keys?: TokenKeys | undefined;
}

/** Checks the signatures of tokens. */
export class TokenVerifier {
  readonly #secrets: readonly CryptoKey[];
  readonly #keys: TokenKeys | undefined;

  /** Keeps what tokens are checked with. */
  constructor({ secrets, keys }: TokenVerifierOptions) {
    this.#secrets = secrets;
    this.#keys = keys;
  }

  /**
   * Checks a token of anybody who may sign. What the token says of its algorithm chooses between
   * the secrets and the public keys, and neither is ever used as the other.
   *
   * @param now milliseconds since 1970
   * @throws {BadCredentialError} it is not valid. Errors of the lookup of a key go through.
   */
  async verify(token: string, now: number): Promise<VerifiedToken> {
    assertLength(token);
    const keys = algorithmOf(token) === SECRET_ALGORITHM ? undefined : this.#keys;
    if (keys === undefined) return await this.verifyOwn(token, now);
    return verified(await verifyByKeys(token, keys, now), false);
  }

  /**
   * Checks a token that only our secrets can have signed.
   *
   * @param now milliseconds since 1970
   * @throws {BadCredentialError} it is not valid.
   */
  async verifyOwn(token: string, now: number): Promise<VerifiedToken> {
    assertLength(token);
    const options = optionsAt(now, [SECRET_ALGORITHM]);
    try {
      const attempt = (secret: CryptoKey) => jwtVerify(token, secret, options);
      return verified(await firstFitting(this.#secrets, attempt), true);
    } catch (error) {
      throw refusalOf(error);
    }
  }
}

async function verifyByKeys(
  token: string,
  { getKey, issuer, audience }: TokenKeys,
  now: number,
): Promise<JWTVerifyResult> {
  const options: JWTVerifyOptions = {
    ...optionsAt(now, PUBLIC_KEY_ALGORITHMS),
    ...(issuer === undefined ? {} : { issuer }),
    ...(audience === undefined ? {} : { audience }),
  };
  let lookup: { readonly failure?: unknown } | undefined;
  const noted: JWTVerifyGetKey = async (header, parts) => {
    try {
      const key = await getKey(header, parts);
      lookup = {};
      // The library looks at what kind of key it is, whatever is promised here.
      return key as CryptoKey;
    } catch (failure) {
      lookup = { failure };
      throw failure;
    }
  };
  try {
    return await jwtVerify(token, noted, options).catch(async (error: unknown) => {
      // A token that names no key, where several would do (RFC 7515 §4.1.4): one may have signed.
      if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
      return await firstFitting(error, (key) => jwtVerify(token, key, options));
    });
  } catch (error) {
    if (lookup?.failure === error && !isAboutToken(error)) throw error;
    // A key was found, and it cannot be used with the algorithm that the token names.
    if (lookup !== undefined && error instanceof TypeError) {
      throw new BadCredentialError("unknown_key");
    }
    throw refusalOf(error);
  }
}

/** The first result of an attempt that does not fail for its key. */
async function firstFitting<K, T>(
  keys: Iterable<K> | AsyncIterable<K>,
  attempt: (key: K) => Promise<T>,
): Promise<T> {
  let count = 0;
  for await (const key of keys) {
    if (++count > SIGNATURE_KEYS_MAX) break;
    try {
      return await attempt(key);
    } catch (error) {
      // A type error: the key is of a kind that the token's algorithm cannot use.
      const isKeys = error instanceof errors.JWSSignatureVerificationFailed ||
        error instanceof TypeError;
      if (!isKeys) throw error;
    }
  }
  throw new BadCredentialError("bad_signature");
}

function verified({ protectedHeader, payload }: JWTVerifyResult, isOwn: boolean): VerifiedToken {
  const { typ } = protectedHeader;
  const type = typeof typ === "string" ? typ.toLowerCase().replace("application/", "") : undefined;
  return { type, isOwn, payload };
}

function optionsAt(now: number, algorithms: readonly string[]): JWTVerifyOptions {
  return {
    algorithms: [...algorithms],
    currentDate: new Date(now),
    clockTolerance: CLOCK_SKEW_SECONDS,
  };
}

function assertLength(token: string): void {
  if (token.length > TOKEN_CHARS_MAX) throw new BadCredentialError("too_long");
}

/** What a token says it was signed with; undefined where there is no telling. */
function algorithmOf(token: string): string | undefined {
  try {
    return decodeProtectedHeader(token).alg;
  } catch {
    return undefined;
  }
}

/** Whether the lookup of a key failed for what the token says, and not for the keys' sake. */
function isAboutToken(error: unknown): boolean {
  return error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys || error instanceof errors.JOSENotSupported;
}
