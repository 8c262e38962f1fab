import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { SignJWT } from "jose";
import { TOKEN_CHARS_MAX } from "../../limits.ts";
import {
  BadCredentialError,
  type BadCredentialReason,
  claimedUser,
  createTokens,
  type Tokens,
  weakSecret,
} from "./tokens.ts";

const NOW_MS = 1_790_000_000_250;
const NOW = Math.floor(NOW_MS / 1000);
const SECRET = new TextEncoder().encode("a secret of at least thirty-two bytes");
const HOUR = 3600;

/** Tokens under {@linkcode SECRET}, at a time that a test may set. */
function tokens(options: { now?: () => number; maxAgeSeconds?: number } = {}): Promise<Tokens> {
  return createTokens({
    secret: SECRET,
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

/** Expects a token to be refused for one reason, in an error that holds nothing of it. */
async function refused(wrong: string, reason: BadCredentialReason): Promise<void> {
  const error = await (await tokens()).verify(wrong).then(
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
  const signed = await made.sign({ user: "Ann", device: "Phone", ttlSeconds: 60 });
  const claims = await made.verify(signed);
  assert.deepEqual(claims, {
    user: "ann",
    device: "Phone",
    id: claims.id,
    expires: (NOW + 60) * 1000,
  });
  assert.match(claims.id ?? "", /^[\w-]{22}$/);
  const other = await made.verify(await made.sign({ user: "ann", ttlSeconds: 60 }));
  assert.notEqual(other.id, claims.id);
  assert.equal(other.device, undefined);
});

Deno.test("Tokens.verify() accepts tokens of other libraries and of Titan's ancestors", async () => {
  const made = await tokens();
  const standard = await new SignJWT({ sub: "ann", did: "phone", jti: "7" })
    .setProtectedHeader({ alg: "HS256" }).setIssuedAt(NOW).setExpirationTime(NOW + 9).sign(SECRET);
  const device = { user: "ann", device: "phone", id: "7", expires: (NOW + 9) * 1000 };
  assert.deepEqual(await made.verify(standard), device);
  const ancestor = await made.verify(token({ userid: "Ann", created: NOW - 10 }));
  assert.deepEqual(ancestor, {
    user: "ann",
    device: undefined,
    id: undefined,
    expires: (NOW - 10 + HOUR) * 1000,
  });
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
  for (const jti of ["x".repeat(129), 5, null]) {
    await refused(token({ ...valid, jti }), "malformed");
  }
  const made = await tokens();
  const claims = await made.verify(
    token({ ...valid, did: "x".repeat(64), jti: "x".repeat(128) }),
  );
  assert.deepEqual([claims.device?.length, claims.id?.length], [64, 128]);
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

Deno.test("Tokens.sign() refuses what Tokens.verify() would", async () => {
  const made = await tokens();
  const wrong = [
    { user: "", ttlSeconds: 5 },
    { user: "echo", ttlSeconds: 5 },
    { user: "ann", device: "", ttlSeconds: 5 },
    { user: "ann", ttlSeconds: 0 },
    { user: "ann", ttlSeconds: NaN },
    { user: "ann", ttlSeconds: Infinity },
  ];
  for (const request of wrong) await assert.rejects(made.sign(request), TypeError);
});

Deno.test("createTokens() works with a short secret and refuses an empty one", async () => {
  const options = { maxAgeSeconds: HOUR, now: () => NOW_MS, random: <T>(buffer: T) => buffer };
  const made = await createTokens({ ...options, secret: new Uint8Array([1]) });
  assert.ok(await made.verify(await made.sign({ user: "ann", ttlSeconds: 5 })));
  await assert.rejects(createTokens({ ...options, secret: new Uint8Array() }), TypeError);
});

Deno.test("weakSecret() calls a secret weak that is shorter than its hash", () => {
  assert.ok(weakSecret(new Uint8Array(31)));
  assert.ok(!weakSecret(new Uint8Array(32)));
});

Deno.test("claimedUser() tells whom a token names, valid or not", () => {
  assert.equal(claimedUser(token({ sub: "Ann" }, { alg: "none" })), "ann");
  assert.equal(claimedUser(token({ userid: "bob", exp: 1 })), "bob");
  for (const text of ["", "a.b.c", token("null"), token({}), token({ sub: 5 })]) {
    assert.equal(claimedUser(text), undefined);
  }
  assert.equal(claimedUser(token({ sub: "ann", padding: "x".repeat(9_000) })), undefined);
});
