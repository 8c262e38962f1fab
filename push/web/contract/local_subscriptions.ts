/**
 * The browsers behind a local push service: each has subscribed once.
 *
 * @module
 */
import type { Buffer } from "node:buffer";
import { createECDH, type ECDH, randomBytes } from "node:crypto";
import type { PushTarget } from "../../push.ts";
import type { SubscriptionKeys } from "./decrypt_push.ts";
import { keyPair } from "./rfc8291.ts";

/** One browser. */
interface Subscription {
  readonly target: PushTarget;
  readonly curve: ECDH;
  readonly auth: Buffer;
}

/** Subscriptions by the number of their device, and by their path at the service. */
export class LocalSubscriptions {
  readonly #byIndex: Subscription[] = [];
  readonly #byPath = new Map<string, Subscription>();

  /** Where a device is reached; it subscribes the first time. */
  target(index: number, origin: string): PushTarget {
    const known = this.#byIndex[index];
    if (known !== undefined) return known.target;
    const path = `/wpush/v2/${randomBytes(30).toString("base64url")}?v=2`;
    const curve = createECDH("prime256v1");
    const [p256dh, auth] = [curve.generateKeys(), randomBytes(16)];
    const keys = { p256dh: p256dh.toString("base64url"), auth: auth.toString("base64url") };
    const subscription = { target: { token: `${origin}${path}`, keys }, curve, auth };
    this.#byIndex[index] = subscription;
    this.#byPath.set(path, subscription);
    return subscription.target;
  }

  /** The token of whoever subscribed at a path. */
  tokenAt(path: string): string | undefined {
    return this.#byPath.get(path)?.target.token;
  }

  /** What whoever subscribed at a path decrypts with. */
  async keysAt(path: string): Promise<SubscriptionKeys | undefined> {
    const subscription = this.#byPath.get(path);
    if (subscription === undefined) return undefined;
    const { curve, auth, target } = subscription;
    const privateText = curve.getPrivateKey().toString("base64url");
    const { privateKey, publicKey } = await keyPair(`${target.keys?.p256dh}`, privateText);
    return { privateKey, p256dh: publicKey, auth: Uint8Array.from(auth) };
  }
}
