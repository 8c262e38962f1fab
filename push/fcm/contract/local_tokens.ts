/**
 * Google's token endpoint ("Using OAuth 2.0 for server to server applications", RFC 7523).
 *
 * @module
 */
import assert from "node:assert/strict";
import { jwtVerify } from "jose";
import type { PushClock } from "../../push_world.ts";
import type { Answer } from "./fcm_answers.ts";
import type { TestAccount } from "./test_account.ts";

/** How long a token is good, in seconds. */
const TOKEN_SECONDS = 3599;

/** Changes signatures for access tokens. */
export class LocalTokens {
  readonly #clock: PushClock;
  readonly #test: TestAccount;
  readonly #expiries = new Map<string, number>();
  readonly #assertions: string[] = [];

  /** @param clock what the age of a signature and of a token is measured by */
  constructor(clock: PushClock, test: TestAccount) {
    this.#clock = clock;
    this.#test = test;
  }

  /** Tokens that were given out. */
  get count(): number {
    return this.#expiries.size;
  }

  /** Tokens and signatures, whole and without what everybody can write. */
  get secrets(): readonly string[] {
    const signatures = this.#assertions.map((assertion) => assertion.split(".")[2] ?? assertion);
    return [...this.#expiries.keys(), ...signatures];
  }

  /** Whether a token is one of these and good. */
  accepts(token: string): boolean {
    return this.#clock.now() < (this.#expiries.get(token) ?? 0);
  }

  /** Ends all tokens that were given out up to now. */
  expireAll(): void {
    for (const token of this.#expiries.keys()) this.#expiries.set(token, 0);
  }

  /** Answers a request for a token. */
  async answer(type: string | undefined, body: string): Promise<Answer> {
    try {
      assert.match(type ?? "", /^application\/x-www-form-urlencoded\b/);
      const form = new URLSearchParams(body);
      assert.equal(form.get("grant_type"), "urn:ietf:params:oauth:grant-type:jwt-bearer");
      await this.#verify(form.get("assertion") ?? "");
    } catch {
      return refusedGrant();
    }
    const token = `ya29.${crypto.getRandomValues(new Uint8Array(96)).toBase64()}`;
    this.#expiries.set(token, this.#clock.now() + TOKEN_SECONDS * 1000);
    const value = { "access_token": token, "expires_in": TOKEN_SECONDS, "token_type": "Bearer" };
    return { status: 200, body: JSON.stringify(value) };
  }

  async #verify(assertion: string): Promise<void> {
    this.#assertions.push(assertion);
    const { account: { clientEmail, privateKeyId, tokenUri }, publicKey } = this.#test;
    const { payload, protectedHeader } = await jwtVerify(assertion, publicKey, {
      algorithms: ["RS256"],
      issuer: clientEmail,
      audience: tokenUri,
      currentDate: new Date(this.#clock.now()),
      clockTolerance: 30,
      requiredClaims: ["iat", "exp"],
      maxTokenAge: 3600,
    });
    assert.equal(protectedHeader.kid, privateKeyId);
    assert.equal(payload["scope"], "https://www.googleapis.com/auth/firebase.messaging");
    assert.ok((payload.exp ?? Infinity) - (payload.iat ?? 0) <= 3600);
  }
}

/** What is said of a signature that is not good. */
export function refusedGrant(): Answer {
  const body = { error: "invalid_grant", "error_description": "Invalid JWT Signature." };
  return { status: 400, body: JSON.stringify(body) };
}
