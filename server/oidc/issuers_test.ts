import assert from "node:assert/strict";
import { eventually } from "../../tests/harness/eventually.ts";
import { makeKey } from "../../tests/harness/issuer_key.ts";
import { LocalIssuer } from "../../tests/harness/local_issuer.ts";
import { BadCredentialError, type BadCredentialReason } from "../bad_credential.ts";
import { FakeClock } from "../fake_clock.ts";
import { googleIssuer, type IssuerConfig } from "./issuer_config.ts";
import { createIssuers, type Issuers, UnknownIssuerError } from "./issuers.ts";
import { IssuerUnavailableError, KEYS_FRESH_MS, KEYS_STALE_MS } from "./key_cache.ts";

const EMAIL = "ann@example.org";

/** What stands for Google, another issuer called `corp`, and a deployment that trusts both. */
class Deployment implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly google: LocalIssuer;
  readonly corp: LocalIssuer;
  readonly issuers: Issuers;

  constructor() {
    const options = { algorithms: ["ES256"], now: () => this.clock.now() };
    this.google = LocalIssuer.start(options);
    this.corp = LocalIssuer.start({ ...options, path: "/realms/corp", audience: "corp-app" });
    this.issuers = createIssuers({
      issuers: [
        googleIssuer(["titan-app", "titan-web"], this.google.url),
        { name: "corp", issuer: this.corp.url, audiences: ["corp-app"] },
      ],
      fetch,
      clock: this.clock,
    });
  }

  async refused(name: string, token: string, reason: BadCredentialReason): Promise<void> {
    const error = await this.issuers.verify(name, token).then(
      () => assert.fail(reason),
      (it) => it,
    );
    assert.ok(error instanceof BadCredentialError, String(error));
    assert.equal(error.reason, reason);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.google[Symbol.asyncDispose]();
    await this.corp[Symbol.asyncDispose]();
    const quiet = () => Promise.resolve(assert.equal(this.clock.timers, 0));
    await eventually(quiet, "the end of all requests");
  }
}

Deno.test("Issuers.verify() tells who somebody is", async () => {
  await using deployment = new Deployment();
  const { google, corp, issuers } = deployment;
  const picture = "https://example.org/ann.png";
  const full = google.token({ sub: "110169", email: "Ann@Example.org", name: "Ann", picture });
  assert.deepEqual(await issuers.verify("google", full), {
    user: "google:110169",
    issued: deployment.clock.now(),
    email: EMAIL,
    name: "Ann",
    picture,
  });
  const { user, email } = await issuers.verify("corp", corp.token({ sub: "ann" }));
  assert.deepEqual([user, email], ["corp:ann", undefined]);
});

Deno.test("Issuers.verify() fetches what it needs once, whoever signs in", async () => {
  await using deployment = new Deployment();
  const { google, corp, issuers } = deployment;
  assert.deepEqual(google.hits, { discovery: 0, keys: 0, elsewhere: 0 });
  const signIns = Array.from({ length: 20 }, (_, i) => [
    issuers.verify("google", google.token({ sub: `${i}`, email: EMAIL })),
    issuers.verify("corp", corp.token({ sub: `${i}` })),
  ]);
  await Promise.all(signIns.flat());
  assert.deepEqual(google.hits, { discovery: 1, keys: 1, elsewhere: 0 });
  assert.deepEqual(corp.hits, { discovery: 1, keys: 1, elsewhere: 0 });
});

Deno.test("Issuers.verify() keeps issuers apart", async () => {
  await using deployment = new Deployment();
  const { google, corp } = deployment;
  await deployment.refused("corp", google.token({ email: EMAIL }), "wrong_issuer");
  // Both call their keys the same.
  const stolen = { iss: google.url, aud: "titan-app", email: EMAIL };
  await deployment.refused("google", corp.token(stolen), "bad_signature");
  await deployment.refused(
    "corp",
    google.token({ iss: corp.url, aud: "corp-app" }),
    "bad_signature",
  );
  await deployment.refused("corp", corp.token({ aud: "titan-app" }), "wrong_audience");
});

Deno.test("Issuers.verify() refuses every wrong token", async () => {
  await using deployment = new Deployment();
  const { google, clock } = deployment;
  const seconds = clock.now() / 1000;
  const claims: readonly (readonly [object, BadCredentialReason])[] = [
    [{ aud: "other" }, "wrong_audience"],
    [{ iss: "https://accounts.google.com" }, "wrong_issuer"],
    [{ exp: seconds - 30 }, "expired"],
    [{ nbf: seconds + 60 }, "not_yet_valid"],
    [{ iat: seconds + 60 }, "not_yet_valid"],
    [{ exp: undefined }, "no_expiry"],
    [{ sub: undefined }, "no_subject"],
    [{ sub: "" }, "bad_subject"],
    [{ email: undefined }, "no_email"],
    [{ email_verified: false }, "unverified_email"],
    [{ email_verified: undefined }, "unverified_email"],
    [{ email: "ann" }, "malformed"],
    [{ padding: "x".repeat(1024 * 1024) }, "too_long"],
  ];
  for (const [wrong, reason] of claims) {
    await deployment.refused("google", google.token({ email: EMAIL, ...wrong }), reason);
  }
  const none = google.token({ email: EMAIL }, { alg: "none" });
  await deployment.refused("google", none, "wrong_algorithm");
  const foreign = { key: makeKey("ES256", "").privateKey };
  await deployment.refused("google", google.token({ email: EMAIL }, foreign), "bad_signature");
  await deployment.refused("google", google.token({ email: EMAIL }, { kid: "7" }), "unknown_key");
});

Deno.test("Issuers.verify() goes on through a rotation and while an issuer is away", async () => {
  await using deployment = new Deployment();
  const { corp, issuers, clock } = deployment;
  await issuers.verify("corp", corp.token({}));
  corp.rotate();
  await issuers.verify("corp", corp.token({}));
  assert.deepEqual(corp.hits, { discovery: 1, keys: 2, elsewhere: 0 });
  await corp.down();
  clock.advance(KEYS_FRESH_MS);
  assert.equal((await issuers.verify("corp", corp.token({ sub: "ann" }))).user, "corp:ann");
  clock.advance(KEYS_STALE_MS);
  await assert.rejects(issuers.verify("corp", corp.token({})), IssuerUnavailableError);
  corp.up();
  clock.advance(KEYS_FRESH_MS);
  await issuers.verify("corp", corp.token({}));
});

Deno.test("Issuers.verify() says neither yes nor no where it never saw the keys", async () => {
  const wrongs = [
    ["discovery", "status 500"],
    ["discovery", "redirect"],
    ["discovery", "garbage"],
    ["discovery", "huge"],
    ["discovery", () => ({ issuer: "https://accounts.google.com", jwks_uri: "https://a.example" })],
    ["keys", "huge"],
  ] as const;
  for (const [document, how] of wrongs) {
    await using deployment = new Deployment();
    const { google, issuers } = deployment;
    google.misbehave(document, how);
    const error = await issuers.verify("google", google.token({ email: EMAIL }))
      .then(() => assert.fail("verified"), (it) => it);
    assert.ok(error instanceof IssuerUnavailableError, String(error));
    assert.ok(error.message.startsWith(`Cannot get the keys of "${google.url}/.well-known/`));
    assert.equal(google.hits.elsewhere, 0);
  }
});

Deno.test("Issuers.verify() knows no other issuers", async () => {
  await using deployment = new Deployment();
  const token = deployment.corp.token({});
  for (const name of ["", "Corp", "constructor", "__proto__", deployment.corp.url]) {
    await assert.rejects(deployment.issuers.verify(name, token), UnknownIssuerError);
    assert.equal(deployment.issuers.claimedUser(name, token), undefined);
  }
});

Deno.test("Issuers.claimedUser() tells whom a token names, valid or not", async () => {
  await using deployment = new Deployment();
  const { corp, google, issuers } = deployment;
  assert.equal(issuers.claimedUser("corp", corp.token({ sub: "ann", exp: 1 })), "corp:ann");
  assert.equal(issuers.claimedUser("google", google.token({}, { alg: "none" })), "google:1234");
  const valid = corp.token({ sub: "Ann" });
  assert.equal(issuers.claimedUser("corp", valid), (await issuers.verify("corp", valid)).user);
  const long = corp.token({ padding: "x".repeat(9000) });
  for (const token of ["", "a.b.c", corp.token({ sub: 5 }), corp.token("null"), long]) {
    assert.equal(issuers.claimedUser("corp", token), undefined);
  }
});

Deno.test("createIssuers() refuses a wrong issuer, and two of one name", () => {
  const corp = { name: "corp", issuer: "https://id.example.org", audiences: ["app"] };
  const create = (...issuers: readonly IssuerConfig[]) =>
    createIssuers({ issuers, fetch, clock: new FakeClock() });
  create(corp, { ...corp, name: "other" }, googleIssuer(["app"]));
  assert.throws(() => create(corp, corp), TypeError);
  assert.throws(() => create({ ...corp, issuer: "http://id.example.org" }), TypeError);
  assert.throws(() => create(googleIssuer([])), TypeError);
});
