/**
 * The access tokens with which FCM is spoken to.
 *
 * @module
 */
import { type CryptoKey, importPKCS8, SignJWT } from "jose";
import type { PushClock } from "../push_world.ts";
import { readRetryAfter } from "../retry_after.ts";
import { describeFault } from "./fault.ts";
import { type FormReply, postForm } from "./form_post.ts";
import type { ServiceAccount } from "./service_account.ts";
import type { Connect } from "./tls_connection.ts";

/** An access token, or why there is none. */
export type TokenOutcome =
  | { readonly kind: "token"; readonly token: string }
  | { readonly kind: "retry"; readonly reason: string; readonly afterMs?: number }
  | { readonly kind: "misconfigured"; readonly reason: string };

/** What {@linkcode AccessTokens} needs. */
export interface AccessTokensOptions {
  readonly account: ServiceAccount;
  /** Where signatures are changed for tokens. */
  readonly url: URL;
  readonly connect: Connect;
  readonly clock: PushClock;
}

/** What the tokens are good for: to send, and nothing else that the service account may do. */
const SCOPE = "https://www.googleapis.com/auth/firebase.messaging";

/** How long a signature is good, in seconds: the longest that Google takes. */
const ASSERTION_SECONDS = 3600;

/** How long the token endpoint may take, in milliseconds: less than a push may. */
const FETCH_MS_MAX = 8000;

/** How long before its end a token is renewed, in milliseconds: a push may wait for its turn. */
const RENEWAL_MS = 300_000;

/** What a refusal may be named after (RFC 6749 §5.2); other words may be anything. */
const REFUSALS: ReadonlySet<unknown> = new Set([
  "invalid_request",
  "invalid_client",
  "invalid_grant",
  "unauthorized_client",
  "unsupported_grant_type",
  "invalid_scope",
]);

/** Signs for access tokens (RFC 7523), and keeps one as long as it is good. */
export class AccessTokens implements AsyncDisposable {
  readonly #options: AccessTokensOptions;
  readonly #key: CryptoKey;
  readonly #end = new AbortController();
  #kept: { readonly token: string; readonly expires: number } | undefined;
  #fetch: Promise<TokenOutcome> | undefined;

  private constructor(options: AccessTokensOptions, key: CryptoKey) {
    this.#options = options;
    this.#key = key;
  }

  /** Reads the key of the account. @throws {TypeError} it is none */
  static async open(options: AccessTokensOptions): Promise<AccessTokens> {
    try {
      return new AccessTokens(options, await importPKCS8(options.account.privateKey, "RS256"));
    } catch (cause) {
      throw new TypeError('Cannot read the service account: its "private_key" is no RSA key', {
        cause,
      });
    }
  }

  /** The token of now. Of many who ask at once one fetches it, for all. Never rejects. */
  current(): Promise<TokenOutcome> {
    const { clock } = this.#options;
    if (this.#kept !== undefined && clock.now() < this.#kept.expires - RENEWAL_MS) {
      return Promise.resolve({ kind: "token", token: this.#kept.token });
    }
    this.#fetch ??= this.#fetchToken().finally(() => this.#fetch = undefined);
    return this.#fetch;
  }

  /** Forgets a token that FCM no longer takes, if it is still the one that is kept. */
  forget(token: string): void {
    if (this.#kept?.token === token) this.#kept = undefined;
  }

  /** Ends what is under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort(new Error("Provider is closed"));
    await this.#fetch;
  }

  async #fetchToken(): Promise<TokenOutcome> {
    const { url, connect, clock } = this.#options;
    const late = new AbortController();
    const cancel = clock.after(FETCH_MS_MAX, () => late.abort(new Error("late")));
    try {
      const form = new URLSearchParams({
        grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
        assertion: await this.#sign(),
      });
      const signal = AbortSignal.any([this.#end.signal, late.signal]);
      return this.#read(await postForm(url, form, { connect, signal }));
    } catch (error) {
      if (this.#end.signal.aborted) return { kind: "retry", reason: "Provider is closed" };
      const reason = late.signal.aborted
        ? `Google gave no access token within ${FETCH_MS_MAX / 1000} seconds`
        : `Cannot get an access token of Google: ${describeFault(error)}`;
      return { kind: "retry", reason };
    } finally {
      cancel();
    }
  }

  #sign(): Promise<string> {
    const { account, clock } = this.#options;
    const { clientEmail, privateKeyId, tokenUri } = account;
    const now = Math.floor(clock.now() / 1000);
    return new SignJWT({ scope: SCOPE })
      .setProtectedHeader({
        alg: "RS256",
        typ: "JWT",
        ...(privateKeyId === undefined ? {} : { kid: privateKeyId }),
      })
      .setIssuer(clientEmail)
      .setAudience(tokenUri)
      .setIssuedAt(now)
      .setExpirationTime(now + ASSERTION_SECONDS)
      .sign(this.#key);
  }

  #read({ status, retryAfter, body }: FormReply): TokenOutcome {
    const now = this.#options.clock.now();
    const members = readMembers(body);
    if (status === 200) {
      const [token, seconds] = [members.get("access_token"), members.get("expires_in")];
      if (isToken(token) && typeof seconds === "number") {
        this.#kept = { token, expires: now + seconds * 1000 };
        return { kind: "token", token };
      }
      return { kind: "retry", reason: "Google answered without an access token" };
    }
    if (status >= 400 && status < 500 && status !== 408 && status !== 429) {
      const error = members.get("error");
      const name = REFUSALS.has(error) ? `"${error}"` : `status ${status}`;
      const reason =
        `Google does not take the service account or the time of its signature: ${name}`;
      return { kind: "misconfigured", reason };
    }
    const reason = `Google gave no access token: status ${status}`;
    const afterMs = readRetryAfter(retryAfter, now);
    return afterMs === undefined ? { kind: "retry", reason } : { kind: "retry", reason, afterMs };
  }
}

/** What can be put into a header (RFC 6750 §2.1). */
function isToken(value: unknown): value is string {
  return typeof value === "string" && /^[\x21-\x7e]+$/.test(value);
}

function readMembers(body: string): ReadonlyMap<string, unknown> {
  try {
    const value: unknown = JSON.parse(body);
    return new Map(typeof value === "object" && value !== null ? Object.entries(value) : []);
  } catch {
    return new Map();
  }
}
