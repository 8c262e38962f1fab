import assert from "node:assert/strict";
import { FakeClock } from "../contract/fake_clock.ts";
import { testProvider } from "../provider_contract.ts";
import { ApnsProvider } from "./apns_provider.ts";
import { FakeTokens } from "./fake_tokens.ts";
import { apnsHarness, openFakeApns } from "./fake_world.ts";

testProvider("ApnsProvider", apnsHarness());

Deno.test("ApnsProvider.send() signs one token for many pushes", async () => {
  await using opened = await openFakeApns();
  const { world, apns } = opened;
  const provider = await world.connect();
  await Promise.all(Array.from({ length: 30 }, (_, index) => provider.send(world.push(index))));
  assert.equal(apns.seen.length, 30);
  assert.equal(apns.tokens.shown.length, 1);
});

Deno.test("ApnsProvider.send() signs another token before an hour has passed", async () => {
  await using opened = await openFakeApns();
  const { world, apns } = opened;
  const provider = await world.connect();
  for (let hours = 0; hours < 4; hours++) {
    for (const minutes of [0, 44, 15, 1]) {
      world.clock.advance(minutes * 60_000);
      assert.equal((await world.send(provider)).kind, "accepted");
    }
  }
  // None was ever refused, and none was newer than need be.
  assert.equal(apns.seen.length, 16);
  assert.equal(apns.tokens.shown.length, 5);
});

Deno.test("ApnsProvider.send() signs one token where many pushes are refused for an old one", async () => {
  await using opened = await openFakeApns();
  const { world, apns } = opened;
  const provider = await world.connect();
  await world.send(provider);
  world.clock.advance(60_000);
  apns.answer({ kind: "expired_credentials", until: "renewed" });
  const pushes = Array.from({ length: 30 }, (_, index) => world.push(index));
  const outcomes = await Promise.all(pushes.map((push) => world.send(provider, push)));
  assert.deepEqual(new Set(outcomes.map(({ kind }) => kind)), new Set(["accepted"]));
  assert.equal(apns.tokens.shown.length, 2);
});

Deno.test("ApnsProvider.send() signs no token in vain more often than every 20 minutes", async () => {
  await using opened = await openFakeApns();
  const { world, apns } = opened;
  const provider = await world.connect();
  apns.answer({ kind: "expired_credentials", until: "never" });
  const reason = "APNs answered with status 403: ExpiredProviderToken: " +
    "a token that was just signed is too old, so the clock may be wrong";
  const requests: number[] = [];
  for (const minutes of [0, 1, 18, 1, 19]) {
    world.clock.advance(minutes * 60_000);
    const before = apns.seen.length;
    assert.deepEqual(await world.send(provider), { kind: "misconfigured", reason });
    requests.push(apns.seen.length - before);
  }
  assert.deepEqual(requests, [2, 1, 1, 2, 1]);
});

Deno.test("ApnsProvider.send() rejects a push that is none, without asking APNs", async () => {
  await using opened = await openFakeApns();
  const { world, apns } = opened;
  const provider = await world.connect();
  const push = world.push(0);
  const reason = "Device token has characters that no token has";
  const outcome = await world.send(provider, { ...push, target: { token: "a\r\nb" } });
  assert.deepEqual(outcome, { kind: "rejected", reason });
  assert.equal((await world.send(provider)).kind, "accepted");
  assert.equal(apns.seen.length, 1);
});

Deno.test("ApnsProvider.dispose() resolves once every push has its outcome", async () => {
  await using opened = await openFakeApns();
  const { world } = opened;
  const provider = await world.connect();
  const kinds: string[] = [];
  // The first has its token signed, which takes a moment; the second waits for its turn.
  for (const index of [0, 1]) {
    provider.send(world.push(index)).then(({ kind }) => kinds.push(kind), () => {});
  }
  await provider[Symbol.asyncDispose]();
  assert.deepEqual(kinds, ["retry", "retry"]);
});

Deno.test("ApnsProvider.open() throws at options that cannot be right", async () => {
  const clock = new FakeClock();
  const { pem: key, keyId, teamId } = await FakeTokens.create(clock);
  const good = { key, keyId, teamId, topic: "org.x.app", clock, fetch };
  const provider = await ApnsProvider.open(good);
  await provider[Symbol.asyncDispose]();
  for (const url of ["", "api.push.apple.com", "http://127.0.0.1", "https://h/x", "https://h/?a"]) {
    await assert.rejects(ApnsProvider.open({ ...good, url }), {
      name: "TypeError",
      message: "Cannot use APNs: its URL is not https with a host and nothing more",
    });
  }
  await assert.rejects(ApnsProvider.open({ ...good, topic: "" }), {
    name: "TypeError",
    message: "Cannot use APNs: the topic is no bundle id",
  });
});

Deno.test("ApnsProvider.check() finds a topic that the key may not send for", async () => {
  await using opened = await openFakeApns();
  const { world, apns } = opened;
  apns.answer({ kind: "wrong_topic" });
  const check = await world.check(await world.connect());
  assert.equal(check.kind, "misconfigured");
});
