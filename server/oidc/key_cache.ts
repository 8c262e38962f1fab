/**
 * Published keys, kept: used for a while, refreshed behind their use, and used for longer where
 * whoever publishes them is away.
 *
 * @module
 */
import {
  createLocalJWKSet,
  type CryptoKey,
  errors,
  flattenedVerify,
  type JSONWebKeySet,
} from "jose";
import { SIGNATURE_KEYS_MAX } from "../../limits.ts";
import { BadCredentialError } from "../bad_credential.ts";
import { DocumentError, type FetchWorld } from "./document.ts";

/** How long keys are used before they are looked at again, in milliseconds. */
export const KEYS_FRESH_MS: number = 10 * 60_000;

/** How long keys are used that cannot be looked at again, in milliseconds. */
export const KEYS_STALE_MS: number = 24 * 3600 * 1000;

/** How often strangers' tokens can make us look for a key, in milliseconds. */
export const KEY_SEARCH_MS = 30_000;

/** The wait after a failure, in milliseconds; it doubles each time, up to the second. */
export const KEYS_RETRY_MS_MIN = 1000;
export const KEYS_RETRY_MS_MAX = 30_000;

/** Nothing can be said of a token: the keys of whoever signed it cannot be had at the moment. */
export class IssuerUnavailableError extends Error {
  /** The name of the class. */
  override readonly name = "IssuerUnavailableError";
  /** Milliseconds after which it is worth another try. */
  readonly retryMs: number;

  /**
   * Makes the error for one place.
   *
   * @param url where the keys are looked for
   * @param reason why they cannot be had, in a few words
   */
  constructor(url: string, reason: string, retryMs: number) {
    super(`Cannot get the keys of "${url}": ${reason}`);
    this.retryMs = retryMs;
  }
}

/** What a token says of its key, in its header. */
export interface KeyHeader {
  /** The algorithm. */
  readonly alg: string;
  /** What the key is called. */
  readonly kid?: string;
}

/** A token in its parts, each in base64url (RFC 7515 §7.2.2). */
export interface SignedParts {
  /** The header. */
  readonly protected?: string;
  /** The claims. */
  readonly payload: string | Uint8Array;
  /** The signature over both. */
  readonly signature: string;
}

/**
 * Finds the public key by which a token says that it is signed: a `JWTVerifyGetKey` of jose. Throws
 * {@linkcode IssuerUnavailableError} where the keys cannot be had, and `BadCredentialError`
 * (`unknown_key`) where the key is not among them.
 */
export type GetKey = (header: KeyHeader, token: SignedParts) => Promise<object>;

/** What a {@linkcode KeyCache} is made of. */
export interface KeyCacheOptions extends Pick<FetchWorld, "clock" | "log"> {
  /** What to call the place in errors and in the log. */
  readonly url: string;
  /** Fetches the keys. */
  readonly load: () => Promise<JSONWebKeySet>;
}

interface Keys {
  readonly select: ReturnType<typeof createLocalJWKSet>;
  /** What they are called. A token that gives no name may mean any of them. */
  readonly names: ReadonlySet<string | undefined>;
  /** When they were asked for, on the monotonic clock. */
  readonly asked: number;
}

/** The keys of one place. */
export class KeyCache {
  readonly #options: KeyCacheOptions;
  #keys: Keys | undefined;
  /** At most one at a time; it never rejects. Undefined: the keys could not be had. */
  #loading: Promise<Keys | undefined> | undefined;
  /** Failures since the last success; none: all is well. */
  #failures = 0;
  #reason = "";
  /** On the monotonic clock. */
  #retryAt = -Infinity;
  #searchAt = -Infinity;

  /** Loads nothing yet. */
  constructor(options: KeyCacheOptions) {
    this.#options = options;
  }

  /**
   * The key that a token names, or where it names none the key that fits.
   *
   * @throws {BadCredentialError} `unknown_key`; `bad_signature` where several could be meant
   * @throws {IssuerUnavailableError} the key may be there, but the keys cannot be had, or were looked
   * at too short a time ago.
   */
  async find(header: KeyHeader, token: SignedParts): Promise<CryptoKey> {
    const cached = this.#cached();
    const keys = cached ?? await this.#load() ?? this.#unavailable();
    const key = await select(keys, header, token);
    if (key !== undefined) return key;
    // Keys change, and their first token may be the first that we hear of it.
    const newer = await this.#search(cached);
    // Whoever brings the first token of a new key is not to blame for what strangers made us do.
    if (newer === undefined && !keys.names.has(header.kid)) this.#tooSoon();
    return (newer && await select(newer, header, token)) ?? unknownKey();
  }

  /** The keys, where they may be used; they are looked at again meanwhile where it is time. */
  #cached(): Keys | undefined {
    const keys = this.#keys;
    if (keys === undefined) return undefined;
    const age = this.#options.clock.monotonic() - keys.asked;
    if (age >= KEYS_STALE_MS) return undefined;
    if (age >= KEYS_FRESH_MS) void this.#load();
    return keys;
  }

  /**
   * Looks for newer keys than those that were there.
   *
   * @returns undefined where that was done a moment ago and would be too often.
   */
  async #search(known: Keys | undefined): Promise<Keys | undefined> {
    // They have come meanwhile.
    if (this.#keys !== known) return this.#keys;
    const now = this.#options.clock.monotonic();
    // A search that failed is still to be done: then only the wait after failures bounds it.
    if (this.#loading === undefined && this.#failures === 0 && now < this.#searchAt) return;
    this.#searchAt = now + KEY_SEARCH_MS;
    return await this.#load() ?? this.#unavailable();
  }

  /** Loads the keys, or waits for whoever does. @returns undefined where they cannot be had. */
  #load(): Promise<Keys | undefined> {
    if (this.#loading !== undefined) return this.#loading;
    if (this.#options.clock.monotonic() < this.#retryAt) return Promise.resolve(undefined);
    this.#loading = this.#loadNow().finally(() => this.#loading = undefined);
    return this.#loading;
  }

  async #loadNow(): Promise<Keys | undefined> {
    const { clock, load } = this.#options;
    const asked = clock.monotonic();
    try {
      const set = await load();
      const names = new Set([undefined, ...set.keys.map(({ kid }) => kid)]);
      const keys = { select: createLocalJWKSet(set), names, asked };
      this.#failures = 0;
      return this.#keys = keys;
    } catch (error) {
      this.#failed(error);
      return undefined;
    }
  }

  #failed(error: unknown): void {
    const { clock, log, url } = this.#options;
    const wait = Math.min(KEYS_RETRY_MS_MIN * 2 ** this.#failures, KEYS_RETRY_MS_MAX);
    this.#failures++;
    this.#retryAt = clock.monotonic() + wait;
    const known = error instanceof DocumentError;
    this.#reason = known ? error.reason : "fault";
    const reason = known || !(error instanceof Error) ? this.#reason : error.name;
    log?.warn("issuer keys not fetched", { url: known ? error.url : url, reason, ms: wait });
  }

  #tooSoon(): never {
    const { url, clock } = this.#options;
    const retryMs = Math.max(0, this.#searchAt - clock.monotonic());
    const reason = "asked_lately";
    throw new IssuerUnavailableError(url, reason, retryMs);
  }

  #unavailable(): never {
    const retryMs = Math.max(0, this.#retryAt - this.#options.clock.monotonic());
    throw new IssuerUnavailableError(this.#options.url, this.#reason, retryMs);
  }
}

/** @returns undefined where the key is not there, or is none that can be used. */
async function select(
  keys: Keys,
  header: KeyHeader,
  token: SignedParts,
): Promise<CryptoKey | undefined> {
  try {
    return await keys.select({ ...header }, token);
  } catch (error) {
    if (error instanceof errors.JWKSMultipleMatchingKeys) return await fitting(error, token);
    // An algorithm that is not for published keys.
    if (error instanceof errors.JOSENotSupported) throw new BadCredentialError("wrong_algorithm");
    // It is not there, or WebCrypto does not take it.
    return undefined;
  }
}

/** Of several keys the one by which a token is signed. */
async function fitting(
  candidates: errors.JWKSMultipleMatchingKeys,
  token: SignedParts,
): Promise<CryptoKey> {
  let tries = 0;
  for await (const key of candidates) {
    // A forged token costs as many checks as there are keys.
    if (++tries > SIGNATURE_KEYS_MAX) break;
    try {
      await flattenedVerify(token, key);
      return key;
    } catch (error) {
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
    }
  }
  throw new BadCredentialError("bad_signature");
}

function unknownKey(): never {
  throw new BadCredentialError("unknown_key");
}
