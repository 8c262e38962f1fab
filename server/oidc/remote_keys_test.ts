import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { errors } from "jose";
import { makeKey } from "../../tests/harness/issuer_key.ts";
import { KeyScene } from "../../tests/harness/key_scene.ts";
import { FakeClock } from "../fake_clock.ts";
import { KEY_SEARCH_MS, KEYS_RETRY_MS_MIN } from "./key_cache.ts";
import { createRemoteKeys, KEYS_MAX } from "./remote_keys.ts";

Deno.test("createRemoteKeys() follows no redirect, though the keys are there", async () => {
  await using scene = new KeyScene();
  scene.issuer.misbehave("keys", "redirect");
  assert.match((await scene.unavailable()).message, /: status_302$/);
  assert.equal(scene.issuer.hits.elsewhere, 0);
});

Deno.test("createRemoteKeys() tries all keys where neither set nor token name one", async () => {
  await using scene = new KeyScene();
  scene.issuer.rotate(true);
  scene.issuer.rotate(true);
  await scene.verify(scene.issuer.token({}, { kid: null }));
  scene.issuer.misbehave("keys", ({ keys }) => {
    return { keys: (keys as object[]).map((key) => ({ ...key, kid: undefined })) };
  });
  await scene.verify(scene.issuer.token({}, { kid: null }));
  const { privateKey } = makeKey("ES256", "");
  const foreign = scene.issuer.token({}, { kid: null, key: privateKey });
  await scene.refused(foreign, "bad_signature");
  assert.equal(scene.hits, 1);
});

Deno.test("createRemoteKeys() leaves out what is no public key for signatures", async () => {
  await using scene = new KeyScene({ algorithms: ["RS256", "ES256"] });
  const short = generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey;
  const exported = (key: Parameters<typeof createPublicKey>[0]) =>
    createPublicKey(key).export({ format: "jwk" });
  const { privateKey } = makeKey("ES256", "");
  scene.issuer.misbehave("keys", ({ keys }) => ({
    keys: [
      ...(keys as object[]),
      { kty: "oct", k: "c2VjcmV0", kid: "oct" },
      { kty: "EC", crv: "P-256", x: "!", y: "!", kid: "no point" },
      { kty: "??", kid: "unknown" },
      { kid: "nothing" },
      { ...exported(short), kid: "short" },
      { ...privateKey.export({ format: "jwk" }), kid: "private" },
      { ...exported(privateKey), use: "enc", kid: "for encryption" },
      "key",
      null,
    ],
  }));
  const { issuer } = scene;
  await scene.verify(issuer.token({}, { alg: "ES256" }));
  for (const kid of ["no point", "unknown", "nothing", "private", "for encryption"]) {
    scene.clock.advance(KEY_SEARCH_MS);
    await scene.refused(issuer.token({}, { alg: "ES256", kid, key: privateKey }), "unknown_key");
  }
  scene.clock.advance(KEY_SEARCH_MS);
  await scene.refused(issuer.token({}, { kid: "short", key: short }), "unknown_key");
  const secret = new TextEncoder().encode("secret");
  const symmetric = issuer.token({}, { alg: "HS256", kid: "oct", key: secret });
  await scene.refused(symmetric, "wrong_algorithm");
  await scene.verify(issuer.token({}, { alg: "RS256" }));
});

Deno.test("createRemoteKeys() does not take an algorithm that the key is not for", async () => {
  await using scene = new KeyScene({ algorithms: ["RS256", "ES256"] });
  const { kid, privateKey: key } = scene.issuer.keyFor("RS256");
  for (const alg of ["RS384", "PS256", "PS512"]) {
    await scene.refused(scene.issuer.token({}, { alg, kid, key }), "unknown_key");
  }
  const other = scene.issuer.keyFor("ES256").privateKey;
  await scene.refused(scene.issuer.token({}, { alg: "ES256", kid, key: other }), "unknown_key");
});

Deno.test("createRemoteKeys() takes so many keys, and not one more", async () => {
  await using scene = new KeyScene();
  const copies = (count: number) => ({ keys }: Readonly<Record<string, unknown>>) => {
    const [key] = keys as object[];
    return {
      keys: Array.from({ length: count }, (_, i) => i === 0 ? key : { ...key, kid: `${i}` }),
    };
  };
  scene.issuer.misbehave("keys", copies(KEYS_MAX + 1));
  assert.match((await scene.unavailable()).message, /: unexpected_form$/);
  scene.issuer.misbehave("keys", copies(KEYS_MAX));
  scene.clock.advance(KEYS_RETRY_MS_MIN);
  await scene.verify();
});

Deno.test("createRemoteKeys() leaves a bad signature to whoever asked", async () => {
  await using scene = new KeyScene();
  const foreign = scene.issuer.token({}, { key: makeKey("ES256", "").privateKey });
  await assert.rejects(scene.verify(foreign), errors.JWSSignatureVerificationFailed);
});

Deno.test("createRemoteKeys() refuses a URL on which anybody could change the keys", () => {
  const world = { fetch, clock: new FakeClock() };
  for (const url of ["http://example.org/keys", "keys", "file:///keys"]) {
    assert.throws(() => createRemoteKeys({ ...world, url }), TypeError);
  }
});
