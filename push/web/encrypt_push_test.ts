import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { decryptPush, type SubscriptionKeys } from "./contract/decrypt_push.ts";
import { AUTH, BODY, PLAINTEXT, receiverKeys, SALT, senderKeys } from "./contract/rfc8291.ts";
import {
  createSenderKeys,
  encryptPush,
  PLAINTEXT_BYTES_MAX,
  type ReceiverKeys,
  ReceiverKeysError,
} from "./encrypt_push.ts";

const text = (value: string) => new TextEncoder().encode(value);

Deno.test("encryptPush() does what the example of RFC 8291 does", async () => {
  const receiver = { p256dh: (await receiverKeys()).publicKey, auth: AUTH };
  const sender = { ...await senderKeys(), salt: SALT };
  const body = await encryptPush(text(PLAINTEXT), receiver, sender);
  assert.equal(Buffer.from(body).toString("base64url"), BODY);
});

Deno.test("decryptPush() reads the example of RFC 8291", async () => {
  const { privateKey, publicKey } = await receiverKeys();
  const body = Uint8Array.from(Buffer.from(BODY, "base64url"));
  const plaintext = await decryptPush(body, { privateKey, p256dh: publicKey, auth: AUTH });
  assert.equal(new TextDecoder().decode(plaintext), PLAINTEXT);
});

Deno.test("encryptPush() makes what its receiver reads, of every length up to the largest", async () => {
  const receiver = await subscription();
  for (const length of [0, 1, 15, 16, 17, 1000, PLAINTEXT_BYTES_MAX]) {
    const plaintext = crypto.getRandomValues(new Uint8Array(length));
    const body = await encryptPush(plaintext, receiver, await createSenderKeys(salt()));
    assert.deepEqual(await decryptPush(body, receiver), plaintext);
    assert.equal(body.length, length + 103);
  }
  // RFC 8291 §4 has the same number.
  assert.equal(PLAINTEXT_BYTES_MAX, 3993);
});

Deno.test("encryptPush() makes what nobody else reads", async () => {
  const [receiver, other] = [await subscription(), await subscription()];
  const body = await encryptPush(text("secret"), receiver, await createSenderKeys(salt()));
  await assert.rejects(decryptPush(body, other));
  await assert.rejects(decryptPush(body, { ...receiver, auth: other.auth }));
  for (const index of [0, 30, body.length - 1]) {
    const changed = Uint8Array.from(body);
    changed[index] = (changed[index] ?? 0) ^ 1;
    await assert.rejects(decryptPush(changed, receiver), `a change of byte ${index} goes unseen`);
  }
});

Deno.test("createSenderKeys() makes a pair that fits, another one each time", async () => {
  const [one, two] = [await createSenderKeys(salt()), await createSenderKeys(salt())];
  assert.notDeepEqual(one.publicKey, two.publicKey);
  const curve = { name: "ECDH", namedCurve: "P-256" };
  const shared = await Promise.all([[one, two], [two, one]].map(async ([own, remote]) => {
    assert.ok(own !== undefined && remote !== undefined);
    assert.equal(own.publicKey.length, 65);
    const key = await crypto.subtle.importKey("raw", remote.publicKey, curve, false, []);
    return await crypto.subtle.deriveBits({ name: "ECDH", public: key }, own.privateKey, 256);
  }));
  assert.deepEqual(shared[0], shared[1]);
});

Deno.test("encryptPush() refuses keys that are none", async () => {
  const { p256dh, auth } = await subscription();
  const offCurve = Uint8Array.from(p256dh);
  offCurve[64] = (offCurve[64] ?? 0) ^ 1;
  const unfit: ReceiverKeys[] = [
    { p256dh: offCurve, auth },
    { p256dh: p256dh.slice(0, 64), auth },
    { p256dh: new Uint8Array(65), auth },
    { p256dh: Uint8Array.of(0), auth },
    { p256dh: new Uint8Array(0), auth },
    { p256dh, auth: auth.slice(1) },
    { p256dh, auth: new Uint8Array(0) },
  ];
  const sender = await createSenderKeys(salt());
  for (const receiver of unfit) {
    await assert.rejects(encryptPush(text("a"), receiver, sender), ReceiverKeysError);
  }
});

function salt(): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(16));
}

async function subscription(): Promise<SubscriptionKeys> {
  const { privateKey, publicKey } = await createSenderKeys(salt());
  return { privateKey, p256dh: publicKey, auth: salt() };
}
