import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHmac } from "node:crypto";
import fc from "fast-check";
import {
  createLocalJWKSet,
  errors,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  type GenerateKeyPairOptions,
  type JSONWebKeySet,
  type JWK,
  SignJWT,
} from "jose";
import { SIGNATURE_KEYS_MAX, TOKEN_CHARS_MAX } from "../../limits.ts";
import { BadCredentialError, type BadCredentialReason } from "../bad_credential.ts";
import { type TokenKeys, TokenVerifier, type VerifiedToken } from "./token_verifier.ts";

const NOW_MS = 1_790_000_000_250;
const NOW = Math.floor(NOW_MS / 1000);
const CLAIMS = { sub: "ann", exp: NOW + 5 };

async function hmacKey(text: string): Promise<CryptoKey> {
  const bytes = new TextEncoder().encode(text);
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  return await crypto.subtle.importKey("raw", bytes, algorithm, false, ["sign", "verify"]);
}

async function verifier(keys?: TokenKeys, texts = ["the secret"]): Promise<TokenVerifier> {
  return new TokenVerifier({ secrets: await Promise.all(texts.map(hmacKey)), keys });
}

/** A key pair, its public half as it is published, and a way to sign with the other. */
async function signer(alg: string, { kid, ...options }: GenerateKeyPairOptions & Named = {}) {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true, ...options });
  const named = kid === undefined ? {} : { kid };
  const jwk: JWK = { ...await exportJWK(publicKey), ...named };
  const sign = (claims: object = CLAIMS, header: object = {}) =>
    new SignJWT({ ...claims }).setProtectedHeader({ alg, ...named, ...header }).sign(privateKey);
  return { jwk, publicKey, privateJwk: await exportJWK(privateKey), sign };
}

interface Named {
  readonly kid?: string;
}

function keysOf(...keys: readonly JWK[]): TokenKeys {
  const set: JSONWebKeySet = { keys: [...keys] };
  return { getKey: createLocalJWKSet(set) };
}

function byHand(header: object, claims: object, secret: string | Uint8Array): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${part(header)}.${part(claims)}`;
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}

async function refused(
  verifying: Promise<VerifiedToken>,
  reason: BadCredentialReason,
): Promise<void> {
  const error = await verifying.then(() => assert.fail(`expected ${reason}`), (error) => error);
  assert.ok(error instanceof BadCredentialError, String(error));
  assert.equal(error.reason, reason);
  assert.equal(error.cause, undefined);
}

const ED_ES = ["EdDSA", "Ed25519", "ES256", "ES384"];
const KEY_ALGORITHMS = [...ED_ES, "RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];

for (const alg of KEY_ALGORITHMS) {
  Deno.test(`TokenVerifier.verify() accepts ${alg} under a key of the set, and under no other`, async () => {
    const [ours, other] = await Promise.all([signer(alg), signer(alg)]);
    const { isOwn, payload, type } = await (await verifier(keysOf(ours.jwk)))
      .verify(await ours.sign(), NOW_MS);
    assert.deepEqual([isOwn, payload, type], [false, CLAIMS, undefined]);
    await refused(
      (await verifier(keysOf(other.jwk))).verify(await ours.sign(), NOW_MS),
      "bad_signature",
    );
    await refused((await verifier()).verify(await ours.sign(), NOW_MS), "wrong_algorithm");
    await refused(
      (await verifier(keysOf(ours.jwk))).verifyOwn(await ours.sign(), NOW_MS),
      "wrong_algorithm",
    );
  });
}

Deno.test("TokenVerifier.verify() refuses algorithms that are not on its list", async () => {
  const { jwk, sign } = await signer("ES512");
  const both = await verifier(keysOf(jwk));
  await refused(both.verify(await sign(), NOW_MS), "wrong_algorithm");
  for (const alg of ["none", "None", "hs256", "HS384", "HS512", "ES256K", "ML-DSA-44", "dir", ""]) {
    const token = byHand({ alg }, CLAIMS, "the secret");
    await refused(both.verify(token, NOW_MS), alg === "" ? "malformed" : "wrong_algorithm");
    const unsigned = token.slice(0, token.lastIndexOf(".") + 1);
    await refused(both.verify(unsigned, NOW_MS), alg === "" ? "malformed" : "wrong_algorithm");
  }
  for (const alg of [undefined, null, 5, ["HS256"], {}]) {
    await refused(both.verify(byHand({ alg }, CLAIMS, "the secret"), NOW_MS), "malformed");
  }
});

Deno.test("TokenVerifier.verify() refuses HS256 signed with what is public", async () => {
  const { jwk, publicKey } = await signer("RS256", { kid: "1" });
  const keys = await verifier(keysOf(jwk));
  const spki = await exportSPKI(publicKey);
  const raw = new Uint8Array(await crypto.subtle.exportKey("spki", publicKey as CryptoKey));
  for (const secret of [spki, spki.trim(), raw, JSON.stringify(jwk), jwk.n ?? "", ""]) {
    const token = byHand({ alg: "HS256", kid: "1" }, CLAIMS, secret);
    await refused(keys.verify(token, NOW_MS), "bad_signature");
  }
});

Deno.test("TokenVerifier.verify() never uses a symmetric key of a set", async () => {
  const k = Buffer.from("a secret in a set").toString("base64url");
  const asked: string[] = [];
  for (const alg of [undefined, "HS256", "RS256", "EdDSA"]) {
    const jwk: JWK = { kty: "oct", k, kid: "1", ...alg === undefined ? {} : { alg } };
    const find = createLocalJWKSet({ keys: [jwk] });
    const keys = await verifier({
      getKey: (header, jws) => {
        asked.push(header.alg);
        return find(header, jws);
      },
    });
    const token = byHand({ alg: "HS256", kid: "1" }, CLAIMS, "a secret in a set");
    await refused(keys.verify(token, NOW_MS), "bad_signature");
    assert.deepEqual(asked, []);
    for (const other of KEY_ALGORITHMS) {
      const lie = byHand({ alg: other, kid: "1" }, CLAIMS, "a secret in a set");
      await refused(keys.verify(lie, NOW_MS), "unknown_key");
    }
    asked.length = 0;
  }
});

Deno.test("TokenVerifier.verify() refuses a key that does not fit, whoever found it", async () => {
  const secret = new TextEncoder().encode("a secret in a set");
  const pair = await signer("ES256");
  const unfit = [
    secret,
    await hmacKey("a secret in a set"),
    { kty: "oct", k: Buffer.from(secret).toString("base64url") },
    pair.privateJwk,
    (await signer("ES384")).publicKey,
  ];
  for (const key of unfit) {
    const keys = await verifier({ getKey: () => Promise.resolve(key) });
    await refused(keys.verify(await pair.sign(), NOW_MS), "unknown_key");
    await refused(keys.verify(byHand({ alg: "ES256" }, CLAIMS, secret), NOW_MS), "unknown_key");
  }
});

Deno.test("TokenVerifier.verify() refuses an RSA key that is too short", async () => {
  const algorithm = { name: "RSASSA-PKCS1-v1_5", modulusLength: 1024, hash: "SHA-256" };
  const pair = await crypto.subtle.generateKey(
    { ...algorithm, publicExponent: new Uint8Array([1, 0, 1]) },
    true,
    ["sign", "verify"],
  );
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${part({ alg: "RS256" })}.${part(CLAIMS)}`;
  const bytes = new TextEncoder().encode(signed);
  const signature = await crypto.subtle.sign(algorithm.name, pair.privateKey, bytes);
  const token = `${signed}.${Buffer.from(signature).toString("base64url")}`;
  const keys = await verifier(keysOf(await exportJWK(pair.publicKey)));
  await refused(keys.verify(token, NOW_MS), "unknown_key");
});

Deno.test("TokenVerifier.verify() finds the key that a token names", async () => {
  const [a, b, c] = await Promise.all(["a", "b", "c"].map((kid) => signer("ES256", { kid })));
  assert.ok(a && b && c);
  const keys = await verifier(keysOf(a.jwk, b.jwk));
  assert.ok(await keys.verify(await b.sign(), NOW_MS));
  await refused(keys.verify(await c.sign(), NOW_MS), "unknown_key");
  await refused(keys.verify(await c.sign(CLAIMS, { kid: "a" }), NOW_MS), "bad_signature");
});

Deno.test("TokenVerifier.verify() tries all keys that would do, up to a limit", async () => {
  const { jwk, sign } = await signer("ES256");
  const others = await Promise.all(
    Array.from({ length: SIGNATURE_KEYS_MAX }, async () => (await signer("ES256")).jwk),
  );
  const last = await verifier(keysOf(...others.slice(1), jwk));
  assert.deepEqual((await last.verify(await sign(), NOW_MS)).payload, CLAIMS);
  await refused(last.verify(await sign({ sub: "ann", exp: NOW - 60 }), NOW_MS), "expired");
  const past = await verifier(keysOf(...others, jwk));
  await refused(past.verify(await sign(), NOW_MS), "bad_signature");
  const none = await verifier(keysOf(...others));
  await refused(none.verify(await sign(), NOW_MS), "bad_signature");
});

Deno.test("TokenVerifier.verify() looks at iss and aud of tokens under keys, where it should", async () => {
  const { jwk, sign } = await signer("EdDSA");
  const { getKey } = keysOf(jwk);
  const strict = await verifier({ getKey, issuer: "https://a.example", audience: "titan" });
  const good = { ...CLAIMS, iss: "https://a.example", aud: ["other", "titan"] };
  assert.ok(await strict.verify(await sign(good), NOW_MS));
  assert.ok(await strict.verify(await sign({ ...good, aud: "titan" }), NOW_MS));
  for (const iss of ["https://a.example/", "https://b.example", "", undefined]) {
    await refused(strict.verify(await sign({ ...good, iss }), NOW_MS), "wrong_issuer");
  }
  for (const aud of ["titan2", [], ["other"], undefined]) {
    await refused(strict.verify(await sign({ ...good, aud }), NOW_MS), "wrong_audience");
  }
  const lax = await verifier({ getKey });
  assert.ok(await lax.verify(await sign(), NOW_MS));
  assert.ok(await lax.verify(await sign({ ...good, iss: "https://b.example" }), NOW_MS));
  // Tokens under the secrets are not from there.
  const own = byHand({ alg: "HS256" }, CLAIMS, "the secret");
  assert.equal((await strict.verify(own, NOW_MS)).isOwn, true);
});

Deno.test("TokenVerifier.verify() lets errors of the lookup through, but not those about the token", async () => {
  const { sign } = await signer("ES256");
  const away = [
    new Error("The issuer is away"),
    new TypeError("Cannot fetch"),
    new errors.JWKSTimeout(),
    new errors.JWKSInvalid(),
    new BadCredentialError("unknown_key"),
  ];
  for (const error of away) {
    const keys = await verifier({ getKey: () => Promise.reject(error) });
    const caught = await keys.verify(await sign(), NOW_MS).catch((caught) => caught);
    assert.equal(caught, error);
  }
  const none = await verifier({ getKey: () => Promise.reject(new errors.JWKSNoMatchingKey()) });
  await refused(none.verify(await sign(), NOW_MS), "unknown_key");
  // Nobody is asked about what cannot be a token, nor about a token of ours.
  const broken = await verifier({ getKey: () => Promise.reject(away[0]) });
  for (const text of ["", "a.b.c", "x".repeat(TOKEN_CHARS_MAX)]) {
    await refused(broken.verify(text, NOW_MS), "malformed");
  }
  await refused(broken.verify("x".repeat(TOKEN_CHARS_MAX + 1), NOW_MS), "too_long");
  await refused(broken.verify(byHand({ alg: "HS256" }, CLAIMS, "x"), NOW_MS), "bad_signature");
});

Deno.test("TokenVerifier.verify() tells when a token under a key is early or over", async () => {
  const { jwk, sign } = await signer("ES256");
  const keys = await verifier(keysOf(jwk));
  assert.ok(await keys.verify(await sign({ ...CLAIMS, nbf: NOW + 30 }), NOW_MS));
  await refused(keys.verify(await sign({ ...CLAIMS, nbf: NOW + 31 }), NOW_MS), "not_yet_valid");
  await refused(keys.verify(await sign({ sub: "ann", exp: NOW - 30 }), NOW_MS), "expired");
});

Deno.test("TokenVerifier.verifyOwn() tries every secret", async () => {
  const three = await verifier(undefined, ["a", "b", "c"]);
  for (const secret of ["a", "b", "c"]) {
    const token = byHand({ alg: "HS256", typ: "Application/X" }, CLAIMS, secret);
    const expected = { type: "x", isOwn: true, payload: CLAIMS };
    assert.deepEqual(await three.verifyOwn(token, NOW_MS), expected);
    assert.deepEqual(await three.verify(token, NOW_MS), expected);
  }
  await refused(three.verifyOwn(byHand({ alg: "HS256" }, CLAIMS, "d"), NOW_MS), "bad_signature");
});

Deno.test("TokenVerifier.verify() accepts no token under a key in which one character was changed", async () => {
  const { jwk, sign } = await signer("EdDSA");
  const keys = await verifier(keysOf(jwk));
  const whole = await sign();
  // The last character of the signature has bits that mean nothing, so it is left out.
  const index = fc.nat(whole.length - 2);
  await fc.assert(fc.asyncProperty(index, fc.constantFrom(..."aB3_-. ="), async (at, character) => {
    fc.pre(whole[at] !== character);
    const changed = whole.slice(0, at) + character + whole.slice(at + 1);
    await assert.rejects(keys.verify(changed, NOW_MS), BadCredentialError);
  }));
});
