/**
 * The example of RFC 8291 §5 with the intermediate values of its Appendix A.
 *
 * @module
 */
import { Buffer } from "node:buffer";

type Bytes = Uint8Array<ArrayBuffer>;

/** What is encrypted. */
export const PLAINTEXT = "When I grow up, I want to be a watermelon";

const SENDER_PRIVATE = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw";
const SENDER_PUBLIC =
  "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8";
const RECEIVER_PRIVATE = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94";
const RECEIVER_PUBLIC =
  "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";

/** The authentication secret of the subscription. */
export const AUTH: Bytes = bytes("BTBZMqHH6r4Tts7J_aSIgg");

/** The salt of the message. */
export const SALT: Bytes = bytes("DGv6ra1nlYgDCS1FRnbzlw");

/** What comes of it, base64url. */
export const BODY = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6" +
  "e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLV" +
  "WGNWQexSgSxsj_Qulcy4a-fN";

/** The two halves of a key pair. */
export interface KeyPair {
  readonly privateKey: CryptoKey;
  /** An uncompressed point of P-256. */
  readonly publicKey: Bytes;
}

/** The keys of the application server. */
export function senderKeys(): Promise<KeyPair> {
  return keyPair(SENDER_PUBLIC, SENDER_PRIVATE);
}

/** The keys of the browser. */
export function receiverKeys(): Promise<KeyPair> {
  return keyPair(RECEIVER_PUBLIC, RECEIVER_PRIVATE);
}

/** Imports a key pair of P-256. */
export async function keyPair(publicText: string, privateText: string): Promise<KeyPair> {
  const publicKey = bytes(publicText);
  const [x, y] = [publicKey.subarray(1, 33), publicKey.subarray(33)].map((half) =>
    Buffer.from(half).toString("base64url")
  );
  assertDefined(x);
  assertDefined(y);
  const jwk = { kty: "EC", crv: "P-256", x, y, d: privateText };
  const curve = { name: "ECDH", namedCurve: "P-256" };
  const privateKey = await crypto.subtle.importKey("jwk", jwk, curve, true, ["deriveBits"]);
  return { privateKey, publicKey };
}

function assertDefined<T>(value: T | undefined): asserts value is T {
  if (value === undefined) throw new Error("Value is missing");
}

function bytes(text: string): Bytes {
  return Uint8Array.from(Buffer.from(text, "base64url"));
}
