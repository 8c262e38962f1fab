import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { TOKEN_CHARS_MAX } from "../../limits.ts";
import { TOKEN_ID_CHARS_MAX } from "../auth/mod.ts";
import { CommandError, EXIT } from "./exit.ts";
import { readLine, revokedToken } from "./revoke_command.ts";

const SIGNATURE = "c2lnbmF0dXJl";

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

/** A token of which nobody checks the signature. */
function tokenOf(claims: object, header: object = {}): string {
  return `${part({ alg: "HS256", ...header })}.${part(claims)}.${SIGNATURE}`;
}

/** Expects that a text is refused, and that nothing of it is told. */
function assertRefused(text: string): void {
  assert.throws(() => revokedToken(text), (error) => {
    assert.ok(error instanceof CommandError);
    assert.equal(error.exitCode, EXIT.usage);
    for (const piece of text.split(".").filter((piece) => piece.length > 3)) {
      assert.ok(!error.message.includes(piece), error.message);
    }
    return true;
  });
}

async function lineOf(...chunks: readonly string[]): Promise<string> {
  return await readLine(
    ReadableStream.from(chunks.map((chunk) => new TextEncoder().encode(chunk))),
  );
}

Deno.test("revokedToken() knows a token by its jti, and when it ends", () => {
  const token = tokenOf({ sub: "bob", jti: "t1", exp: 1_800_000_000.1234 });
  assert.deepEqual(revokedToken(token), { id: "t1", expires: 1_800_000_000_123 });
});

Deno.test("revokedToken() knows a token without a jti by what is signed", () => {
  const token = tokenOf({ sub: "bob", exp: 1_800_000_000 });
  const signed = token.slice(0, token.lastIndexOf("."));
  const id = `sha256:${createHash("sha256").update(signed).digest("base64url")}`;
  assert.deepEqual(revokedToken(token), { id, expires: 1_800_000_000_000 });
});

Deno.test("revokedToken() bears a token that does not say when it ends", () => {
  for (const exp of [undefined, 1e300, -1, "soon"]) {
    assert.deepEqual(revokedToken(tokenOf({ jti: "t1", exp })), { id: "t1", expires: undefined });
  }
});

Deno.test("revokedToken() takes anything else for an id", () => {
  for (const id of ["4mJUAnDGXUo0ZDb6Wm9kSw", "a.b.c", "ey", "sha256:abc", "é 😀"]) {
    assert.deepEqual(revokedToken(id), { id, expires: undefined });
  }
  assert.equal(revokedToken("i".repeat(TOKEN_ID_CHARS_MAX)).id.length, TOKEN_ID_CHARS_MAX);
  assertRefused("i".repeat(TOKEN_ID_CHARS_MAX + 1));
  assertRefused("");
});

Deno.test("revokedToken() takes no part of a token for an id", () => {
  const whole = tokenOf({ sub: "bob" });
  const [head, claims] = whole.split(".");
  assertRefused(`${head}.${claims}`);
  assertRefused(`${claims}.${SIGNATURE}`);
  assertRefused(`${head}.`);
  assertRefused(`${whole}.${SIGNATURE}`);
  assertRefused(whole.slice(3));
  assertRefused(`${head}.${part(["not", "claims"])}.${SIGNATURE}`);
});

Deno.test("revokedToken() refuses tokens that Titan would refuse anyway", () => {
  assertRefused(tokenOf({ sub: "bob", jti: "i".repeat(TOKEN_ID_CHARS_MAX + 1) }));
  assertRefused(tokenOf({ sub: "bob", jti: 7 }));
  assertRefused(tokenOf({ sub: "bob", jti: "sha256:abc" }));
});

Deno.test("revokedToken() says what ends a refresh token", () => {
  const refresh = tokenOf({ sub: "bob", did: "phone", sid: "s1" }, { typ: "titan-refresh+jwt" });
  assertRefused(refresh);
  assert.throws(() => revokedToken(refresh), /log its user out/);
});

Deno.test("readLine() reads one token, however it comes", async () => {
  assert.equal(await lineOf("abc"), "abc");
  assert.equal(await lineOf("\n ab", "c\r\n", "\n"), "abc");
  assert.equal((await lineOf("t".repeat(TOKEN_CHARS_MAX), "\n")).length, TOKEN_CHARS_MAX);
});

Deno.test("readLine() leaves no second token out in silence", async () => {
  const message = "Standard input must hold one token or id, and no more";
  for (const chunks of [["abc\ndef"], ["abc def"], [], ["\n"]]) {
    await assert.rejects(lineOf(...chunks), { message });
  }
  await assert.rejects(lineOf("t".repeat(TOKEN_CHARS_MAX + 1)), { message });
});

Deno.test("readLine() does not read on for ever", async () => {
  let chunks = 0;
  const endless = ReadableStream.from((function* () {
    for (;; chunks++) yield new Uint8Array(1024).fill(0x20);
  })());
  await assert.rejects(readLine(endless), CommandError);
  assert.ok(chunks <= TOKEN_CHARS_MAX / 1024 + 3, `${chunks} chunks`);
});
