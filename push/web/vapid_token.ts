/**
 * What shows a push service who sends (RFC 8292 §2 and §3): a token that is signed for the origin of
 * the service and used for some hours.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { importJWK, SignJWT } from "jose";
import type { PushClock } from "../push_world.ts";
import type { VapidIdentity } from "../vapid.ts";

/** For how long a token is good, in seconds. More than a day is refused (RFC 8292 §2). */
const TOKEN_SECONDS = 12 * 3600;

/** When a new one is signed, in milliseconds: the other half is for clocks that are wrong. */
const TOKEN_MS_USED = TOKEN_SECONDS * 1000 / 2;

/** Answers the header `Authorization` for the origin of a push service, signed anew. */
export type VapidSigner = (origin: string) => Promise<string>;

/** A header and when it was signed. */
interface SignedHeader {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly header: Promise<string>;
}

/** Makes a signer of an identity without faults. */
export function createVapidSigner(
  { publicKey, privateKey, subject }: VapidIdentity,
  clock: PushClock,
): VapidSigner {
  const point = Buffer.from(publicKey, "base64url");
  const [x, y] = [point.subarray(1, 33), point.subarray(33)];
  const imported = importJWK({
    kty: "EC",
    crv: "P-256",
    x: x.toString("base64url"),
    y: y.toString("base64url"),
    d: privateKey,
  }, "ES256");
  return async (origin) => {
    const token = await new SignJWT()
      .setProtectedHeader({ typ: "JWT", alg: "ES256" })
      .setAudience(origin)
      .setExpirationTime(Math.floor(clock.now() / 1000) + TOKEN_SECONDS)
      .setSubject(subject)
      .sign(await imported);
    return `vapid t=${token}, k=${publicKey}`;
  };
}

/** The token for one origin: kept as long as it is good. */
export class VapidToken {
  readonly #sign: () => Promise<string>;
  readonly #clock: PushClock;
  #signed: SignedHeader | undefined;

  /** @param sign answers a header that is signed anew */
  constructor(sign: () => Promise<string>, clock: PushClock) {
    this.#sign = sign;
    this.#clock = clock;
  }

  /** The header `Authorization`. */
  header(): Promise<string> {
    return this.#current().header;
  }

  /**
   * Another header than one that the service has refused. Of many who had the same refused at once
   * only the first has one signed.
   */
  async renew(refused: string): Promise<string> {
    const current = this.#current();
    const header = await current.header;
    if (header !== refused) return header;
    if (this.#signed === current) this.#signed = this.#signNow();
    return await this.header();
  }

  #current(): SignedHeader {
    const age = this.#clock.now() - (this.#signed?.time ?? -Infinity);
    // Where the clock went back, the token might be good for more than a day from now.
    if (this.#signed === undefined || age >= TOKEN_MS_USED || age < 0) {
      this.#signed = this.#signNow();
    }
    return this.#signed;
  }

  #signNow(): SignedHeader {
    return { time: this.#clock.now(), header: this.#sign() };
  }
}
