import assert from "node:assert/strict";
import fc from "fast-check";
import { parseUserId } from "../../rpc/mod.ts";
import { BadCredentialError, type BadCredentialReason } from "../bad_credential.ts";
import { readIdTokenClaims, userOf } from "./id_token_claims.ts";

const CORP = { name: "corp", issuer: "https://id.example.org", audiences: ["app"] };
const GOOGLE = { ...CORP, name: "google", emailRequired: true };

function read(claims: Readonly<Record<string, unknown>>, config = CORP) {
  const { issued: _issued, ...said } = readIdTokenClaims({ sub: "7", ...claims }, config);
  return said;
}

function refused(
  claims: Readonly<Record<string, unknown>>,
  reason: BadCredentialReason,
  config = CORP,
): void {
  assert.throws(
    () => read(claims, config),
    (error) => error instanceof BadCredentialError && error.reason === reason,
  );
}

Deno.test("userOf() takes a plain subject as it is, under the issuer's name", () => {
  assert.equal(userOf("google", "110169484474386276334"), "google:110169484474386276334");
  assert.equal(userOf("corp", "ann.b_c-d@e"), "corp:ann.b_c-d@e");
  assert.equal(userOf("corp", "x".repeat(64)), `corp:${"x".repeat(64)}`);
});

Deno.test("userOf() hashes a subject that differs by case, or that cannot be an id", () => {
  const hashed = (text: string) => userOf("corp", text)?.match(/^corp:#([0-9a-f]{64})$/)?.[1];
  // printf Ann | sha256sum
  assert.equal(hashed("Ann"), "17239b6e250110330eda64a29c610bf146f89883371fab093feda03bec61b646");
  const others = [
    "Ann",
    "ANN",
    "x".repeat(65),
    "a b",
    "auth0|7",
    "ünïcode",
    "a\n",
    " ",
    "#",
    "a:b",
  ];
  assert.equal(new Set(others.map(hashed)).size, others.length);
  assert.ok(!others.map(hashed).includes(undefined));
});

Deno.test("userOf() gives no two subjects the same id, and every id is in its normal form", () => {
  const subject = fc.oneof(
    fc.string({ minLength: 1, maxLength: 3 }),
    fc.string({ unit: "grapheme", minLength: 1, maxLength: 3 }),
    fc.constantFrom("a", "A", "\u212a", "k", "K", "\u00e9", "e\u0301", `#${"0".repeat(64)}`),
  );
  fc.assert(fc.property(subject, subject, (one, other) => {
    const [first = "", second = ""] = [userOf("corp", one), userOf("corp", other)];
    assert.equal(parseUserId(first), first);
    assert.equal(first === second, one === other);
  }));
});

Deno.test("userOf() refuses what is no subject", () => {
  for (const subject of ["", "\ud800", "a\udc00", 5, null, undefined, {}, ["a"], true]) {
    assert.equal(userOf("corp", subject), undefined);
  }
});

Deno.test("readIdTokenClaims() tells a missing subject from a bad one", () => {
  refused({ sub: undefined }, "no_subject");
  for (const sub of ["", null, 5, ["a"]]) refused({ sub }, "bad_subject");
});

Deno.test("readIdTokenClaims() brings an e-mail address into one form", () => {
  const email = "Jose\u0301@Example.ORG";
  assert.deepEqual(read({ email, email_verified: true }), {
    user: "corp:7",
    email: "jos\u00e9@example.org",
  });
  const longest = `${"x".repeat(248)}@ab.de`;
  assert.equal(read({ email: longest, email_verified: true }).email, longest);
});

Deno.test("readIdTokenClaims() tells when the token was issued, and of old where it does not say", () => {
  assert.equal(readIdTokenClaims({ sub: "7", iat: 12.5 }, CORP).issued, 12_500);
  assert.equal(readIdTokenClaims({ sub: "7" }, CORP).issued, 0);
});

Deno.test("readIdTokenClaims() takes no e-mail address that its issuer has not verified", () => {
  for (const verified of [false, undefined, null, "false", "True", 1, {}]) {
    const claims = { "email": "ann@example.org", "email_verified": verified };
    assert.deepEqual(read(claims), { user: "corp:7" });
    refused(claims, "unverified_email", GOOGLE);
  }
});

Deno.test("readIdTokenClaims() takes nothing that is no e-mail address", () => {
  const wrong = [
    "ann",
    "@",
    "ann@",
    "@b",
    "a@b@c",
    "a b@c",
    "a@b\n",
    "a@\u200bb",
    "\ud800@b",
    5,
    {},
  ];
  for (const email of [...wrong, `${"x".repeat(249)}@ab.de`]) {
    assert.deepEqual(read({ email, email_verified: true }), { user: "corp:7" });
    refused({ email, email_verified: true }, "malformed", GOOGLE);
  }
});

Deno.test("readIdTokenClaims() needs an e-mail address only where the issuer must give one", () => {
  for (const email of [undefined, null, ""]) {
    assert.deepEqual(read({ email }), { user: "corp:7" });
    refused({ email, email_verified: true }, "no_email", GOOGLE);
  }
});

Deno.test("readIdTokenClaims() takes a name in one line, and cuts one that is too long", () => {
  for (const name of ["Ann", "Zoë Łuk", "山田", "👩‍👩‍👧", "x".repeat(256)]) {
    assert.equal(read({ name }).name, name);
  }
  assert.equal(read({ name: "  Ann " }).name, "Ann");
  assert.equal(read({ name: "x".repeat(257) }).name, "x".repeat(256));
  assert.equal(read({ name: "👩".repeat(257) }).name, "👩".repeat(256));
  assert.equal(read({ name: `${"x".repeat(255)} y` }).name, "x".repeat(255));
});

Deno.test("readIdTokenClaims() leaves out a name that is none", () => {
  const wrong = [
    "",
    "  ",
    "a\nb",
    "a\u0000b",
    "a\u2028b",
    "\u202egnp",
    "\u200b",
    "\ud800",
    5,
    null,
    {},
  ];
  for (const name of wrong) assert.deepEqual(read({ name }), { user: "corp:7" });
});

Deno.test("readIdTokenClaims() takes a picture only by a short https URL", () => {
  const picture = "https://example.org/a?b=c#d";
  assert.deepEqual(read({ picture }), { user: "corp:7", picture });
  const longest = "https://example.org/".padEnd(2048, "x");
  assert.equal(read({ picture: longest }).picture, longest);
  const wrong = [
    `${longest}x`,
    // Each of these letters takes six characters in a URL.
    `https://example.org/${"ü".repeat(1000)}`,
    "http://example.org/a",
    "javascript:alert(1)",
    "data:image/png,",
    "//example.org/a",
    "https://ann:secret@example.org/",
    "https://",
    "",
    5,
    null,
  ];
  for (const bad of wrong) assert.deepEqual(read({ picture: bad }), { user: "corp:7" }, `${bad}`);
});
