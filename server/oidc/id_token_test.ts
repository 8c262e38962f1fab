import assert from "node:assert/strict";
import { createPublicKey } from "node:crypto";
import fc from "fast-check";
import { TOKEN_CHARS_MAX } from "../../limits.ts";
import { makeKey } from "../../tests/harness/issuer_key.ts";
import { LocalIssuer } from "../../tests/harness/local_issuer.ts";
import { BadCredentialError, type BadCredentialReason } from "../bad_credential.ts";
import { FakeClock } from "../fake_clock.ts";
import { verifyIdToken } from "./id_token.ts";
import type { IssuerConfig } from "./issuer_config.ts";
import { createRemoteKeys } from "./remote_keys.ts";

const NOW = new FakeClock().now();
const SECONDS = NOW / 1000;

/** An issuer and somebody who verifies its tokens. */
class Desk implements AsyncDisposable {
  readonly issuer: LocalIssuer;
  readonly #config: IssuerConfig;
  #keys: ReturnType<typeof createRemoteKeys>;

  constructor(algorithms: readonly string[] = ["ES256"], config: Partial<IssuerConfig> = {}) {
    this.issuer = LocalIssuer.start({ algorithms, now: () => NOW });
    const { url, keysUrl } = this.issuer;
    this.#config = { name: "corp", issuer: url, audiences: ["titan-app", "titan-web"], ...config };
    this.#keys = createRemoteKeys({ url: keysUrl, fetch, clock: new FakeClock() });
  }

  /** Knows no keys any more, and has looked for none. */
  forgetKeys(): void {
    this.#keys = createRemoteKeys({ url: this.issuer.keysUrl, fetch, clock: new FakeClock() });
  }

  verify(token: string, now = NOW) {
    return verifyIdToken(token, this.#config, this.#keys, now);
  }

  /** Expects a token to be refused for one reason, in an error that holds nothing of it. */
  async refused(token: string, reason: BadCredentialReason): Promise<void> {
    const error = await this.verify(token).then(
      () => assert.fail(`expected ${reason}, but the token was accepted`),
      (error: unknown) => error,
    );
    assert.ok(error instanceof BadCredentialError, String(error));
    assert.equal(error.reason, reason);
    assert.equal(error.cause, undefined);
  }

  /** Expects tokens with these claims to be refused. */
  async refusedClaims(claims: object, reason: BadCredentialReason): Promise<void> {
    await this.refused(this.issuer.token({ ...claims }), reason);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.issuer[Symbol.asyncDispose]();
  }
}

Deno.test("verifyIdToken() accepts every algorithm with a public and a private key", async () => {
  const algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384"];
  await using desk = new Desk([...algorithms, "EdDSA", "Ed25519"]);
  for (const alg of [...algorithms, "EdDSA", "Ed25519"]) {
    const payload = await desk.verify(desk.issuer.token({ name: alg }, { alg }));
    assert.deepEqual(payload, {
      iss: desk.issuer.url,
      aud: "titan-app",
      sub: "1234",
      iat: SECONDS,
      exp: SECONDS + 3600,
      name: alg,
    });
  }
});

Deno.test("verifyIdToken() refuses a token without a signature", async () => {
  await using desk = new Desk();
  for (const alg of ["none", "None", "NONE"]) {
    const [header, payload] = desk.issuer.token({}, { alg: "none", header: { alg } }).split(".");
    await desk.refused(`${header}.${payload}.`, "wrong_algorithm");
    await desk.refused(`${header}.${payload}.AAAA`, "wrong_algorithm");
  }
  const [header, payload] = desk.issuer.token({}).split(".");
  await desk.refused(`${header}.${payload}.`, "bad_signature");
  await desk.refused(`${header}.${payload}`, "malformed");
});

Deno.test("verifyIdToken() refuses HS256 signed with the public key, in any form", async () => {
  await using desk = new Desk(["RS256", "ES256"]);
  for (const alg of ["RS256", "ES256"]) {
    const { kid, privateKey } = desk.issuer.keyFor(alg);
    const published = createPublicKey(privateKey);
    const pem = published.export({ type: "spki", format: "pem" }).toString();
    const secrets = [
      new TextEncoder().encode(pem),
      new TextEncoder().encode(pem.trim()),
      new Uint8Array(published.export({ type: "spki", format: "der" })),
      new TextEncoder().encode(JSON.stringify(published.export({ format: "jwk" }))),
    ];
    for (const key of secrets) {
      for (const symmetric of ["HS256", "HS384", "HS512"]) {
        const token = desk.issuer.token({}, { alg: symmetric, kid, key });
        await desk.refused(token, "wrong_algorithm");
      }
    }
  }
  assert.equal(desk.issuer.hits.keys, 0);
});

Deno.test("verifyIdToken() refuses algorithms that it does not know", async () => {
  await using desk = new Desk();
  const { privateKey: key } = desk.issuer.keyFor("ES256");
  for (const alg of ["es256", "ES512", "ES256K", "RS1", "HS1", "A256GCM", "constructor", " "]) {
    const token = desk.issuer.token({}, { alg: "ES256", key, header: { alg } });
    await desk.refused(token, "wrong_algorithm");
  }
  for (const alg of [undefined, null, 5, "", ["ES256"], {}]) {
    await desk.refused(desk.issuer.token({}, { header: { alg } }), "malformed");
  }
});

Deno.test("verifyIdToken() refuses a signature by another key, or of another text", async () => {
  await using desk = new Desk();
  const { issuer } = desk;
  await desk.refused(issuer.token({}, { key: makeKey("ES256", "").privateKey }), "bad_signature");
  const [header, , signature] = issuer.token({}).split(".");
  const [, other] = issuer.token({ sub: "5678" }).split(".");
  await desk.refused(`${header}.${other}.${signature}`, "bad_signature");
  await desk.refused(issuer.token({}, { kid: "made up" }), "unknown_key");
});

Deno.test("verifyIdToken() trusts no key that the token brings along", async () => {
  await using desk = new Desk();
  const { privateKey: key } = makeKey("ES256", "");
  const jwk = createPublicKey(key).export({ format: "jwk" });
  const kid = desk.issuer.keyFor("ES256").kid;
  for (const header of [{ jwk }, { jku: `${desk.issuer.url}/elsewhere/keys` }, { x5u: "a" }]) {
    await desk.refused(desk.issuer.token({}, { key, kid, header }), "bad_signature");
  }
  assert.equal(desk.issuer.hits.elsewhere, 0);
});

Deno.test("verifyIdToken() refuses a token of another issuer", async () => {
  await using desk = new Desk();
  const { url } = desk.issuer;
  const wrong = ["https://accounts.google.com", `${url}/`, url.slice(7), "", undefined, null, [
    url,
  ]];
  for (const iss of wrong) await desk.refusedClaims({ iss }, "wrong_issuer");
});

Deno.test("verifyIdToken() accepts what else an issuer calls itself", async () => {
  await using desk = new Desk(["ES256"], { aliases: ["accounts.example.org"] });
  await desk.verify(desk.issuer.token({ iss: "accounts.example.org" }));
  await desk.verify(desk.issuer.token({}));
  await desk.refusedClaims({ iss: "https://accounts.example.org" }, "wrong_issuer");
});

Deno.test("verifyIdToken() refuses a token for another audience", async () => {
  await using desk = new Desk();
  await desk.verify(desk.issuer.token({ aud: "titan-web" }));
  for (
    const aud of ["other", "TITAN-APP", "", undefined, null, 5, [], ["other"], [["titan-app"]]]
  ) {
    await desk.refusedClaims({ aud }, "wrong_audience");
  }
});

Deno.test("verifyIdToken() accepts a token for several only where it was given to one of ours", async () => {
  await using desk = new Desk();
  const both = ["other", "titan-app"];
  for (const claims of [{ aud: both }, { aud: both, azp: "titan-web" }]) {
    await desk.verify(desk.issuer.token(claims));
  }
  for (const azp of ["other", "", null, 5, ["titan-app"]]) {
    await desk.refusedClaims({ aud: both, azp }, "wrong_audience");
  }
  // Google's Android applications: made for the server, given to the application.
  await desk.verify(desk.issuer.token({ aud: "titan-app", azp: "android" }));
  await desk.verify(desk.issuer.token({ aud: ["titan-app"], azp: "android" }));
});

Deno.test("verifyIdToken() bears 30 s between the clocks, and no more", async () => {
  await using desk = new Desk();
  const { issuer } = desk;
  for (const claims of [{ exp: SECONDS - 29 }, { nbf: SECONDS + 30 }, { iat: SECONDS + 30 }]) {
    await desk.verify(issuer.token(claims));
  }
  for (const exp of [SECONDS - 30, SECONDS - 3600, 0, -1]) {
    await desk.refusedClaims({ exp }, "expired");
  }
  await desk.refusedClaims({ nbf: SECONDS + 31 }, "not_yet_valid");
  await desk.refusedClaims({ iat: SECONDS + 31 }, "not_yet_valid");
  const ending = issuer.token({ exp: SECONDS + 10 });
  await desk.verify(ending, NOW + 39_999);
  await assert.rejects(desk.verify(ending, NOW + 40_000), { reason: "expired" });
});

Deno.test("verifyIdToken() refuses a token that is valid for ever", async () => {
  await using desk = new Desk();
  await desk.refusedClaims({ exp: undefined }, "no_expiry");
  const { url: iss } = desk.issuer;
  const text = JSON.stringify({ iss, aud: "titan-app", sub: "1", exp: 0 });
  await desk.refused(desk.issuer.token(text.replace('"exp":0', '"exp":1e999')), "malformed");
});

Deno.test("verifyIdToken() refuses times that are no numbers", async () => {
  await using desk = new Desk();
  for (const claim of ["exp", "iat", "nbf"]) {
    for (const value of [`${SECONDS + 5}`, null, true, {}, [SECONDS + 5]]) {
      await desk.refusedClaims({ [claim]: value }, "malformed");
    }
  }
});

Deno.test("verifyIdToken() refuses what its issuer signed for another purpose", async () => {
  await using desk = new Desk();
  const { issuer } = desk;
  for (const typ of [undefined, "JWT", "jwt", "application/jwt"]) {
    await desk.verify(issuer.token({}, { header: { typ } }));
  }
  for (const typ of ["at+jwt", "application/at+jwt", "logout+jwt", "secevent+jwt", "", null, 5]) {
    await desk.refused(issuer.token({}, { header: { typ } }), "malformed");
  }
});

Deno.test("verifyIdToken() refuses extensions that it does not know", async () => {
  await using desk = new Desk();
  for (const header of [{ crit: ["x"], x: 1 }, { crit: [] }, { crit: ["b64"], b64: false }]) {
    await desk.refused(desk.issuer.token({}, { header }), "malformed");
  }
});

Deno.test("verifyIdToken() looks at the length before anything else", async () => {
  await using desk = new Desk();
  const { issuer } = desk;
  let length = 5_800;
  const padded = () => issuer.token({ padding: "x".repeat(length) });
  while (padded().length <= TOKEN_CHARS_MAX) length++;
  await desk.refused(padded(), "too_long");
  length--;
  assert.ok(padded().length > TOKEN_CHARS_MAX - 4);
  await desk.verify(padded());
  const { keys } = issuer.hits;
  await desk.refused(issuer.token({ padding: "x".repeat(1024 * 1024) }), "too_long");
  await desk.refused("x".repeat(TOKEN_CHARS_MAX + 1), "too_long");
  await desk.refused("x".repeat(TOKEN_CHARS_MAX), "malformed");
  assert.equal(issuer.hits.keys, keys);
});

Deno.test("verifyIdToken() refuses what is no token, and asks nobody for keys", async () => {
  await using desk = new Desk();
  const whole = desk.issuer.token({});
  const [header = "", payload = ""] = whole.split(".");
  const wrong = ["", ".", "..", "a.b.c", "ünïcode.☃.\u0000", header, `${header}.${payload}`];
  for (const text of [...wrong, `${whole}.`, `${whole}.${payload}.`, `Bearer ${whole}`]) {
    await desk.refused(text, "malformed");
  }
  for (const claims of ["null", "[]", '"ann"', "5", "{", ""]) {
    await desk.refused(desk.issuer.token(claims), "malformed");
  }
  assert.equal(desk.issuer.hits.keys, 0);
});

Deno.test("verifyIdToken() looks for no key of a token that is another issuer's, or over", async () => {
  await using desk = new Desk();
  const { issuer } = desk;
  const kid = "of long ago";
  await desk.refused(issuer.token({ iss: "https://id.example.org" }, { kid }), "wrong_issuer");
  await desk.refused(issuer.token({ exp: SECONDS - 30 }, { kid }), "expired");
  assert.equal(issuer.hits.keys, 0);
  await desk.refused(issuer.token({}, { kid }), "unknown_key");
  assert.equal(issuer.hits.keys, 1);
});

Deno.test("verifyIdToken() accepts no token in which one character was changed", async () => {
  await using desk = new Desk();
  const whole = desk.issuer.token({});
  // The last character of the signature has bits that mean nothing, so it is left out.
  const index = fc.nat(whole.length - 2);
  await fc.assert(fc.asyncProperty(index, fc.constantFrom(..."aB3_-. ="), async (at, character) => {
    fc.pre(whole[at] !== character);
    const changed = whole.slice(0, at) + character + whole.slice(at + 1);
    // A key whose name was changed is looked for once in a while: each token here is the first.
    desk.forgetKeys();
    await assert.rejects(desk.verify(changed), BadCredentialError);
  }));
});
