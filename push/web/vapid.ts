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

const PUBLIC_BYTES = 65;
const PUBLIC_FIRST_BYTE = 4;
const PRIVATE_BYTES = 32;

/** It goes with every request. */
const SUBJECT_CHARS_MAX = 255;

/** A mailbox at a domain of at least two labels. */
const MAILTO = /^mailto:[^\s@<>]+@[^\s@.<>]+(?:\.[^\s@.<>]+)+$/;

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
 * Looks for what would have push services refuse an identity: keys that are none or no pair, a
 * subject that is none. Apple's service refuses a subject of `localhost` too.
 *
 * @returns all that is wrong, nothing where all is well
 */
export function findVapidFaults(identity: VapidIdentity): readonly VapidFault[] {
  const faults: VapidFault[] = [];
  const publicBytes = readBytes(identity.publicKey, PUBLIC_BYTES);
  const expected = publicKeyOf(identity.privateKey);
  if (publicBytes?.[0] !== PUBLIC_FIRST_BYTE) {
    const message = `must be ${PUBLIC_BYTES} bytes in base64url without padding, the first of ` +
      `them ${PUBLIC_FIRST_BYTE}`;
    faults.push({ part: "publicKey", message });
  } else if (expected !== undefined && !expected.equals(publicBytes)) {
    faults.push({ part: "publicKey", message: "must be the public half of the private key" });
  }
  if (expected === undefined) {
    const message =
      `must be ${PRIVATE_BYTES} bytes in base64url without padding, a number of P-256`;
    faults.push({ part: "privateKey", message });
  }
  if (!isSubject(identity.subject)) {
    const message = `must be a "mailto:" or "https:" URL of at most ${SUBJECT_CHARS_MAX} ` +
      'characters, and not of "localhost"';
    faults.push({ part: "subject", message });
  }
  return faults;
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
