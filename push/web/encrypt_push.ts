/**
 * Message encryption for Web Push (RFC 8291), which is the content coding `aes128gcm` (RFC 8188)
 * with a key that only the browser can derive: the push service in between reads nothing.
 *
 * Written here since `npm:web-push` does all of it on the thread of the event loop, a millisecond
 * for each push in which no message moves, with a clock and randomness of its own. Here WebCrypto
 * does the two costly steps elsewhere.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { createCipheriv, hkdfSync } from "node:crypto";
import { PAYLOAD_BYTES_MAX } from "../push.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** The keys of a subscription. */
export interface ReceiverKeys {
  /** An uncompressed point of P-256: 65 bytes. */
  readonly p256dh: Bytes;
  /** What else only the browser and the application know: 16 bytes. */
  readonly auth: Bytes;
}

/** What is made for one message and never used again (RFC 8291 §3.1, RFC 8188 §4.3). */
export interface SenderKeys {
  readonly privateKey: CryptoKey;
  /** An uncompressed point of P-256. */
  readonly publicKey: Bytes;
  /** 16 random bytes. */
  readonly salt: Bytes;
}

/** The keys of a subscription are none with which anything can be encrypted. */
export class ReceiverKeysError extends Error {
  override readonly name = "ReceiverKeysError";
}

/** The length of a salt (RFC 8188 §2.1). */
export const SALT_BYTES = 16;

const CURVE = { name: "ECDH", namedCurve: "P-256" } as const;
const POINT_BYTES = 65;
const AUTH_BYTES = 16;
const SECRET_BITS = 256;

/** Marks the end of the last record (RFC 8188 §2): here there is one, without padding. */
const LAST_RECORD = 2;

/** One record, as large as a body may be. */
const RECORD_BYTES = PAYLOAD_BYTES_MAX;

/** Before the text: salt, size of a record, length of the key, key (RFC 8188 §2.1). */
const HEADER_BYTES = SALT_BYTES + 4 + 1 + POINT_BYTES;

/** After it: what marks its end, and AES-GCM's tag. */
const TRAILER_BYTES = 1 + 16;

/** What may be encrypted so that the body is one that every push service takes (RFC 8291 §4). */
export const PLAINTEXT_BYTES_MAX: number = PAYLOAD_BYTES_MAX - HEADER_BYTES - TRAILER_BYTES;

/**
 * Makes the key pair of one message.
 *
 * @param salt 16 random bytes
 */
export async function createSenderKeys(salt: Bytes): Promise<SenderKeys> {
  const { privateKey } = await crypto.subtle.generateKey(CURVE, true, ["deriveBits"]);
  // An exported private key ends with its public one (RFC 5915 §3; Web Cryptography, "Export Key"
  // of ECDH). To export that by itself takes Deno eight times as long, for it is computed again.
  const exported = new Uint8Array(await crypto.subtle.exportKey("pkcs8", privateKey));
  return { privateKey, publicKey: exported.slice(-POINT_BYTES), salt };
}

/**
 * Encrypts one message.
 *
 * @param plaintext at most {@linkcode PLAINTEXT_BYTES_MAX}
 * @returns the body of the request
 * @throws {ReceiverKeysError} the receiver's keys are none
 */
export async function encryptPush(
  plaintext: Bytes,
  receiver: ReceiverKeys,
  sender: SenderKeys,
): Promise<Bytes> {
  const secret = await agreeOnSecret(receiver, sender);
  // RFC 8291 §3.4
  const keyInfo = Buffer.concat([info("WebPush: info"), receiver.p256dh, sender.publicKey]);
  const material = derive(secret, receiver.auth, keyInfo, 32);
  // RFC 8188 §2.2 and §2.3
  const key = derive(material, sender.salt, info("Content-Encoding: aes128gcm"), 16);
  const nonce = derive(material, sender.salt, info("Content-Encoding: nonce"), 12);
  const cipher = createCipheriv("aes-128-gcm", key, nonce);
  const text = cipher.update(Buffer.concat([plaintext, Uint8Array.of(LAST_RECORD)]));
  cipher.final();
  return Buffer.concat([headerOf(sender), text, cipher.getAuthTag()]);
}

/** The secret that only the two sides can compute (RFC 8291 §3.1). */
async function agreeOnSecret(receiver: ReceiverKeys, sender: SenderKeys): Promise<Bytes> {
  if (receiver.p256dh.length !== POINT_BYTES || receiver.auth.length !== AUTH_BYTES) {
    throw new ReceiverKeysError("Keys of the subscription have a wrong length");
  }
  try {
    const key = await crypto.subtle.importKey("raw", receiver.p256dh, CURVE, false, []);
    const pair = { name: CURVE.name, public: key };
    return new Uint8Array(
      await crypto.subtle.deriveBits(pair, sender.privateKey, SECRET_BITS),
    );
  } catch (cause) {
    throw new ReceiverKeysError("Keys of the subscription are no point of P-256", { cause });
  }
}

/** HKDF with SHA-256 (RFC 5869). */
function derive(secret: Bytes, salt: Bytes, infoBytes: Bytes, length: number): Bytes {
  return new Uint8Array(hkdfSync("sha256", secret, salt, infoBytes, length));
}

/** What a key is for, ended by a zero. */
function info(text: string): Bytes {
  return Buffer.from(`${text}\0`, "latin1");
}

function headerOf({ salt, publicKey }: SenderKeys): Bytes {
  const sizes = Buffer.alloc(5);
  sizes.writeUInt32BE(RECORD_BYTES);
  sizes.writeUInt8(publicKey.length, 4);
  return Buffer.concat([salt, sizes, publicKey]);
}
