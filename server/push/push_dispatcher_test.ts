import assert from "node:assert/strict";
import { MINUTE_MS, PushWorld } from "./fake_push_world.ts";

/** How often each device was pushed. */
function pushesPerToken(world: PushWorld): ReadonlyMap<string, number> {
  const tokens = new Map<string, number>();
  for (const { target: { token } } of world.apns.pushes) {
    tokens.set(token, (tokens.get(token) ?? 0) + 1);
  }
  return tokens;
}

async function addSleepers(world: PushWorld, count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    await world.sleeper(`user${n}`);
    await world.message(`user${n}`);
  }
}

Deno.test("PushDispatcher sends 10,000 sleepers exactly one push each, no faster than it may", async () => {
  await using world = new PushWorld();
  const { given } = world.apns;
  await addSleepers(world, 10_000);
  for (let seconds = 0; given.length < 10_000; seconds += 0.1) {
    // Two tenths of a second's pushes may go at once.
    assert.ok(given.length <= 2000 * seconds + 400, `${given.length} in ${seconds} s`);
    assert.ok(seconds < 10);
    await world.pass(100);
  }
  await world.pass(MINUTE_MS, 5000);
  assert.equal(given.length, 10_000);
  assert.equal(pushesPerToken(world).size, 10_000);
  assert.ok(world.apns.peak <= 256);
  const { owed, sent, accepted, waiting, inFlight } = world.dispatcher.figures;
  assert.deepEqual([owed, sent, accepted], [10_000, 10_000, 10_000]);
  assert.deepEqual([waiting, inFlight], [0, 0]);
});

Deno.test("PushDispatcher loses nothing in an outage of a minute, and catches up at its pace", async () => {
  await using world = new PushWorld({ perSecond: 50 });
  world.apns.answer = () => ({ kind: "retry", reason: "Service is down" });
  await addSleepers(world, 500);
  await world.pass(MINUTE_MS, 500);
  const during = world.apns.given.length;
  assert.ok(during < 100, `${during} tries in the outage`);
  world.apns.script();
  const upAt = world.clock.monotonic();
  await world.pass(2 * MINUTE_MS, 500);
  assert.equal(world.dispatcher.figures.accepted, 500);
  assert.equal(pushesPerToken(world).size, 500);
  const after = world.apns.given.slice(during).map(({ at }) => at - upAt);
  for (let second = 0; second < 120; second++) {
    const count = after.filter((at) => at >= second * 1000 && at < (second + 1) * 1000).length;
    assert.ok(count <= 55 + 5, `${count} in one second`);
  }
});

Deno.test("PushDispatcher does not let one provider that hangs delay another", async () => {
  await using world = new PushWorld();
  const answer = world.fcm.hold();
  for (let n = 0; n < 500; n++) {
    await world.sleeper(`fcm${n}`, "fcm");
    await world.message(`fcm${n}`);
  }
  await world.settle();
  assert.equal(world.fcm.given.length, 128);
  await world.sleeper("bob");
  await world.message("bob");
  await world.settle();
  assert.equal(world.apns.given.length, 1);
  world.fcm.script();
  answer({ kind: "retry", reason: "Nothing came" });
  await world.pass(5 * MINUTE_MS, 1000);
  assert.equal(world.dispatcher.figures.accepted, 501);
});

Deno.test("PushDispatcher does not let one Web Push service that hangs or fails delay another", async () => {
  await using world = new PushWorld();
  let isUp = false;
  const held = Promise.withResolvers<void>();
  world.web.answer = async ({ target: { token } }) => {
    if (token.startsWith("https://dead.") && !isUp) {
      await held.promise;
      return { kind: "retry", reason: "Nothing came" };
    }
    return { kind: "accepted" };
  };
  for (let n = 0; n < 400; n++) {
    await world.sleeper(`dead${n}`, "web", `https://dead.example/${n}`);
    await world.message(`dead${n}`);
  }
  await world.settle();
  // It has not answered yet.
  assert.equal(world.web.given.length, 4);
  await world.sleeper("bob", "web", "https://live.example/1");
  await world.message("bob");
  await world.pass(200);
  assert.equal(world.dispatcher.figures.accepted, 1);
  held.resolve();
  await world.pass(1000);
  const { fields } = world.log.of("push service failing")[0] ?? {};
  assert.deepEqual([fields?.provider, fields?.url], ["web", "https://dead.example"]);
  await world.sleeper("eve", "web", "https://live.example/2");
  await world.message("eve");
  await world.settle();
  assert.equal(world.dispatcher.figures.accepted, 2);
  isUp = true;
  await world.pass(10 * MINUTE_MS, 3000);
  assert.equal(world.dispatcher.figures.accepted, 402);
});

Deno.test("PushDispatcher has many Web Push services that hang leave room for those that work", async () => {
  await using world = new PushWorld();
  const held = Promise.withResolvers<void>();
  world.web.answer = async ({ target: { token } }) => {
    if (token.startsWith("https://hang")) await held.promise;
    return { kind: "accepted" };
  };
  for (const name of ["first", "later"]) {
    await world.sleeper(name, "web", `https://live.example/${name}`);
  }
  await world.message("first");
  await world.settle();
  for (let n = 0; n < 400; n++) {
    await world.sleeper(`hang${n}`, "web", `https://hang${n % 40}.example/${n}`);
    await world.message(`hang${n}`);
  }
  await world.settle();
  assert.equal(world.web.given.length, 41);
  await world.message("later");
  await world.pass(200);
  assert.equal(world.dispatcher.figures.accepted, 2);
  held.resolve();
  await world.pass(2000);
  assert.equal(world.dispatcher.figures.accepted, 402);
});

Deno.test("PushDispatcher.received() takes the answer to each push once, from whom it was sent to", async () => {
  await using world = new PushWorld();
  await world.sleeper("bob");
  await world.message("bob");
  await world.settle();
  const nonce = world.apns.pushes[0]?.content.nonce ?? "";
  const { dispatcher } = world;
  assert.equal(dispatcher.received("eve", "phone", nonce), false);
  assert.equal(dispatcher.received("bob", "phone", "another"), false);
  assert.equal(dispatcher.received("bob", "phone", nonce), true);
  assert.equal(dispatcher.received("bob", "phone", nonce), false);
  assert.equal(dispatcher.figures.seen, 1);
});

Deno.test("PushDispatcher tries again what the store failed at, and tells it once", async () => {
  await using world = new PushWorld();
  const look = world.store.outbox.look.bind(world.store.outbox);
  world.store.outbox.look = () => Promise.reject(new Error("Cannot read"));
  await addSleepers(world, 10);
  await world.pass(10_000);
  assert.equal(world.log.of("push failed").length, 1);
  world.store.outbox.look = look;
  await world.pass(MINUTE_MS);
  assert.equal(world.dispatcher.figures.accepted, 10);
});

Deno.test("PushDispatcher waits at its end for the outcomes of what was sent, and begins nothing", async () => {
  await using world = new PushWorld();
  await world.sleeper("bob");
  await world.sleeper("eve");
  const answer = world.apns.hold();
  await world.message("bob");
  await world.settle();
  await world.message("eve");
  const ended = world.dispatcher[Symbol.asyncDispose]();
  await world.message("eve");
  await world.settle();
  assert.equal(world.apns.isDisposed, false);
  answer({ kind: "accepted" });
  await ended;
  assert.equal(world.apns.isDisposed, true);
  assert.equal(world.apns.given.length, 1);
  assert.equal((await world.store.outbox.look("bob", "phone"))?.isNew, false);
  assert.equal((await world.store.outbox.look("eve", "phone"))?.isNew, true);
  assert.equal(world.clock.timers, 0);
});

Deno.test("PushDispatcher does not wait at its end for ever, and what it cut is sent after the start", async () => {
  await using world = new PushWorld();
  await world.sleeper("bob");
  world.apns.hold();
  await world.message("bob");
  await world.settle();
  const restarted = world.restart();
  await world.settle();
  world.clock.advance(5000);
  await restarted;
  world.apns.script();
  await world.pass(10_000);
  assert.equal(world.apns.given.length, 2);
  assert.equal(world.dispatcher.figures.accepted, 1);
});

Deno.test("PushDispatcher does not wait at its end for a provider that does not end", async () => {
  await using world = new PushWorld();
  world.apns[Symbol.asyncDispose] = () => new Promise<void>(() => {});
  const ended = world.dispatcher[Symbol.asyncDispose]();
  await world.settle();
  world.clock.advance(5000);
  await ended;
  assert.equal(world.clock.timers, 0);
});

Deno.test("PushDispatcher ends a provider once that stands for several", async () => {
  await using world = new PushWorld();
  let ends = 0;
  world.apns[Symbol.asyncDispose] = () => {
    ends++;
    return Promise.resolve();
  };
  await using other = new PushWorld({
    providers: new Map([["apns", world.apns], ["fcm", world.apns]]),
  });
  await other.dispatcher[Symbol.asyncDispose]();
  await other.dispatcher[Symbol.asyncDispose]();
  assert.equal(ends, 1);
});
