import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { decodeProtectedHeader, generateKeyPair, SignJWT } from "jose";
import { TOKEN_CHARS_MAX } from "../../limits.ts";
import { BadCredentialError, type BadCredentialReason } from "../bad_credential.ts";
import {
  claimedUser,
  createTokens,
  type RefreshRequest,
  type TokenOptions,
  type Tokens,
  weakSecret,
} from "./tokens.ts";

const NOW_MS = 1_790_000_000_250;
const NOW = Math.floor(NOW_MS / 1000);
const SECRET = new TextEncoder().encode("a secret of at least thirty-two bytes");
const OTHER = new TextEncoder().encode("another secret of more than 32 bytes");
const HOUR = 3600;

/** The characters of base64url in order (RFC 4648 §5). */
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Tokens under {@linkcode SECRET}, at a time that a test may set. */
function tokens(options: Partial<TokenOptions> = {}): Promise<Tokens> {
  return createTokens({
    secrets: [SECRET],
    maxAgeSeconds: HOUR,
    now: () => NOW_MS,
    random: (buffer) => crypto.getRandomValues(buffer),
    ...options,
  });
}

function encode(part: unknown): string {
  const text = typeof part === "string" ? part : JSON.stringify(part);
  return Buffer.from(text).toString("base64url");
}

/** A token made by hand: a second implementation, and free to be wrong. Strings go in as JSON. */
function token(payload: unknown, header: unknown = { alg: "HS256" }, secret = SECRET): string {
  const signed = `${encode(header)}.${encode(payload)}`;
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}

/** What a request for a refresh token may hold. */
const REFRESH: RefreshRequest = {
  user: "ann",
  device: "phone",
  session: "s1",
  generation: 1,
  ttlSeconds: 60,
};

/** A token by hand that would be a good refresh token but for some claims. */
function refreshToken(claims: object, header: object = {}): string {
  const good = { sub: "ann", did: "phone", sid: "s1", gen: 1, iat: NOW, exp: NOW + 5 };
  return token({ ...good, ...claims }, { alg: "HS256", typ: "titan-refresh+jwt", ...header });
}

/** Expects a token to be refused for one reason, in an error that holds nothing of it. */
async function refused(
  wrong: string,
  reason: BadCredentialReason,
  kind: "verify" | "verifyRefresh" = "verify",
): Promise<void> {
  const error = await (await tokens())[kind](wrong).then(
    () => assert.fail(`expected ${reason}, but the token was accepted`),
    (error: unknown) => error,
  );
  assert.ok(error instanceof BadCredentialError, String(error));
  assert.equal(error.reason, reason);
  assert.equal(error.message, `Cannot accept the token: ${reason}`);
  assert.deepEqual(Object.keys(error).sort(), ["name", "reason"]);
  assert.equal(error.cause, undefined);
}

Deno.test("Tokens.verify() accepts what Tokens.sign() makes", async () => {
  const made = await tokens();
  const request = { user: "Ann", device: "Phone", session: "S1", ttlSeconds: 60 };
  const signed = await made.sign(request);
  const claims = await made.verify(signed);
  assert.deepEqual(claims, {
    user: "ann",
    device: "Phone",
    id: claims.id,
    session: "S1",
    issued: NOW_MS,
    expires: NOW_MS + 60_000,
  });
  assert.match(claims.id, /^[\w-]{22}$/);
  assert.deepEqual(decodeProtectedHeader(signed), { alg: "HS256", typ: "JWT" });
  const other = await made.verify(await made.sign({ user: "ann", ttlSeconds: 60 }));
  assert.notEqual(other.id, claims.id);
  assert.deepEqual([other.device, other.session], [undefined, undefined]);
});

Deno.test("Tokens.sign() keeps every millisecond", async () => {
  const times = fc.integer({ min: 0, max: 4_000_000_000_000 });
  const ages = fc.integer({ min: 1, max: 10 * 366 * 24 * HOUR });
  await fc.assert(
    fc.asyncProperty(times, ages, async (now, ttlSeconds) => {
      const made = await tokens({ now: () => now });
      const claims = await made.verify(await made.sign({ user: "ann", ttlSeconds }));
      assert.deepEqual([claims.issued, claims.expires], [now, now + ttlSeconds * 1000]);
      const refresh = await made.signRefresh({ ...REFRESH, ttlSeconds });
      assert.equal((await made.verifyRefresh(refresh)).expires, now + ttlSeconds * 1000);
    }),
    { numRuns: 50 },
  );
});

Deno.test("Tokens.verify() accepts tokens of other libraries and of Titan's ancestors", async () => {
  const made = await tokens();
  const standard = await new SignJWT({ sub: "ann", did: "phone", jti: "7" })
    .setProtectedHeader({ alg: "HS256" }).setIssuedAt(NOW).setExpirationTime(NOW + 9).sign(SECRET);
  const session = undefined;
  assert.deepEqual(await made.verify(standard), {
    user: "ann",
    device: "phone",
    id: "7",
    session,
    issued: NOW * 1000,
    expires: (NOW + 9) * 1000,
  });
  const old = token({ userid: "Ann", created: NOW - 10 });
  const hash = createHash("sha256").update(old.slice(0, old.lastIndexOf("."))).digest("base64url");
  assert.deepEqual(await made.verify(old), {
    user: "ann",
    device: undefined,
    id: `sha256:${hash}`,
    session,
    issued: (NOW - 10) * 1000,
    expires: (NOW - 10 + HOUR) * 1000,
  });
  assert.equal((await made.verify(token({ sub: "ann", exp: NOW + 9 }))).issued, undefined);
});

Deno.test("Tokens.verify() prefers sub, iat and exp", async () => {
  const made = await tokens();
  const both = { sub: "ann", userid: "bob", iat: NOW - 60, created: 1, exp: NOW + 5 };
  const claims = await made.verify(token(both));
  assert.deepEqual([claims.user, claims.expires], ["ann", (NOW + 5) * 1000]);
  const old = await made.verify(token({ sub: "ann", iat: NOW - 60, created: 1 }));
  assert.equal(old.expires, (NOW - 60 + HOUR) * 1000);
});

Deno.test("Tokens.verify() takes any name for a user", async () => {
  const made = await tokens();
  for (const user of ["constructor", "__proto__", "tostring", "ünïcode", "a@example.org"]) {
    const claims = await made.verify(token({ sub: user, exp: NOW + 5 }));
    assert.equal(claims.user, user);
    assert.equal((await made.verify(await made.sign({ user, ttlSeconds: 5 }))).user, user);
  }
});

Deno.test("Tokens.verify() refuses a token from the very moment it expires", async () => {
  const signed = token({ sub: "ann", exp: NOW + 1 });
  const before = await tokens({ now: () => (NOW + 1) * 1000 - 1 });
  assert.equal((await before.verify(signed)).user, "ann");
  const after = await tokens({ now: () => (NOW + 1) * 1000 });
  await assert.rejects(after.verify(signed), { reason: "expired" });
});

Deno.test("Tokens.verify() refuses a token without exp that is past the maximum age", async () => {
  const signed = token({ sub: "ann", iat: NOW - HOUR + 1 });
  assert.equal((await (await tokens()).verify(signed)).user, "ann");
  await refused(token({ sub: "ann", iat: NOW - HOUR }), "expired");
  await refused(token({ userid: "ann", created: NOW - HOUR }), "expired");
  const short = await tokens({ maxAgeSeconds: 1 });
  await assert.rejects(short.verify(signed), { reason: "expired" });
});

Deno.test("Tokens.verify() refuses expired tokens", async () => {
  await refused(token({ sub: "ann", exp: NOW - 1 }), "expired");
  await refused(token({ sub: "ann", iat: NOW, exp: NOW - 100 }), "expired");
  await refused(token({ sub: "ann", exp: 0 }), "expired");
  await refused(token({ sub: "ann", exp: -1 }), "expired");
});

Deno.test("Tokens.verify() bears 30 s of clock skew in iat and nbf, and no more", async () => {
  const made = await tokens();
  const expiring = { sub: "ann", exp: NOW + HOUR };
  assert.ok(await made.verify(token({ ...expiring, iat: NOW + 30 })));
  assert.ok(await made.verify(token({ ...expiring, nbf: NOW + 30 })));
  await refused(token({ ...expiring, iat: NOW + 31 }), "not_yet_valid");
  await refused(token({ ...expiring, nbf: NOW + 31 }), "not_yet_valid");
  await refused(token({ userid: "ann", created: NOW + 31 }), "not_yet_valid");
});

Deno.test("Tokens.verify() refuses a token that would be valid for ever", async () => {
  await refused(token({ sub: "ann" }), "no_expiry");
  await refused(token({ sub: "ann", nbf: NOW }), "no_expiry");
  await refused(token('{"sub":"ann","exp":1e999}'), "malformed");
  await refused(token('{"sub":"ann","exp":1e307}'), "malformed");
  await refused(token('{"sub":"ann","iat":-1e999}'), "malformed");
  // The last moment that is a date, and the next second.
  assert.ok(await (await tokens()).verify(token({ sub: "ann", exp: 8.64e12 })));
  await refused(token({ sub: "ann", exp: 8.64e12 + 1 }), "malformed");
});

Deno.test("Tokens.verify() refuses times that are no numbers", async () => {
  for (const claim of ["exp", "iat", "nbf", "created"]) {
    for (const value of [`${NOW + 5}`, null, true, {}, [NOW + 5]]) {
      await refused(token({ sub: "ann", [claim]: value }), "malformed");
    }
  }
});

Deno.test("Tokens.verify() refuses every algorithm but HS256", async () => {
  const payload = { sub: "ann", exp: NOW + 5 };
  for (const alg of ["none", "None", "hs256", "HS384", "HS512", "RS256", "ES256", "EdDSA"]) {
    await refused(token(payload, { alg }), "wrong_algorithm");
    await refused(refreshToken({}, { alg }), "wrong_algorithm", "verifyRefresh");
  }
  const unsigned = `${encode({ alg: "none" })}.${encode(payload)}.`;
  await refused(unsigned, "wrong_algorithm");
  await refused(token(payload, { alg: "HS256", crit: ["x"], x: 1 }), "malformed");
  await refused(token(payload, { typ: "JWT" }), "malformed");
  await refused(token(payload, { alg: 5 }), "malformed");
});

Deno.test("Tokens.verify() refuses a signature of another secret, or of another text", async () => {
  const payload = { sub: "ann", exp: NOW + 5 };
  const other = new TextEncoder().encode("another secret");
  await refused(token(payload, { alg: "HS256" }, other), "bad_signature");
  const [header = "", , signature = ""] = token(payload).split(".");
  await refused(`${header}.${encode({ ...payload, sub: "bob" })}.${signature}`, "bad_signature");
  await refused(`${header}.${encode(payload)}.`, "bad_signature");
  await refused(`${header}.${encode(payload)}.${signature.slice(4)}`, "bad_signature");
});

Deno.test("Tokens.verify() refuses what is no token", async () => {
  const whole = token({ sub: "ann", exp: NOW + 5 });
  const [header = "", payload = "", signature = ""] = whole.split(".");
  const wrong = ["", ".", "..", "...", "a.b.c", "ünïcode.☃.\u0000", header, `${header}.${payload}`];
  for (const text of wrong) await refused(text, "malformed");
  for (const text of [`${whole}.`, `${whole}.${payload}`, `${whole}.${payload}.${signature}`]) {
    await refused(text, "malformed");
  }
  for (const text of [`Bearer ${whole}`, `{"a":1}.${payload}.${signature}`]) {
    await refused(text, "malformed");
  }
  for (const claims of ["null", "[]", '"ann"', "5", "{", "", "\ud800"]) {
    await refused(token(claims), "malformed");
  }
});

Deno.test("Tokens.verify() refuses a token without a user, or with no user's id", async () => {
  const exp = NOW + 5;
  await refused(token({ exp }), "no_subject");
  await refused(token({ exp, name: "ann" }), "no_subject");
  for (const sub of ["", " ", "a b", "ann\n", "x".repeat(129), 5, {}, ["ann"], true]) {
    await refused(token({ exp, sub }), "bad_subject");
    await refused(token({ exp, userid: sub }), "bad_subject");
  }
});

Deno.test("Tokens.verify() refuses the name of the echo bot", async () => {
  for (const sub of ["echo", "ECHO", "Echo"]) {
    await refused(token({ sub, exp: NOW + 5 }), "bad_subject");
  }
});

Deno.test("Tokens.verify() refuses a device or a token id that cannot be one", async () => {
  const valid = { sub: "ann", exp: NOW + 5 };
  for (const did of ["", "a b", "x".repeat(65), 5, null]) {
    await refused(token({ ...valid, did }), "bad_device");
  }
  for (const value of ["", "x".repeat(129), 5, null, "\ud800"]) {
    await refused(token({ ...valid, jti: value }), "malformed");
    await refused(token({ ...valid, sid: value }), "malformed");
  }
  const made = await tokens();
  const longest = { did: "x".repeat(64), jti: "x".repeat(128), sid: "y".repeat(128) };
  const claims = await made.verify(token({ ...valid, ...longest }));
  assert.deepEqual([claims.device?.length, claims.id.length, claims.session?.length], [
    64,
    128,
    128,
  ]);
});

Deno.test("Tokens.verify() looks at the length before anything else", async () => {
  const valid = { sub: "ann", exp: NOW + 5 };
  const padding = (length: number) => ({ ...valid, padding: "x".repeat(length) });
  // Base64 has steps: the longest token that is not past the limit, and one past it.
  let length = 6_000;
  while (token(padding(length + 1)).length <= TOKEN_CHARS_MAX) length++;
  const longest = token(padding(length));
  assert.ok(longest.length > TOKEN_CHARS_MAX - 4);
  assert.ok(await (await tokens()).verify(longest));
  await refused(token(padding(length + 1)), "too_long");
  await refused("x".repeat(TOKEN_CHARS_MAX), "malformed");
  await refused("x".repeat(TOKEN_CHARS_MAX + 1), "too_long");
});

Deno.test("Tokens.verify() accepts no token in which one character was changed", async () => {
  const made = await tokens();
  const whole = token({ sub: "ann", exp: NOW + 5 });
  // The last character of the signature has two bits that mean nothing, so it is left out.
  const index = fc.nat(whole.length - 2);
  await fc.assert(fc.asyncProperty(index, fc.constantFrom(..."aB3_-. ="), async (at, character) => {
    fc.pre(whole[at] !== character);
    const changed = whole.slice(0, at) + character + whole.slice(at + 1);
    await assert.rejects(made.verify(changed), BadCredentialError);
  }));
});

Deno.test("Tokens.verify() refuses a jti that could be the id of another token", async () => {
  const valid = { sub: "ann", exp: NOW + 5 };
  const made = await tokens();
  const { id } = await made.verify(token(valid));
  assert.match(id, /^sha256:[\w-]{43}$/);
  await refused(token({ ...valid, jti: id }), "malformed");
  await refused(token({ ...valid, jti: "sha256:" }), "malformed");
  assert.equal((await made.verify(token({ ...valid, jti: "sha256" }))).id, "sha256");
});

Deno.test("Tokens.verify() gives a token without a jti one id, however its signature is written", async () => {
  const made = await tokens();
  const whole = token({ sub: "ann", exp: NOW + 5 });
  const { id } = await made.verify(whole);
  const last = ALPHABET.indexOf(whole.at(-1) ?? "");
  // 32 bytes are 42 characters and four bits: the last two bits of the last character are lost.
  for (let bits = 0; bits < 4; bits++) {
    const same = whole.slice(0, -1) + ALPHABET[last - last % 4 + bits];
    assert.equal((await made.verify(same)).id, id);
  }
  assert.notEqual((await made.verify(token({ sub: "ann", exp: NOW + 6 }))).id, id);
});

Deno.test("Tokens.verifyRefresh() accepts what Tokens.signRefresh() makes", async () => {
  const made = await tokens();
  const signed = await made.signRefresh({ ...REFRESH, user: "Ann", device: "Phone" });
  assert.deepEqual(await made.verifyRefresh(signed), {
    user: "ann",
    device: "Phone",
    session: "s1",
    generation: 1,
    expires: NOW_MS + 60_000,
  });
  assert.deepEqual(decodeProtectedHeader(signed), { alg: "HS256", typ: "titan-refresh+jwt" });
});

Deno.test("Tokens.verifyRefresh() reads any session and any generation back", async () => {
  const made = await tokens();
  const sessions = fc.string({ minLength: 1, maxLength: 128 });
  await fc.assert(
    fc.asyncProperty(sessions, fc.maxSafeNat(), async (session, generation) => {
      const signed = await made.signRefresh({ ...REFRESH, session, generation });
      const claims = await made.verifyRefresh(signed);
      assert.deepEqual([claims.session, claims.generation], [session, generation]);
    }),
    { numRuns: 50 },
  );
});

Deno.test("Tokens tell access tokens and refresh tokens apart", async () => {
  const made = await tokens();
  const access = await made.sign({ ...REFRESH });
  await refused(access, "malformed", "verifyRefresh");
  await refused(await made.signRefresh(REFRESH), "malformed");
  for (const typ of ["titan-refresh+jwt", "TITAN-Refresh+JWT", "application/titan-refresh+jwt"]) {
    await refused(refreshToken({}, { typ }), "malformed");
    assert.ok(await made.verifyRefresh(refreshToken({}, { typ })), typ);
  }
  for (const typ of [undefined, "JWT", "", "refresh+jwt", "titan-refresh", null, 5]) {
    await refused(refreshToken({}, { typ }), "malformed", "verifyRefresh");
  }
  // Other libraries write other types, or none.
  for (const typ of [undefined, "jwt", "at+jwt", "application/at+jwt", 5]) {
    assert.ok(await made.verify(token({ sub: "ann", exp: NOW + 5 }, { alg: "HS256", typ })));
  }
});

Deno.test("Tokens.verifyRefresh() refuses a token that lacks a claim, or has a wrong one", async () => {
  const wrong: readonly (readonly [claims: object, reason: BadCredentialReason])[] = [
    [{ sub: undefined }, "no_subject"],
    [{ sub: "echo" }, "bad_subject"],
    [{ did: undefined }, "bad_device"],
    [{ did: "x".repeat(65) }, "bad_device"],
    [{ sid: undefined }, "malformed"],
    [{ sid: "" }, "malformed"],
    [{ sid: "x".repeat(129) }, "malformed"],
    [{ gen: undefined }, "malformed"],
    [{ gen: -1 }, "malformed"],
    [{ gen: 1.5 }, "malformed"],
    [{ gen: "1" }, "malformed"],
    [{ gen: 2 ** 53 }, "malformed"],
    // Unlike other tokens, these always say when they end.
    [{ exp: undefined }, "no_expiry"],
    [{ exp: NOW }, "expired"],
    [{ iat: NOW + 31 }, "not_yet_valid"],
  ];
  for (const [claims, reason] of wrong) {
    await refused(refreshToken(claims), reason, "verifyRefresh");
  }
  const edge = { did: "x".repeat(64), sid: "x".repeat(128), gen: 2 ** 53 - 1, iat: NOW + 30 };
  assert.ok(await (await tokens()).verifyRefresh(refreshToken(edge)));
  assert.ok(await (await tokens()).verifyRefresh(refreshToken({ gen: 0 })));
});

Deno.test("Tokens.verifyRefresh() refuses a token from the very moment it expires", async () => {
  const signed = await (await tokens()).signRefresh({ ...REFRESH, ttlSeconds: 1 });
  const before = await tokens({ now: () => NOW_MS + 999 });
  assert.equal((await before.verifyRefresh(signed)).expires, NOW_MS + 1000);
  const after = await tokens({ now: () => NOW_MS + 1000 });
  await assert.rejects(after.verifyRefresh(signed), { reason: "expired" });
});

Deno.test("Tokens.verifyRefresh() looks at the length before anything else", async () => {
  await refused("x".repeat(TOKEN_CHARS_MAX), "malformed", "verifyRefresh");
  await refused("x".repeat(TOKEN_CHARS_MAX + 1), "too_long", "verifyRefresh");
});

Deno.test("Tokens verify with every secret and sign with the first", async () => {
  const [old, current, next] = [SECRET, OTHER, new Uint8Array(32).fill(7)] as const;
  const before = await tokens({ secrets: [old] });
  const access = await before.sign({ user: "ann", ttlSeconds: 60 });
  const refresh = await before.signRefresh(REFRESH);
  for (const secrets of [[old, current], [current, old], [next, current, old]]) {
    const during = await tokens({ secrets });
    assert.equal((await during.verify(access)).user, "ann");
    assert.equal((await during.verifyRefresh(refresh)).user, "ann");
    const [first = old] = secrets;
    const alone = await tokens({ secrets: [first] });
    assert.ok(await alone.verify(await during.sign({ user: "bob", ttlSeconds: 60 })));
    assert.ok(await alone.verifyRefresh(await during.signRefresh(REFRESH)));
  }
  const after = await tokens({ secrets: [next, current] });
  await assert.rejects(after.verify(access), { reason: "bad_signature" });
  await assert.rejects(after.verifyRefresh(refresh), { reason: "bad_signature" });
});

Deno.test("Tokens say of a token under an old secret what is wrong with it", async () => {
  const made = await tokens({ secrets: [OTHER, SECRET] });
  await assert.rejects(made.verify(token({ sub: "ann", exp: NOW })), { reason: "expired" });
  await assert.rejects(made.verify(token({ sub: "ann" })), { reason: "no_expiry" });
  await assert.rejects(made.verify(token("[]")), { reason: "malformed" });
});

Deno.test("Tokens.verify() takes a session only from tokens of the secrets", async () => {
  const { privateKey, publicKey } = await generateKeyPair("ES256");
  const made = await tokens({ keys: { getKey: () => publicKey } });
  const claims = { sub: "ann", sid: "s1", jti: "7", exp: NOW + 5 };
  assert.equal((await made.verify(token(claims))).session, "s1");
  const foreign = new SignJWT({ ...claims, sid: 5 }).setProtectedHeader({ alg: "ES256" });
  assert.deepEqual(await made.verify(await foreign.sign(privateKey)), {
    user: "ann",
    device: undefined,
    id: "7",
    session: undefined,
    issued: undefined,
    expires: (NOW + 5) * 1000,
  });
});

Deno.test("Tokens.verifyRefresh() accepts nothing of other keys", async () => {
  const { privateKey, publicKey } = await generateKeyPair("ES256");
  const made = await tokens({ keys: { getKey: () => publicKey } });
  const claims = { sub: "ann", did: "phone", sid: "s1", gen: 1, exp: NOW + 5 };
  const header = { alg: "ES256", typ: "titan-refresh+jwt" };
  const signed = await new SignJWT(claims).setProtectedHeader(header).sign(privateKey);
  await assert.rejects(made.verifyRefresh(signed), { reason: "wrong_algorithm" });
  await assert.rejects(made.verify(signed), { reason: "malformed" });
});

Deno.test("Tokens.signRefresh() refuses what Tokens.verifyRefresh() would", async () => {
  const made = await tokens();
  const wrong: readonly Partial<RefreshRequest>[] = [
    { user: "echo" },
    { device: "" },
    { session: "" },
    { session: "x".repeat(129) },
    { generation: -1 },
    { generation: 0.5 },
    { generation: 2 ** 53 },
    { ttlSeconds: 0 },
  ];
  for (const part of wrong) {
    await assert.rejects(made.signRefresh({ ...REFRESH, ...part }), TypeError);
  }
  assert.ok(await made.signRefresh({ ...REFRESH, session: "x".repeat(128), generation: 0 }));
});

Deno.test("Tokens.sign() refuses what Tokens.verify() would", async () => {
  const made = await tokens();
  const wrong = [
    { user: "ann", session: "", ttlSeconds: 5 },
    { user: "ann", session: "x".repeat(129), ttlSeconds: 5 },
    { user: "ann", ttlSeconds: 8.64e12 },
    { user: "", ttlSeconds: 5 },
    { user: "echo", ttlSeconds: 5 },
    { user: "ann", device: "", ttlSeconds: 5 },
    { user: "ann", ttlSeconds: 0 },
    { user: "ann", ttlSeconds: NaN },
    { user: "ann", ttlSeconds: Infinity },
  ];
  for (const request of wrong) await assert.rejects(made.sign(request), TypeError);
});

Deno.test("createTokens() works with a short secret and refuses an empty one, and none", async () => {
  const options = { maxAgeSeconds: HOUR, now: () => NOW_MS, random: <T>(buffer: T) => buffer };
  const short = new Uint8Array([1]);
  const made = await createTokens({ ...options, secrets: [short] });
  assert.ok(await made.verify(await made.sign({ user: "ann", ttlSeconds: 5 })));
  for (const secrets of [[], [new Uint8Array()], [short, new Uint8Array()]]) {
    await assert.rejects(createTokens({ ...options, secrets }), TypeError);
  }
});

Deno.test("weakSecret() calls a secret weak that is shorter than its hash", () => {
  assert.ok(weakSecret(new Uint8Array(31)));
  assert.ok(!weakSecret(new Uint8Array(32)));
});

Deno.test("claimedUser() tells whom a token names, valid or not", () => {
  assert.equal(claimedUser(token({ sub: "Ann" }, { alg: "none" })), "ann");
  assert.equal(claimedUser(token({ userid: "bob", exp: 1 })), "bob");
  assert.equal(claimedUser(refreshToken({ sub: "Carl" })), "carl");
  for (const text of ["", "a.b.c", token("null"), token({}), token({ sub: 5 })]) {
    assert.equal(claimedUser(text), undefined);
  }
  assert.equal(claimedUser(token({ sub: "ann", padding: "x".repeat(9_000) })), undefined);
});
