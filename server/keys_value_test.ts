import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { createLocalJWKSet, type JWK, jwtVerify, SignJWT } from "jose";
import { JWT_KEYS_MAX } from "../limits.ts";
import { keySource } from "./keys_value.ts";

interface Pair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

function jwkOf(key: KeyObject): JWK {
  return JSON.parse(JSON.stringify(key.export({ format: "jwk" })));
}

/** The public half of a pair as it is published, and the private one. */
function halves({ publicKey, privateKey }: Pair): readonly [open: JWK, secret: JWK] {
  return [jwkOf(publicKey), jwkOf(privateKey)];
}

function rsa(modulusLength: number) {
  return halves(generateKeyPairSync("rsa", { modulusLength }));
}

function ec(namedCurve: string) {
  return halves(generateKeyPairSync("ec", { namedCurve }));
}

function read(json: object) {
  return keySource().read(JSON.stringify(json));
}

Deno.test("keySource() reads a URL as it is written", () => {
  for (const url of ["https://acme.example/keys?v=1", "http://localhost:1/keys", "https://a"]) {
    assert.deepEqual(keySource().read(url), { kind: "url", url });
  }
  const wrong = ["acme", "http://acme.example/keys", "https://u:p@acme.example", "file:///keys"];
  for (const url of [...wrong, "https://a b", "https:a", "[]", "null", '"https://a"']) {
    assert.equal(keySource().read(url), undefined, url);
    assert.equal(keySource().fault?.(url), undefined);
  }
});

Deno.test("keySource() reads public keys, each alone and all in a set", () => {
  const open = [
    rsa(2048)[0],
    ec("P-256")[0],
    { ...ec("P-384")[0], kid: "1", use: "sig", alg: "ES384", x5t: "other" },
    halves(generateKeyPairSync("ed25519"))[0],
  ];
  for (const key of open) assert.deepEqual(read(key), { kind: "set", keys: { keys: [key] } });
  assert.deepEqual(read({ keys: open }), { kind: "set", keys: { keys: open } });
});

Deno.test("keySource() reads keys that verify", async () => {
  const pair = generateKeyPairSync("ed25519");
  const source = keySource().read(` ${JSON.stringify(jwkOf(pair.publicKey), null, 2)}`.trim());
  assert.ok(source?.kind === "set");
  const signer = new SignJWT({ sub: "ann" }).setProtectedHeader({ alg: "EdDSA" });
  const token = await signer.sign(jwkOf(pair.privateKey));
  const { payload } = await jwtVerify(token, createLocalJWKSet(source.keys));
  assert.deepEqual(payload, { sub: "ann" });
});

Deno.test("keySource() refuses private and symmetric keys", () => {
  const pairs = [rsa(2048), ec("P-256"), halves(generateKeyPairSync("ed25519"))];
  for (const [open, secret] of pairs) {
    assert.equal(read(secret), undefined);
    assert.equal(read({ keys: [open, secret] }), undefined);
    for (const member of ["d", "k", "p", "priv"]) {
      assert.equal(read({ ...open, [member]: "" }), undefined, member);
    }
  }
  const k = Buffer.from("a secret").toString("base64url");
  for (const alg of ["HS256", "RS256", undefined]) {
    assert.equal(read({ kty: "oct", k, alg }), undefined);
    assert.equal(read({ keys: [pairs[0]?.[0], { kty: "oct", k, alg }] }), undefined);
  }
});

Deno.test("keySource() refuses keys that are not safe, not whole or not for signatures", () => {
  const [open] = ec("P-256");
  const [long] = rsa(2048);
  assert.equal(read(rsa(1024)[0]), undefined);
  assert.equal(read(ec("P-521")[0]), undefined);
  assert.equal(read(halves(generateKeyPairSync("x25519"))[0]), undefined);
  assert.equal(read({ ...long, use: "enc" }), undefined);
  assert.equal(read({ ...long, n: "!!" }), undefined);
  assert.equal(read({ ...open, y: undefined }), undefined);
  // A point that is not on the curve.
  assert.equal(read({ ...open, y: open.x }), undefined);
  for (const json of [{}, { keys: [] }, { keys: {} }, { keys: [{}] }, { keys: [null] }]) {
    assert.equal(read(json), undefined, JSON.stringify(json));
  }
  assert.equal(keySource().read("{"), undefined);
});

Deno.test("keySource() counts keys", () => {
  const [open] = ec("P-256");
  const many = (count: number) => ({ keys: Array.from({ length: count }, () => open) });
  assert.ok(read(many(JWT_KEYS_MAX)));
  assert.equal(read(many(JWT_KEYS_MAX + 1)), undefined);
});

Deno.test("keySource() tells where a mistake is, and nothing of a key", () => {
  const [open, secret] = ec("P-256");
  const fault = (json: object) => keySource().fault?.(JSON.stringify(json));
  assert.equal(fault({ keys: [open, secret] }), '"keys.1" is wrong');
  assert.equal(fault({ keys: [open, { ...open, x: 5 }] }), '"keys.1.x" is wrong');
  assert.equal(fault({ keys: [{ kty: "oct", k: "AA" }] }), '"keys.0.kty" is wrong');
  assert.equal(fault({}), '"keys" is wrong');
  assert.equal(keySource().fault?.('{"k'), "it is not JSON");
});
