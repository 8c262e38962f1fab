/**
 * How push services and their credentials are written in variables of the environment.
 *
 * @module
 */
import { createPrivateKey } from "node:crypto";
import { VAPID_PARTS, type VapidIdentity } from "../push/mod.ts";
import { type ConfigValue, file, notShown } from "./config_value.ts";

/** The text of a file, or where it is. */
export type FileSource =
  /** The path of the file. */
  | { readonly kind: "path"; readonly path: string }
  /** What is in it. */
  | { readonly kind: "text"; readonly text: string };

/** Where APNs is reached: by Apple's word for it, or at an origin. */
export type ApnsPlace = "production" | "sandbox" | URL;

/** How every text in PEM begins (RFC 7468 §2). */
const PEM_BEGIN = "-----BEGIN ";

/** Keys and teams of Apple's developers. */
const APPLE_ID = /^[A-Z0-9]{10}$/;

/** What Apple calls an application. */
const BUNDLE_ID = /^[A-Za-z0-9.-]{1,255}$/;

/** A `.p8` file of Apple, or its text; line breaks may be written `\n`, as in a file of variables. */
export function p8Key(): ConfigValue<FileSource> {
  const allowed = "the text of a .p8 file, which is a P-256 key in PEM, or the path of one";
  return {
    allowed,
    read(text) {
      if (!text.startsWith(PEM_BEGIN)) {
        const path = file(allowed).read(text);
        return path === undefined ? undefined : { kind: "path", path };
      }
      const pem = text.replaceAll("\\n", "\n");
      return isP256Key(pem) ? { kind: "text", text: pem } : undefined;
    },
    secretsIn: (source) => source.kind === "path" ? source.path : undefined,
  };
}

/** The id of a key or of a team. */
export function appleId(): ConfigValue<string> {
  return {
    allowed: "ten capital letters and digits",
    read: (text) => APPLE_ID.test(text) ? text : undefined,
    fault: faultOfSecret,
  };
}

/** The id of an application. */
export function bundleId(): ConfigValue<string> {
  return {
    allowed: "a bundle id such as org.example.chat",
    // A key may have none of the two characters that no bundle id has.
    read: (text) => BUNDLE_ID.test(text) && !VAPID_PARTS.privateKey.isFit(text) ? text : undefined,
    fault: faultOfSecret,
  };
}

/** `production`, `sandbox` or an origin. */
export function apnsPlace(): ConfigValue<ApnsPlace> {
  return {
    allowed: '"production" or "sandbox" or an https URL of a host and nothing more',
    read: (text) => text === "production" || text === "sandbox" ? text : originOf(text),
    fault: faultOfSecret,
  };
}

/** An origin. */
export function origin(): ConfigValue<URL> {
  const allowed = "an https URL of a host and nothing more";
  return { allowed, read: originOf, fault: faultOfSecret };
}

/** Origins, separated by commas or blanks. */
export function origins(max: number): ConfigValue<readonly string[]> {
  return {
    form: "list",
    allowed: `at most ${max} https URLs of a host and nothing more, separated by commas`,
    read(text) {
      const entries = text.split(/[\s,]+/).filter((entry) => entry !== "").map(originOf);
      if (entries.length === 0 || entries.length > max) return undefined;
      const found = entries.filter((entry) => entry !== undefined).map((url) => url.origin);
      return found.length === entries.length ? found : undefined;
    },
    fault: faultOfSecret,
  };
}

/** A part of who the deployment is to push services. */
export function vapidPart(part: keyof VapidIdentity): ConfigValue<string> {
  const { allowed, isFit } = VAPID_PARTS[part];
  const read = (text: string) => isFit(text) ? text : undefined;
  // The public key is no secret, but the private one may stand in its place.
  return { allowed, read, fault: part === "subject" ? faultOfSecret : notShown };
}

/** A key may stand in the place of what is no secret, where lines were mixed up. */
function faultOfSecret(text: string): string | undefined {
  const isKey = text.includes(PEM_BEGIN) || VAPID_PARTS.privateKey.isFit(text);
  return isKey ? notShown(text) : undefined;
}

function originOf(text: string): URL | undefined {
  const url = URL.parse(text);
  return url?.protocol === "https:" && url.href === `${url.origin}/` ? url : undefined;
}

function isP256Key(pem: string): boolean {
  try {
    const { asymmetricKeyType, asymmetricKeyDetails } = createPrivateKey(pem);
    return asymmetricKeyType === "ec" && asymmetricKeyDetails?.namedCurve === "prime256v1";
  } catch {
    return false;
  }
}
