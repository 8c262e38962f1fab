import assert from "node:assert/strict";
import type { PushOutcome } from "../push.ts";
import { FakeClock } from "../contract/fake_clock.ts";
import { TEST_CA } from "../contract/test_certificate.ts";
import { assertRetry } from "../contract/outcomes_contract.ts";
import { ANSWER_MS_MAX } from "../contract/provider_world.ts";
import { ApnsSession } from "./apns_session.ts";
import { FakeHttp2Server, type FakeStream } from "./fake_http2.ts";
import { openFakeApns } from "./fake_world.ts";

Deno.test("ApnsSession lets requests end that are on the way when APNs says GOAWAY", async () => {
  await using opened = await openFakeApns();
  const { world, apns } = opened;
  const provider = await world.connect();
  await world.send(provider);
  apns.answer({ kind: "hang" });
  const held = [world.send(provider, world.push(1)), world.send(provider, world.push(2))];
  await world.untilSeen(3);
  apns.answer({ kind: "goaway" });
  assertRetry(await world.send(provider, world.push(3)));
  apns.answer({ kind: "accepted" });
  const before = apns.opened;
  assert.equal((await world.send(provider, world.push(4))).kind, "accepted");
  assert.equal(apns.opened, before + 1);
  apns.release();
  for (const outcome of await Promise.all(held)) assert.equal(outcome.kind, "accepted");
  await world.until("the old connections are gone", () => apns.connections === 1);
});

Deno.test("ApnsSession is given up where nothing at all came in ten seconds", async () => {
  await using opened = await openFakeApns();
  const { world, apns } = opened;
  const provider = await world.connect();
  await world.send(provider);
  apns.answer({ kind: "hang" });
  const silent = world.send(provider);
  await world.untilSeen(2);
  world.clock.advance(ANSWER_MS_MAX);
  assertRetry(await silent);
  apns.answer({ kind: "accepted" });
  assert.equal((await world.send(provider)).kind, "accepted");
  assert.equal(apns.opened, 2);
  await world.until("the old connection is gone", () => apns.connections === 1);
});

Deno.test("ApnsSession goes on where APNs left out one answer only", async () => {
  await using opened = await openFakeApns();
  const { world, apns } = opened;
  const provider = await world.connect();
  await world.send(provider);
  apns.answer({ kind: "hang" });
  const left = world.send(provider);
  await world.untilSeen(2);
  apns.answer({ kind: "accepted" });
  assert.equal((await world.send(provider)).kind, "accepted");
  world.clock.advance(ANSWER_MS_MAX);
  assertRetry(await left);
  assert.equal((await world.send(provider)).kind, "accepted");
  assert.equal(apns.opened, 1);
});

Deno.test("ApnsSession opens once for all that are sent, one after the other", async () => {
  await using opened = await openFakeApns();
  const { world, apns } = opened;
  const provider = await world.connect();
  for (let index = 0; index < 20; index++) await world.send(provider, world.push(index));
  assert.equal(apns.opened, 1);
});

// What is sent over a connection that died while nobody used it is heard by nobody.
Deno.test("ApnsSession lets others go elsewhere where the first has no answer in five seconds", async () => {
  await using opened = await openFakeApns();
  const { world, apns } = opened;
  const provider = await world.connect();
  await world.send(provider);
  world.clock.advance(60_000);
  apns.answer({ kind: "hang" });
  const first = world.send(provider);
  const others = [world.send(provider, world.push(1)), world.send(provider, world.push(2))];
  await world.untilSeen(2);
  apns.answer({ kind: "accepted" });
  world.clock.advance(4999);
  assert.deepEqual([apns.seen.length, apns.opened], [2, 1]);
  world.clock.advance(1);
  for (const outcome of await Promise.all(others)) assert.equal(outcome.kind, "accepted");
  assert.equal(apns.opened, 2);
  // The first one goes on waiting.
  apns.release();
  assert.equal((await first).kind, "accepted");
});

Deno.test("ApnsSession has the first request go alone, and the first after a pause of a minute", async () => {
  await using opened = await openFakeApns();
  const { world, apns } = opened;
  const provider = await world.connect();
  const burst = (): Promise<PushOutcome[]> =>
    Promise.all([1, 2, 3, 4, 5].map((index) => world.send(provider, world.push(index))));
  for (const [pauseMs, together] of [[0, 1], [59_999, 5], [60_000, 1]] as const) {
    world.clock.advance(pauseMs);
    const before = apns.seen.length;
    apns.answer({ kind: "hang" });
    const outcomes = burst();
    await world.untilSeen(before + together);
    assert.equal(apns.seen.length, before + together);
    apns.answer({ kind: "accepted" });
    apns.release();
    for (const { kind } of await outcomes) assert.equal(kind, "accepted");
  }
  assert.deepEqual([apns.refused, apns.opened], [0, 1]);
});

Deno.test("ApnsSession has the first request on a new connection go alone after the last was lost", async () => {
  // A request that was reset says nothing against its connection.
  for (const [kind, together] of [["killed", 1], ["reset", 5]] as const) {
    await using opened = await openFakeApns();
    const { world, apns } = opened;
    const provider = await world.connect();
    await world.send(provider);
    apns.answer({ kind });
    assertRetry(await world.send(provider));
    const before = apns.seen.length;
    apns.answer({ kind: "hang" });
    const pushes = [1, 2, 3, 4, 5].map((index) => world.push(index));
    const outcomes = Promise.all(pushes.map((push) => world.send(provider, push)));
    await world.untilSeen(before + together);
    assert.equal(apns.seen.length, before + together);
    apns.answer({ kind: "accepted" });
    apns.release();
    for (const outcome of await outcomes) assert.equal(outcome.kind, "accepted");
    assert.deepEqual([apns.refused, apns.opened], [0, kind === "killed" ? 2 : 1]);
  }
});

// Else many would go on a connection that may be gone, for as long as the clock was set back.
Deno.test("ApnsSession takes no old answer for a new one where the clock was set back", async () => {
  const respond = (stream: FakeStream) => stream.respond(200, [], "");
  await using server = new FakeHttp2Server({ request: respond, changed() {} }, 1);
  const clock = new FakeClock();
  const owner = { roomier() {}, failed() {} };
  const session = new ApnsSession({ url: server.url, fetch, ca: TEST_CA, clock }, owner);
  const request = { path: "/3/device/a1", headers: {}, body: new Uint8Array(2) };
  const { signal } = new AbortController();
  await session.request(request, "", signal);
  const leave = session.enter();
  assert.ok(session.hasRoom);
  clock.advance(-3600 * 1000);
  assert.ok(!session.hasRoom);
  leave();
  session.retire();
});

Deno.test("ApnsSession follows no redirection with a push in its hands", async () => {
  const paths: unknown[] = [];
  await using server = new FakeHttp2Server({
    request(stream) {
      paths.push(stream.headers.get(":path"));
      stream.respond(307, [["location", "/elsewhere"]], "");
    },
    changed() {},
  }, 1);
  const { url } = server;
  const clock = new FakeClock();
  const owner = { roomier() {}, failed() {} };
  const session = new ApnsSession({ url, fetch, ca: TEST_CA, clock }, owner);
  const request = { path: "/3/device/a1", headers: {}, body: new Uint8Array(2) };
  const { signal } = new AbortController();
  assert.deepEqual(await session.request(request, "", signal), { status: 307, body: "" });
  assert.deepEqual(paths, ["/3/device/a1"]);
  session.retire();
});
