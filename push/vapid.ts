/**
 * Voluntary application server identification (VAPID, RFC 8292): the key pair by which push services
 * know a deployment. Browsers subscribe for its public key; a new pair needs new subscriptions.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { createECDH } from "node:crypto";

/** A key pair of P-256, both halves in base64url without padding. */
export interface VapidKeys {
  /** An uncompressed point: 65 bytes. What browsers subscribe with (`applicationServerKey`). */
  readonly publicKey: string;
  /** A number: 32 bytes. Secret. */
  readonly privateKey: string;
}

/** Who a deployment is to push services. */
export interface VapidIdentity extends VapidKeys {
  /** Where its operators are reached: a `mailto:` or `https:` URL (RFC 8292 §2.1). */
  readonly subject: string;
}

/** What is wrong with an identity. */
export interface VapidFault {
  /** Which of its members. */
  readonly part: keyof VapidIdentity;
  /** What it must be, as the rest of a sentence that begins with its name. No secret is in it. */
  readonly message: string;
}

/** What one part of an identity must be like. */
export interface VapidPart {
  /** In words; goes on from "must be". */
  readonly allowed: string;
  /** Whether a text is such a part. */
  isFit(text: string): boolean;
}

const PUBLIC_BYTES = 65;
const PUBLIC_FIRST_BYTE = 4;
const PRIVATE_BYTES = 32;

/** It goes with every request. */
const SUBJECT_CHARS_MAX = 255;

/** A mailbox at a domain of at least two labels. */
const MAILTO = /^mailto:[^\s@<>]+@[^\s@.<>]+(?:\.[^\s@.<>]+)+$/;

/** All parts of an identity. Apple's service refuses a subject of `localhost` too. */
export const VAPID_PARTS: Readonly<Record<keyof VapidIdentity, VapidPart>> = {
  publicKey: {
    allowed: `${PUBLIC_BYTES} bytes in base64url without padding, the first of them ` +
      `${PUBLIC_FIRST_BYTE}`,
    isFit: (text) => readBytes(text, PUBLIC_BYTES)?.[0] === PUBLIC_FIRST_BYTE,
  },
  privateKey: {
    allowed: `${PRIVATE_BYTES} bytes in base64url without padding, a number of P-256`,
    isFit: (text) => publicKeyOf(text) !== undefined,
  },
  subject: {
    allowed: `a "mailto:" or "https:" URL of at most ${SUBJECT_CHARS_MAX} characters, and not of ` +
      '"localhost"',
    isFit: isSubject,
  },
};

/** Makes a key pair. */
export async function generateVapidKeys(): Promise<VapidKeys> {
  const curve = { name: "ECDSA", namedCurve: "P-256" };
  const { privateKey } = await crypto.subtle.generateKey(curve, true, ["sign"]);
  const { x = "", y = "", d = "" } = await crypto.subtle.exportKey("jwk", privateKey);
  const halves = [x, y].map((half) => Buffer.from(half, "base64url"));
  const publicKey = Buffer.concat([Uint8Array.of(PUBLIC_FIRST_BYTE), ...halves]);
  return { publicKey: publicKey.toString("base64url"), privateKey: d };
}

/**
 * Looks for what would have push services refuse an identity: parts that are none, and keys that are
 * no pair.
 *
 * @returns all that is wrong, nothing where all is well
 */
export function findVapidFaults(identity: VapidIdentity): readonly VapidFault[] {
  const parts = ["publicKey", "privateKey", "subject"] as const;
  const faults = parts.filter((part) => !VAPID_PARTS[part].isFit(identity[part]))
    .map((part): VapidFault => ({ part, message: `must be ${VAPID_PARTS[part].allowed}` }));
  const expected = publicKeyOf(identity.privateKey)?.toString("base64url") ?? identity.publicKey;
  if (identity.publicKey === expected || faults.some(({ part }) => part === "publicKey")) {
    return faults;
  }
  const message = "must be the public half of the private key";
  return [{ part: "publicKey", message }, ...faults];
}

/** The public half of a private key; undefined where it is none. */
function publicKeyOf(privateKey: string): Buffer | undefined {
  const bytes = readBytes(privateKey, PRIVATE_BYTES);
  if (bytes === undefined) return undefined;
  const curve = createECDH("prime256v1");
  try {
    curve.setPrivateKey(bytes);
    return curve.getPublicKey();
  } catch {
    // Zero and what is above the order of the curve are no keys.
    return undefined;
  }
}

/** Bytes in the one form that base64url has for them (RFC 4648 §5), without padding. */
function readBytes(text: string, count: number): Buffer | undefined {
  const bytes = Buffer.from(text, "base64url");
  return bytes.length === count && bytes.toString("base64url") === text ? bytes : undefined;
}

function isSubject(subject: string): boolean {
  if (subject.length > SUBJECT_CHARS_MAX || /\s/.test(subject)) return false;
  if (MAILTO.test(subject)) return true;
  const url = URL.parse(subject);
  return url?.protocol === "https:" && url.hostname !== "localhost";
}
