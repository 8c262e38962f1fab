/**
 * What a browser does with a push (RFC 8291 §3, RFC 8188 §2): it decrypts. Made of other primitives
 * than the encryption, so that a mistake there is not made here too.
 *
 * @module
 */

type Bytes = Uint8Array<ArrayBuffer>;

/** The keys of a subscription, both halves. */
export interface SubscriptionKeys {
  readonly privateKey: CryptoKey;
  /** An uncompressed point of P-256. */
  readonly p256dh: Bytes;
  readonly auth: Bytes;
}

/** Decrypts the one record of a push; rejects where it is not as the two RFCs have it. */
export async function decryptPush(body: Bytes, keys: SubscriptionKeys): Promise<Bytes> {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const salt = body.slice(0, 16);
  const recordBytes = view.getUint32(16);
  const idBytes = view.getUint8(20);
  const sender = body.slice(21, 21 + idBytes);
  const record = body.slice(21 + idBytes);
  if (record.length > recordBytes) throw new Error("Push has more than one record");
  const material = await agree(sender, keys);
  const key = await derive(material, salt, text("Content-Encoding: aes128gcm\0"), 16);
  const nonce = await derive(material, salt, text("Content-Encoding: nonce\0"), 12);
  const aes = await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["decrypt"]);
  const padded = await crypto.subtle.decrypt({ name: "AES-GCM", iv: nonce }, aes, record);
  return withoutPadding(new Uint8Array(padded));
}

async function agree(sender: Bytes, keys: SubscriptionKeys): Promise<Bytes> {
  const curve = { name: "ECDH", namedCurve: "P-256" };
  const remote = await crypto.subtle.importKey("raw", sender, curve, false, []);
  const pair = { name: "ECDH", public: remote };
  const secret = new Uint8Array(await crypto.subtle.deriveBits(pair, keys.privateKey, 256));
  const info = Uint8Array.of(...text("WebPush: info\0"), ...keys.p256dh, ...sender);
  return await derive(secret, keys.auth, info, 32);
}

async function derive(secret: Bytes, salt: Bytes, info: Bytes, bytes: number): Promise<Bytes> {
  const key = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveBits"]);
  const how = { name: "HKDF", hash: "SHA-256", salt, info };
  return new Uint8Array(await crypto.subtle.deriveBits(how, key, bytes * 8));
}

/** The last record ends with a two and zeros. */
function withoutPadding(padded: Bytes): Bytes {
  const end = padded.findLastIndex((byte) => byte !== 0);
  if (padded[end] !== 2) throw new Error("Push has no end");
  return padded.slice(0, end);
}

function text(value: string): Bytes {
  return new TextEncoder().encode(value);
}
