/**
 * Public keys that somebody publishes as a JSON Web Key Set (RFC 7517 §5).
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { JSONWebKeySet } from "jose";
import { z } from "zod";
import { RSA_BITS_MIN } from "../jwt_rules.ts";
import { DocumentError, fetchDocument, type FetchWorld } from "./document.ts";
import { isKeysUrl } from "./issuer_url.ts";
import { type GetKey, KeyCache } from "./key_cache.ts";

/** Keys in one set: a token that names none of them may be tried with all. */
export const KEYS_MAX = 100;

/** Options for {@linkcode createRemoteKeys}. */
export interface RemoteKeysOptions extends FetchWorld {
  /** Where the set is: `https`, or `http` on this machine. */
  readonly url: string;
}

const setSchema = z.object({ keys: z.array(z.unknown()).max(KEYS_MAX) });

/**
 * A key for signatures. What else is in a set means nothing here (RFC 7517 §5); the library refuses
 * those that are private, or for another use.
 */
const keySchema = z.discriminatedUnion("kty", [
  z.looseObject({ kty: z.literal("RSA"), n: z.string().refine(isLongModulus), e: z.string() }),
  z.looseObject({ kty: z.literal("EC"), crv: z.string(), x: z.string(), y: z.string() }),
  z.looseObject({ kty: z.literal("OKP"), crv: z.string(), x: z.string() }),
]);

/**
 * Keys at a URL, fetched when they are first asked for and cached from then on.
 *
 * @throws {TypeError} the URL must not be used for keys.
 */
export function createRemoteKeys(options: RemoteKeysOptions): GetKey {
  const { url } = options;
  if (!isKeysUrl(url)) throw new TypeError(`Cannot fetch keys from "${url}": not an https URL`);
  const cache = new KeyCache({ ...options, url, load: () => fetchKeys(url, options) });
  return (header, token) => cache.find(header, token);
}

/**
 * Fetches a set of keys once.
 *
 * @throws {DocumentError} it cannot be had, or holds no key that can be used.
 */
export async function fetchKeys(url: string, world: FetchWorld): Promise<JSONWebKeySet> {
  const set = await fetchDocument(url, setSchema, world);
  const keys = set.keys.flatMap((key) => {
    const { success, data } = keySchema.safeParse(key);
    return success ? [data] : [];
  });
  // Better the keys from before, where there are any, than none.
  if (keys.length === 0) throw new DocumentError(url, "no_usable_key");
  return { keys };
}

function isLongModulus(modulus: string): boolean {
  const hex = Buffer.from(modulus, "base64url").toString("hex").replace(/^0+/, "");
  return hex !== "" && BigInt(`0x${hex}`) >> BigInt(RSA_BITS_MIN - 1) > 0n;
}
