import assert from "node:assert/strict";
import { LocalIssuer } from "../../tests/harness/local_issuer.ts";
import { FakeClock } from "../fake_clock.ts";
import { Discovery, DISCOVERY_MS_MAX } from "./discovery.ts";
import { DocumentError, type DocumentFault, type Fetch } from "./document.ts";

async function refused(promise: Promise<unknown>, reason: DocumentFault): Promise<void> {
  const error = await promise.then(() => assert.fail(`expected ${reason}`), (error) => error);
  assert.ok(error instanceof DocumentError, String(error));
  assert.equal(error.reason, reason);
}

function setUp(path = "") {
  const issuer = LocalIssuer.start({ algorithms: ["EdDSA"], path });
  const clock = new FakeClock();
  return { issuer, clock, discovery: new Discovery(issuer.url, { fetch, clock }) };
}

Deno.test("Discovery.fetchKeys() finds the keys of an issuer with a path and of one with a slash", async () => {
  for (const path of ["", "/", "/tenant", "/tenant/"]) {
    const { issuer, discovery } = setUp(path);
    await using _ = issuer;
    assert.ok(issuer.url.endsWith(path));
    const { keys } = await discovery.fetchKeys();
    assert.deepEqual(keys.map(({ kid }) => kid), ["EdDSA-1"]);
  }
});

Deno.test("Discovery.fetchKeys() asks where the keys are once an hour", async () => {
  const { issuer, clock, discovery } = setUp();
  await using _ = issuer;
  for (const [ms, hits] of [[0, 1], [DISCOVERY_MS_MAX - 1, 1], [1, 2]] as const) {
    clock.advance(ms);
    await discovery.fetchKeys();
    assert.equal(issuer.hits.discovery, hits);
  }
  assert.equal(issuer.hits.keys, 3);
});

Deno.test("Discovery.fetchKeys() finds keys that have moved", async () => {
  const { issuer, discovery } = setUp();
  await using _ = issuer;
  await discovery.fetchKeys();
  const moved = `${issuer.url}/elsewhere/keys`;
  issuer.misbehave("discovery", (usual) => ({ ...usual, jwks_uri: moved }));
  issuer.misbehave("keys", "status 500");
  await refused(discovery.fetchKeys(), "status_500");
  await discovery.fetchKeys();
  assert.deepEqual(issuer.hits, { discovery: 2, keys: 2, elsewhere: 1 });
});

Deno.test("Discovery.fetchKeys() gets the keys although what leads to them is away", async () => {
  const { issuer, clock, discovery } = setUp();
  await using _ = issuer;
  await discovery.fetchKeys();
  for (const how of ["status 500", "garbage", "redirect"] as const) {
    issuer.misbehave("discovery", how);
    clock.advance(DISCOVERY_MS_MAX);
    assert.equal((await discovery.fetchKeys()).keys.length, 1);
  }
  assert.deepEqual(issuer.hits, { discovery: 4, keys: 4, elsewhere: 0 });
});

Deno.test("Discovery.fetchKeys() does not believe a document of another issuer (Discovery §4.3)", async () => {
  const { issuer, discovery } = setUp();
  await using _ = issuer;
  const wrong = ["https://accounts.google.com", `${issuer.url}/`, issuer.url.toUpperCase(), ""];
  for (const name of wrong) {
    issuer.misbehave("discovery", (usual) => ({ ...usual, issuer: name }));
    await refused(discovery.fetchKeys(), "wrong_issuer");
  }
  for (const members of [{ issuer: undefined }, { jwks_uri: undefined }, { jwks_uri: 5 }]) {
    issuer.misbehave("discovery", (usual) => ({ ...usual, ...members }));
    await refused(discovery.fetchKeys(), "unexpected_form");
  }
  assert.equal(issuer.hits.keys, 0);
});

Deno.test("Discovery.fetchKeys() fetches no keys over a network where anybody could change them", async () => {
  const { issuer, discovery } = setUp();
  await using _ = issuer;
  for (const url of ["http://example.org/keys", "keys", "file:///keys", "data:,{}"]) {
    issuer.misbehave("discovery", (usual) => ({ ...usual, jwks_uri: url }));
    await refused(discovery.fetchKeys(), "unsafe_keys_url");
  }
});

Deno.test("Discovery.fetchKeys() is not sent to this machine by an issuer on the network", async () => {
  const issuer = "https://id.example.org";
  const asked: string[] = [];
  const answer: Fetch = (url) => {
    asked.push(url);
    return Promise.resolve(Response.json({ issuer, jwks_uri: "http://127.0.0.1:1/keys" }));
  };
  const world = { fetch: answer, clock: new FakeClock() };
  await refused(new Discovery(issuer, world).fetchKeys(), "unsafe_keys_url");
  assert.deepEqual(asked, ["https://id.example.org/.well-known/openid-configuration"]);
});
