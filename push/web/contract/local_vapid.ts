/**
 * What a push service looks at before it believes who sends (RFC 8292 §2 to §4).
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { type CryptoKey, importJWK, jwtVerify } from "jose";
import type { Situation } from "../../provider_contract.ts";
import type { PushClock } from "../../push_world.ts";

/** A token may be good for this long, in seconds (RFC 8292 §2). */
const TOKEN_SECONDS_MAX = 24 * 3600;

/** What a push service is told by its subscriptions: whose they are. */
export interface LocalVapidOptions {
  /** The public key that browsers subscribed with, base64url. */
  readonly publicKey: string;
  readonly clock: PushClock;
}

/** Believes those who sign with one key, as long as it is told to. */
export class LocalVapid {
  /** All the headers that were shown, in order. */
  readonly shown: string[] = [];
  readonly #options: LocalVapidOptions;
  #refused: (header: string) => boolean = () => false;

  constructor(options: LocalVapidOptions) {
    this.#options = options;
  }

  /** Takes what is refused from now on. */
  know(situation: Situation): void {
    const old = new Set(this.shown);
    if (situation.kind === "refused_credentials") this.#refused = () => true;
    else if (situation.kind !== "expired_credentials") this.#refused = () => false;
    else this.#refused = (header) => situation.until === "never" || old.has(header);
  }

  /** Whether a header `Authorization` shows the one who may send to an origin. */
  async believes(header: string, origin: string): Promise<boolean> {
    this.shown.push(header);
    if (this.#refused(header)) return false;
    const [, token = "", key = ""] = /^vapid t=([\w.-]+), k=([\w-]+)$/.exec(header) ?? [];
    if (key !== this.#options.publicKey) return false;
    return await this.#isSigned(token, origin);
  }

  async #isSigned(token: string, audience: string): Promise<boolean> {
    const now = this.#options.clock.now();
    const checks = { algorithms: ["ES256"], audience, currentDate: new Date(now) };
    try {
      const { payload } = await jwtVerify(token, await this.#key(), checks);
      const { exp = Infinity, sub = "" } = payload;
      return exp <= now / 1000 + TOKEN_SECONDS_MAX && /^(mailto|https):/.test(sub);
    } catch {
      return false;
    }
  }

  async #key(): Promise<CryptoKey | Uint8Array> {
    const point = Buffer.from(this.#options.publicKey, "base64url");
    const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((half) =>
      half.toString("base64url")
    );
    return await importJWK({ kty: "EC", crv: "P-256", x: `${x}`, y: `${y}` }, "ES256");
  }
}
