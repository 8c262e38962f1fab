/**
 * The keys of a local issuer, and signing with them.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { constants, createHmac, generateKeyPairSync, type KeyObject, sign } from "node:crypto";

/** A key pair of the issuer. */
export interface IssuerKey {
  /** What it signs for. */
  readonly alg: string;
  /** What it is called. */
  readonly kid: string;
  readonly privateKey: KeyObject;
}

/** Makes a key pair for an algorithm. */
export function makeKey(alg: string, kid: string): IssuerKey {
  return { alg, kid, privateKey: generateFor(alg) };
}

/** Makes a private key for an algorithm. */
export function generateFor(alg: string): KeyObject {
  if (/^[RP]S/.test(alg)) return generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
  if (alg === "ES256") return generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
  if (alg === "ES384") return generateKeyPairSync("ec", { namedCurve: "P-384" }).privateKey;
  return generateKeyPairSync("ed25519").privateKey;
}

/** Signs by other means than the library that verifies (RFC 7518 §3.1, RFC 8037 §3.1). */
export function signatureOf(
  alg: string,
  key: KeyObject | Uint8Array | undefined,
  data: Buffer,
): Buffer {
  if (alg === "none") return Buffer.alloc(0);
  if (key === undefined) throw new Error(`Issuer has no key for ${alg}`);
  const hash = `sha${alg.slice(2)}`;
  if (key instanceof Uint8Array) return createHmac(hash, key).update(data).digest();
  if (alg.startsWith("RS")) return sign(hash, data, key);
  if (alg.startsWith("ES")) return sign(hash, data, { key, dsaEncoding: "ieee-p1363" });
  if (!alg.startsWith("PS")) return sign(null, data, key);
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  return sign(hash, data, { key, padding, saltLength: constants.RSA_PSS_SALTLEN_DIGEST });
}
