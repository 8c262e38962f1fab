import assert from "node:assert/strict";
import fc from "fast-check";
import { type JWTPayload, SignJWT } from "jose";
import { BadCredentialError } from "../bad_credential.ts";
import {
  type Claims,
  readClaims,
  readRefreshClaims,
  REFRESH_TYPE,
  tokenIdOf,
} from "./token_claims.ts";

const NOW_MS = 1_790_000_000_250;
const MAX_AGE_SECONDS = 3600;

function read(payload: JWTPayload, { now = NOW_MS, isOwn = true } = {}): Claims {
  return readClaims("a.b.c", { type: undefined, isOwn, payload }, now, MAX_AGE_SECONDS);
}

Deno.test("readClaims() reads times to the millisecond, whatever binary fractions make of them", () => {
  fc.assert(
    fc.property(fc.nat(4_000_000_000_000), fc.integer({ min: 1, max: 1e12 }), (now, age) => {
      const claims = read({ sub: "ann", iat: now / 1000, exp: (now + age) / 1000 }, { now });
      assert.deepEqual([claims.issued, claims.expires], [now, now + age]);
      const atEnd = () => read({ sub: "ann", exp: now / 1000 }, { now });
      assert.throws(atEnd, { reason: "expired" });
    }),
  );
});

Deno.test("readClaims() bears 30 s of clock skew in iat to the millisecond", () => {
  const issuedIn = (ms: number) => read({ sub: "ann", iat: (NOW_MS + ms) / 1000 });
  assert.equal(issuedIn(30_000).issued, NOW_MS);
  assert.throws(() => issuedIn(30_001), { reason: "not_yet_valid" });
});

Deno.test("readClaims() lets a token without exp end when it reaches the maximum age", () => {
  const issuedAgo = (ms: number) => read({ sub: "ann", iat: (NOW_MS - ms) / 1000 });
  assert.equal(issuedAgo(3_599_999).expires, NOW_MS + 1);
  assert.throws(() => issuedAgo(3_600_000), { reason: "expired" });
});

Deno.test("readClaims() answers sound claims or an error of its own, whatever a token says", () => {
  const value = fc.oneof(fc.jsonValue(), fc.constantFrom("ann", NOW_MS / 1000 + 5, NaN, -0));
  const names = ["sub", "userid", "exp", "iat", "created", "did", "jti", "sid"];
  const payloads = fc.dictionary(fc.constantFrom(...names), value);
  fc.assert(fc.property(payloads, fc.boolean(), (payload, isOwn) => {
    let claims: Claims;
    try {
      claims = read(payload, { isOwn });
    } catch (error) {
      assert.ok(error instanceof BadCredentialError, String(error));
      return;
    }
    assert.equal(claims.user, claims.user.toLowerCase());
    assert.ok(claims.id.length >= 1 && claims.id.length <= 128);
    assert.ok(claims.expires > NOW_MS && Number.isSafeInteger(claims.expires));
    assert.ok(claims.issued === undefined || Number.isSafeInteger(claims.issued));
    assert.ok(claims.session === undefined || isOwn);
  }));
});

Deno.test("readClaims() knows a token without a jti by what was signed", () => {
  const payload = { sub: "ann", exp: NOW_MS };
  const idOf = (token: string) =>
    readClaims(token, { type: undefined, isOwn: true, payload }, NOW_MS, 1).id;
  // SHA-256 of "a.b".
  assert.equal(idOf("a.b.c"), "sha256:LnM23I66h-9HLfVow1SCq_JXXcPl6sDFxiuP-urCyTQ");
  assert.equal(idOf("a.b.d"), idOf("a.b.c"));
  assert.notEqual(idOf("a.bb.c"), idOf("a.b.c"));
});

Deno.test("readClaims() and readRefreshClaims() accept no token of the other's type", () => {
  const payload = { sub: "ann", did: "phone", sid: "s1", gen: 1, exp: NOW_MS };
  const refresh = { type: REFRESH_TYPE, isOwn: true, payload };
  assert.equal(readRefreshClaims(refresh, NOW_MS).generation, 1);
  assert.throws(() => readClaims("a.b.c", refresh, NOW_MS, 1), { reason: "malformed" });
  for (const type of [undefined, "jwt", ""]) {
    const access = { ...refresh, type };
    assert.equal(readClaims("a.b.c", access, NOW_MS, 1).session, "s1");
    assert.throws(() => readRefreshClaims(access, NOW_MS), { reason: "malformed" });
  }
});

Deno.test("tokenIdOf() answers the id under which a token is verified, valid or not", async () => {
  const signer = (claims: JWTPayload) => new SignJWT(claims).setProtectedHeader({ alg: "HS256" });
  const secret = new Uint8Array(32);
  const named = await signer({ sub: "ann", jti: "7", exp: 1 }).sign(secret);
  assert.equal(tokenIdOf(named), "7");
  const payload = { sub: "ann", exp: NOW_MS };
  const unnamed = await signer(payload).sign(secret);
  const { id } = readClaims(unnamed, { type: "jwt", isOwn: true, payload }, NOW_MS, 1);
  assert.equal(tokenIdOf(unnamed), id);
  assert.equal(tokenIdOf(`${unnamed.slice(0, unnamed.lastIndexOf("."))}.`), id);
  const lie = await signer({ jti: id }).sign(secret);
  assert.throws(() => tokenIdOf(lie), { reason: "malformed" });
  for (const text of ["", "7", "a.b.c", "a.b"]) assert.throws(() => tokenIdOf(text), Error);
});
