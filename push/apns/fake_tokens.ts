/**
 * The provider tokens of a local APNs: which key is right, and what has been shown.
 *
 * @module
 */
import { type CryptoKey, exportPKCS8, generateKeyPair, jwtVerify } from "jose";
import type { Situation } from "../provider_contract.ts";
import type { PushClock } from "../push_world.ts";
import type { Refusal } from "./fake_notification.ts";

const AGE_SECONDS_MAX = 3600;

/** Looks at provider tokens as APNs does. */
export class FakeTokens {
  readonly keyId = "ABC123DEFG";
  readonly teamId = "DEF123GHIJ";
  /** The key, as in a `.p8` file. */
  readonly pem: string;
  readonly #publicKey: CryptoKey;
  readonly #clock: PushClock;
  /** Tokens that have been shown, and when each was made, in seconds since 1970. */
  readonly #shown = new Map<string, number>();
  #refusal: (token: string) => Refusal | null = () => null;

  private constructor(pem: string, publicKey: CryptoKey, clock: PushClock) {
    this.pem = pem;
    this.#publicKey = publicKey;
    this.#clock = clock;
  }

  /** Makes a key. */
  static async create(clock: PushClock): Promise<FakeTokens> {
    const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
    return new FakeTokens(await exportPKCS8(privateKey), publicKey, clock);
  }

  /** Tokens that have been shown. */
  get shown(): readonly string[] {
    return [...this.#shown.keys()];
  }

  /** Behaves as in a situation. */
  know(situation: Situation): void {
    const expired = { status: 403, reason: "ExpiredProviderToken" };
    const old = new Set(this.#shown.keys());
    if (situation.kind === "refused_credentials") {
      this.#refusal = () => ({ status: 403, reason: "InvalidProviderToken" });
    } else if (situation.kind !== "expired_credentials") this.#refusal = () => null;
    else if (situation.until === "never") this.#refusal = () => expired;
    else this.#refusal = (token) => old.has(token) ? expired : null;
  }

  /** What is wrong with what a request shows. */
  async check(authorization: string): Promise<Refusal | null> {
    const token = /^bearer (.+)$/i.exec(authorization)?.[1];
    if (token === undefined) return { status: 403, reason: "MissingProviderToken" };
    const time = this.#shown.get(token) ?? await this.#verify(token);
    if (time === null) return { status: 403, reason: "InvalidProviderToken" };
    this.#shown.set(token, time);
    const age = this.#clock.now() / 1000 - time;
    if (age < -300) return { status: 403, reason: "InvalidProviderToken" };
    if (age > AGE_SECONDS_MAX) return { status: 403, reason: "ExpiredProviderToken" };
    return this.#refusal(token);
  }

  async #verify(token: string): Promise<number | null> {
    try {
      const options = { issuer: this.teamId, algorithms: ["ES256"], requiredClaims: ["iat"] };
      const currentDate = new Date(this.#clock.now());
      const { payload, protectedHeader } = await jwtVerify(token, this.#publicKey, {
        ...options,
        currentDate,
      });
      return protectedHeader.kid === this.keyId ? payload.iat ?? null : null;
    } catch {
      return null;
    }
  }
}
