/**
 * How public keys that verify tokens are written in a variable of the environment: where they are
 * published, or themselves.
 *
 * @module
 */
import { createPublicKey } from "node:crypto";
import { z } from "zod";
import { JWT_KEYS_MAX, URL_CHARS_MAX } from "../limits.ts";
import type { ConfigValue } from "./config_value.ts";
import { RSA_BITS_MIN } from "./jwt_rules.ts";
import { readJson } from "./read_json.ts";
import { isKeysUrl } from "./oidc/mod.ts";

/** A public key (RFC 7517 §4). */
export interface PublicKey {
  /** What kind of key it is. */
  readonly kty: string;
  /** All else. */
  readonly [name: string]: unknown;
}

/** Public keys for signatures, at least one: a JSON Web Key Set (RFC 7517 §5). */
export interface PublicKeySet {
  /** The keys; `jose` wants a list that could be changed. */
  readonly keys: PublicKey[];
}

/** Public keys, or where they are. */
export type KeySource =
  /** The URL of a JSON Web Key Set. */
  | { readonly kind: "url"; readonly url: string }
  /** The set itself. */
  | { readonly kind: "set"; readonly keys: PublicKeySet };

/** Members that only private and symmetric keys have (RFC 7518 §6.2.2, §6.3.2, §6.4). */
const SECRET_MEMBERS = ["d", "dp", "dq", "k", "oth", "p", "priv", "q", "qi"];

const keySchema = z.discriminatedUnion("kty", [
  z.looseObject({ kty: z.literal("RSA"), n: z.string(), e: z.string() }),
  z.looseObject({
    kty: z.literal("EC"),
    crv: z.enum(["P-256", "P-384"]),
    x: z.string(),
    y: z.string(),
  }),
  z.looseObject({ kty: z.literal("OKP"), crv: z.literal("Ed25519"), x: z.string() }),
])
  .refine((key) => !SECRET_MEMBERS.some((member) => Object.hasOwn(key, member)))
  .refine(({ use }) => use === undefined || use === "sig")
  .refine(isUsable);

const setSchema: z.ZodType<PublicKeySet> = z.looseObject({
  keys: z.array(keySchema).min(1).max(JWT_KEYS_MAX),
});

/** The URL of a JSON Web Key Set, or a key or a set of them as JSON (RFC 7517). */
export function keySource(): ConfigValue<KeySource> {
  return {
    form: "json",
    allowed: "an https URL of a JSON Web Key Set (http on this machine), or such a set or one of " +
      `its keys: 1 to ${JWT_KEYS_MAX} public keys for signatures, RSA of ${RSA_BITS_MIN} bits or ` +
      "more, P-256, P-384 or Ed25519",
    read(text) {
      if (!isJson(text)) return isWrittenUrl(text) ? { kind: "url", url: text } : undefined;
      const reading = readSet(text);
      return "value" in reading ? { kind: "set", keys: reading.value } : undefined;
    },
    fault(text) {
      if (!isJson(text)) return undefined;
      const reading = readSet(text);
      return "fault" in reading ? reading.fault : undefined;
    },
  };
}

function isJson(text: string): boolean {
  return text.startsWith("{");
}

function readSet(text: string): ReturnType<typeof readJson<PublicKeySet>> {
  const single = readJson(text, z.looseObject({ kty: z.string() }));
  return readJson("value" in single ? `{"keys":[${text}]}` : text, setSchema);
}

/** Whether the numbers of a key make one that is safe. */
function isUsable(key: Readonly<Record<string, unknown>>): boolean {
  try {
    const { asymmetricKeyDetails } = createPublicKey({ key: { ...key }, format: "jwk" });
    return (asymmetricKeyDetails?.modulusLength ?? RSA_BITS_MIN) >= RSA_BITS_MIN;
  } catch {
    return false;
  }
}

function isWrittenUrl(text: string): boolean {
  return text.length <= URL_CHARS_MAX && /^https?:\/\/\S+$/.test(text) && isKeysUrl(text);
}
