import assert from "node:assert/strict";
import { RpcError } from "../../rpc/mod.ts";
import { MemoryStore } from "../../store/memory/mod.ts";
import { systemRandom } from "../clock.ts";
import { FakeClock } from "../fake_clock.ts";
import { AMPLE, FakeLog } from "../fake_world.ts";
import { createIssuers } from "../oidc/mod.ts";
import { Credentials } from "./credentials.ts";
import { FailureLockout } from "./failure_lockout.ts";
import { createTokens } from "./tokens.ts";

const ADDRESS = "192.0.2.1";
const DAY_MS = 24 * 3600 * 1000;

/** Credentials on a store in memory, with real tokens; five failures lock an account. */
async function scratch() {
  const clock = new FakeClock();
  const now = () => clock.now();
  const log = new FakeLog();
  const store = new MemoryStore({ limits: AMPLE, now });
  const random = systemRandom;
  const secrets = [new TextEncoder().encode("a secret of at least thirty-two bytes")];
  const tokens = await createTokens({ secrets, maxAgeSeconds: 3600, now, random });
  const lockout = new FailureLockout({
    account: { failures: 5, ms: 60_000 },
    address: { failures: 10, ms: 600_000 },
    exempt: () => false,
    entries: 100,
    monotonic: () => clock.monotonic(),
  });
  const acme = { name: "acme", issuer: "https://login.acme.org", audiences: ["app"] };
  const fetch = () => Promise.reject(new TypeError("no network"));
  const issuers = createIssuers({ issuers: [acme], fetch, clock });
  const credentials = new Credentials({ tokens, issuers, lockout, store, log });
  const token = (part: object = {}) => tokens.sign({ user: "ann", ttlSeconds: 3600, ...part });
  return {
    clock,
    log,
    store,
    tokens,
    credentials,
    token,
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}

async function refusal(call: Promise<unknown>): Promise<string> {
  const error = await call.then(() => assert.fail("Expected an error"), (error) => error);
  assert.ok(error instanceof RpcError, String(error));
  return error.message;
}

Deno.test("Credentials.verify() refuses what was issued when the user was logged out, or before", async () => {
  await using place = await scratch();
  const { credentials, store, clock } = place;
  const before = await place.token();
  await store.revocations.revokeUser("ann", clock.now());
  assert.match(await refusal(credentials.verify(before, ADDRESS)), /: revoked$/);
  clock.advance(1);
  const { user } = await credentials.verify(await place.token(), ADDRESS);
  assert.equal(user, "ann");
  assert.equal((await credentials.verify(await place.token({ user: "bob" }), ADDRESS)).user, "bob");
});

Deno.test("Credentials.verify() refuses one token by its id", async () => {
  await using place = await scratch();
  const [one, two] = [await place.token(), await place.token()];
  const { mark } = await place.credentials.verify(one, ADDRESS);
  await place.store.revocations.revokeToken(mark.id, mark.expires);
  assert.match(await refusal(place.credentials.verify(one, ADDRESS)), /: revoked$/);
  await place.credentials.verify(two, ADDRESS);
});

Deno.test("Credentials.verify() takes a session's token while the device has that session", async () => {
  await using place = await scratch();
  const { store, credentials } = place;
  await store.users.create({ id: "ann", registered: 0 });
  const put = (id: string) =>
    store.devices.change("ann", "phone", 10, () => {
      const session = { id, began: 1, generation: 1, expires: Infinity };
      return { user: "ann", id: "phone", seen: 0, session };
    });
  const token = await place.token({ device: "phone", session: "s1" });
  assert.match(await refusal(credentials.verify(token, ADDRESS)), /: revoked$/);
  await put("s1");
  assert.equal((await credentials.verify(token, ADDRESS)).mark.session, "s1");
  await put("s2");
  assert.match(await refusal(credentials.verify(token, ADDRESS)), /: revoked$/);
});

Deno.test("Credentials.verify() locks nobody out for a token that was revoked", async () => {
  await using place = await scratch();
  const token = await place.token();
  await place.store.revocations.revokeUser("ann", place.clock.now());
  for (let tries = 0; tries < 12; tries++) {
    assert.match(await refusal(place.credentials.verify(token, ADDRESS)), /: revoked$/);
  }
});

Deno.test("Credentials.useRefresh() makes an account wait after five tokens that are not valid", async () => {
  await using place = await scratch();
  const wanted = { user: "ann", device: "d", session: "s", generation: 1, ttlSeconds: 60 };
  const good = await place.tokens.signRefresh(wanted);
  const bad = `${good.slice(0, -4)}AAAA`;
  const use = (token: string) =>
    place.credentials.useRefresh(token, ADDRESS, (claims) => Promise.resolve(claims));
  for (let tries = 0; tries < 5; tries++) {
    assert.match(await refusal(use(bad)), /: bad_signature$/);
  }
  const error = await use(good).then(() => assert.fail("Expected an error"), (error) => error);
  assert.deepEqual([error.key, error.data.retryAfter], ["rate_limited", 60]);
  place.clock.advance(60_000);
  assert.match(await refusal(use(good)), /: expired$/);
  assert.equal((await use(await place.tokens.signRefresh(wanted))).generation, 1);
});

Deno.test("Credentials.useRefresh() takes no access token, and verify() no refresh token", async () => {
  await using place = await scratch();
  const access = await place.token({ device: "d", session: "s" });
  const use = place.credentials.useRefresh(access, ADDRESS, (claims) => Promise.resolve(claims));
  assert.match(await refusal(use), /: malformed$/);
  const wanted = { user: "ann", device: "d", session: "s", generation: 1, ttlSeconds: 60 };
  const refresh = await place.tokens.signRefresh(wanted);
  assert.match(await refusal(place.credentials.verify(refresh, ADDRESS)), /: malformed$/);
});

Deno.test("Credentials.verifyIdToken() says when to try again where the issuer is away", async () => {
  await using place = await scratch();
  const { credentials, clock, log } = place;
  const head = btoa('{"alg":"ES256","kid":"k"}').replaceAll("=", "");
  const claims = { iss: "https://login.acme.org", aud: "app", sub: "1" };
  const exp = Math.floor((clock.now() + DAY_MS) / 1000);
  const token = `${head}.${btoa(JSON.stringify({ ...claims, exp })).replaceAll("=", "")}.AAAA`;
  const call = credentials.verifyIdToken("acme", token, ADDRESS);
  const error = await call.then(() => assert.fail("Expected an error"), (error) => error);
  assert.equal(error.key, "issuer_unavailable");
  assert.ok(error.data.retryAfter >= 1);
  assert.deepEqual(log.lines, [], "strangers must not fill the log: the key cache says it once");
  const unknown = await refusal(credentials.verifyIdToken("nobody", token, ADDRESS));
  assert.match(unknown, /^Not configured/);
});

Deno.test("Credentials.verify() takes no renewed token of a session that began before a logout", async () => {
  await using place = await scratch();
  const { store, credentials, clock } = place;
  await store.users.create({ id: "ann", registered: 0 });
  const session = { id: "s1", began: clock.now(), generation: 2, expires: Infinity };
  await store.devices.change("ann", "d", 10, () => ({ user: "ann", id: "d", seen: 0, session }));
  clock.advance(1000);
  await store.revocations.revokeUser("ann", clock.now() - 500);
  const renewed = await place.token({ device: "d", session: "s1" });
  assert.match(await refusal(credentials.verify(renewed, ADDRESS)), /: revoked$/);
});

/** How many tokens are looked at of those that are verified at the same time, and what they get. */
async function verifyAtOnce(place: Awaited<ReturnType<typeof scratch>>, tokens: string[]) {
  const { credentials, tokens: { verify } } = place;
  let looked = 0;
  place.tokens.verify = (token) => (looked++, verify(token));
  const results = await Promise.allSettled(
    tokens.map((token) => credentials.verify(token, ADDRESS)),
  );
  const keys = results.map((it) => it.status === "fulfilled" ? "in" : it.reason.key as string);
  return { looked, counts: Object.fromEntries(countsOf(keys)) };
}

function countsOf(keys: readonly string[]): [key: string, count: number][] {
  return [...Map.groupBy(keys, (key) => key)].map(([key, list]) => [key, list.length]);
}

Deno.test("Credentials.verify() looks at no more tokens at once than may fail", async () => {
  for (const [users, failures] of [[["ann"], 5], [["a", "b", "c", "d", "e"], 10]] as const) {
    await using place = await scratch();
    const forged = await Promise.all(Array.from({ length: 30 }, async (_, index) => {
      const token = await place.token({ user: users[index % users.length] });
      return `${token.slice(0, -3)}AAA`;
    }));
    const { looked, counts } = await verifyAtOnce(place, forged);
    assert.equal(looked, failures);
    assert.deepEqual(counts, { bad_credential: failures, rate_limited: 30 - failures });
  }
});

Deno.test("Credentials.verify() lets in everybody at once whose token is valid", async () => {
  await using place = await scratch();
  const token = await place.token();
  const tokens = Array.from({ length: 40 }, () => token);
  assert.deepEqual((await verifyAtOnce(place, tokens)).counts, { in: 40 });
  // A few that are not valid do not stop the others: the places of these come back.
  const mixed = tokens.map((it, index) => index % 10 === 0 ? `${it.slice(0, -3)}AAA` : it);
  assert.deepEqual((await verifyAtOnce(place, mixed)).counts, { bad_credential: 4, in: 36 });
});

Deno.test("Credentials.verify() locks no office out for tokens that have expired", async () => {
  await using place = await scratch();
  const token = await place.token({ ttlSeconds: 1 });
  place.clock.advance(2000);
  for (let tries = 0; tries < 12; tries++) {
    assert.match(await refusal(place.credentials.verify(token, ADDRESS)), /: expired$/);
  }
  await place.credentials.verify(await place.token(), ADDRESS);
});
