/**
 * What a provider shows to APNs in every request: a JSON Web Token that it signs itself ("Establishing
 * a token-based connection to APNs").
 *
 * @module
 */
import { type CryptoKey, importPKCS8, SignJWT } from "jose";
import type { PushClock } from "../push_world.ts";

/** APNs refuses what is older than an hour. Three quarters of it leave room for wrong clocks. */
const AGE_MS_MAX = 45 * 60_000;

/** APNs refuses to be shown another one more often than this: `TooManyProviderTokenUpdates`. */
const RENEWAL_MS_MIN = 20 * 60_000;

/** How far the clock may step back before what was signed counts as of the future. */
const SKEW_MS_MAX = 60_000;

/** Ids of keys and of teams. */
const APPLE_ID = /^[A-Z0-9]{10}$/;

/** Who signs. */
export interface ProviderTokenOptions {
  /** The key that Apple gave out as a `.p8` file: PKCS #8 in PEM, on the curve P-256. */
  readonly key: string;
  /** Its id: ten letters and digits. */
  readonly keyId: string;
  /** The id of the team whose it is: ten letters and digits. */
  readonly teamId: string;
  /** Tells the age of what was signed. */
  readonly clock: PushClock;
}

interface Signed {
  readonly time: number;
  readonly token: Promise<string>;
}

/** Signs provider tokens as seldom as APNs wants it. */
export class ProviderToken {
  readonly #key: CryptoKey;
  readonly #options: ProviderTokenOptions;
  #signed: Signed | undefined;
  /** When APNs last had one signed before its time. */
  #renewed = -Infinity;

  private constructor(key: CryptoKey, options: ProviderTokenOptions) {
    this.#key = key;
    this.#options = options;
  }

  /** Reads the key. @throws {TypeError} it is not a key of APNs, or an id is none. */
  static async open(options: ProviderTokenOptions): Promise<ProviderToken> {
    if (!APPLE_ID.test(options.keyId)) {
      throw new TypeError("Cannot use the APNs key: its id is not ten letters and digits");
    }
    if (!APPLE_ID.test(options.teamId)) {
      throw new TypeError(
        "Cannot use the APNs key: the id of the team is not ten letters and digits",
      );
    }
    return new ProviderToken(await importKey(options.key), options);
  }

  /** The token to show now. */
  current(): Promise<string> {
    const signed = this.#signed;
    const age = this.#options.clock.now() - (signed?.time ?? -Infinity);
    if (signed === undefined || age >= AGE_MS_MAX || age < -SKEW_MS_MAX) return this.#sign();
    return signed.token;
  }

  /**
   * Has APNs found a token too old: the next one is signed anew, unless that has just been done.
   *
   * @returns whether there is another token to show
   */
  async renew(refused: string): Promise<boolean> {
    const signed = this.#signed;
    // Of many pushes that are refused at once the first has one signed for all.
    if (await this.current() !== refused || this.#signed !== signed) return true;
    const now = this.#options.clock.now();
    if (Math.abs(now - this.#renewed) < RENEWAL_MS_MIN) return false;
    this.#renewed = now;
    await this.#sign();
    return true;
  }

  #sign(): Promise<string> {
    const { keyId, teamId, clock } = this.#options;
    const time = clock.now();
    const token = new SignJWT({ iss: teamId, iat: Math.floor(time / 1000) })
      .setProtectedHeader({ alg: "ES256", kid: keyId })
      .sign(this.#key);
    this.#signed = { time, token };
    return token;
  }
}

async function importKey(pem: string): Promise<CryptoKey> {
  try {
    return await importPKCS8(pem.trim(), "ES256");
  } catch {
    // What was thrown may hold a part of the key.
    const message = "Cannot use the APNs key: it is not a P-256 key in PKCS #8 form (.p8)";
    throw new TypeError(message);
  }
}
