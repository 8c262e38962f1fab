import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { FakeClock } from "../contract/fake_clock.ts";
import { ApnsProvider } from "./apns_provider.ts";
import { ApnsSessions } from "./apns_sessions.ts";
import { FakeTokens } from "./fake_tokens.ts";
import { openFakeApns } from "./fake_world.ts";

Deno.test("ApnsSessions has no more on the way than APNs lets a connection have", async () => {
  await using opened = await openFakeApns({ streamsMax: 3 });
  const { world, apns } = opened;
  const provider = await world.connect();
  await world.send(provider);
  apns.answer({ kind: "hang" });
  const outcomes = Array.from({ length: 10 }, (_, i) => world.send(provider, world.push(i)));
  await world.untilSeen(4);
  apns.answer({ kind: "accepted" });
  apns.release();
  for (const outcome of await Promise.all(outcomes)) assert.equal(outcome.kind, "accepted");
  assert.deepEqual([apns.peak, apns.opened], [3, 1]);
});

// APNs takes one request on a connection until that has shown a good provider token.
Deno.test("ApnsSessions waits with all others until the first was looked at", async () => {
  await using opened = await openFakeApns();
  const { world, apns } = opened;
  const provider = await world.connect();
  apns.answer({ kind: "refused_credentials" });
  const outcomes = Array.from({ length: 5 }, (_, i) => world.send(provider, world.push(i)));
  for (const outcome of await Promise.all(outcomes)) assert.equal(outcome.kind, "misconfigured");
  assert.deepEqual([apns.peak, apns.refused, apns.opened], [1, 0, 1]);
});

Deno.test("ApnsSessions sends in the order in which it was asked to", async () => {
  await using opened = await openFakeApns({ inFlightMax: 2 });
  const { world, apns } = opened;
  const provider = await world.connect();
  const pushes = Array.from({ length: 20 }, (_, index) => world.push(index));
  await Promise.all(pushes.map((push) => world.send(provider, push)));
  const tokens = pushes.map(({ target }) => target.token);
  assert.deepEqual(apns.seen.map(({ token }) => token), tokens);
});

Deno.test("ApnsSessions connects once, and not for each that waits, where APNs is down", async () => {
  let connections = 0;
  const server = createServer((socket: Socket) => {
    connections++;
    socket.on("error", () => {});
    socket.destroy();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert.ok(address !== null && typeof address === "object");
  const clock = new FakeClock();
  const url = `https://127.0.0.1:${address.port}`;
  const { pem: key, keyId, teamId } = await FakeTokens.create(clock);
  {
    const options = { url, key, keyId, teamId, topic: "org.x.app", clock, fetch, inFlightMax: 3 };
    await using provider = await ApnsProvider.open(options);
    const push = {
      target: { token: "a1" },
      content: { badge: 1, fetch: true },
      urgent: true,
      collapse: "c",
      expires: clock.now(),
    };
    const sendMany = () => Promise.all(Array.from({ length: 50 }, () => provider.send(push)));
    assert.deepEqual(new Set((await sendMany()).map(({ kind }) => kind)), new Set(["retry"]));
    assert.equal(connections, 1);
    await sendMany();
    assert.equal(connections, 2);
  }
  assert.equal(clock.timers, 0);
  server.close();
  await once(server, "close");
});

Deno.test("ApnsSessions.enter() answers why a wait was ended", async () => {
  await using opened = await openFakeApns();
  const { url } = opened.apns;
  const clock = new FakeClock();
  using sessions = new ApnsSessions({ url, clock, fetch, inFlightMax: 3 });
  const ending = new AbortController();
  const places = [sessions.enter(ending.signal), sessions.enter(ending.signal)];
  ending.abort("Enough");
  const [first, second] = await Promise.all(places);
  assert.ok(typeof first === "object");
  first[Symbol.dispose]();
  assert.equal(second, "Enough");
  assert.equal(await sessions.enter(ending.signal), "Enough");
});

Deno.test("ApnsSessions.enter() answers why where Deno cannot read whom to trust", async () => {
  const ca = "-----BEGIN CERTIFICATE-----\nnone\n-----END CERTIFICATE-----";
  const options = { url: "https://127.0.0.1:1", clock: new FakeClock(), fetch, inFlightMax: 1 };
  using sessions = new ApnsSessions({ ...options, ca });
  const { signal } = new AbortController();
  for (const _round of [1, 2]) {
    assert.match(`${await sessions.enter(signal)}`, /^Cannot connect to APNs: the certificates /);
  }
});
