import assert from "node:assert/strict";
import { MINUTE_MS, PushWorld } from "./fake_push_world.ts";

const RETRY = { kind: "retry", reason: "Busy" } as const;
const MISCONFIGURED = { kind: "misconfigured", reason: "InvalidProviderToken" } as const;

Deno.test("Outcomes: a push that a service wants again goes again, later each time", async () => {
  await using world = new PushWorld();
  await world.sleeper("bob");
  world.apns.script(RETRY, RETRY, RETRY, RETRY);
  await world.message("bob");
  await world.pass(MINUTE_MS, 250);
  assert.equal(world.apns.given.length, 5);
  const gaps = world.apns.given.map(({ at }, n) => at - (world.apns.given[n - 1]?.at ?? 0));
  for (const [n, max] of [1000, 2000, 4000, 8000].entries()) {
    assert.ok((gaps[n + 1] ?? NaN) <= max + 250, `${gaps}`);
  }
  const { sent, retried, accepted, waiting } = world.dispatcher.figures;
  assert.deepEqual([sent, retried, accepted, waiting], [5, 4, 1, 0]);
});

Deno.test("Outcomes: a service is not asked before the time that it asks for, whatever comes", async () => {
  await using world = new PushWorld();
  await world.sleeper("bob");
  world.apns.script({ ...RETRY, afterMs: 90_000 });
  await world.message("bob");
  await world.settle();
  await world.message("bob");
  await world.pass(89_900);
  assert.equal(world.apns.given.length, 1);
  await world.pass(100);
  assert.deepEqual(world.apns.pushes.map(({ content: { badge } }) => badge), [1, 2]);
});

Deno.test("Outcomes: a push is tried again until its messages expire", async () => {
  await using world = new PushWorld();
  await world.sleeper("bob");
  world.apns.answer = () => RETRY;
  await world.message("bob", { ttlMs: 10 * MINUTE_MS });
  await world.pass(9 * MINUTE_MS, 5000);
  const tries = world.apns.given.length;
  assert.ok(tries >= 5, `${tries}`);
  await world.pass(30 * MINUTE_MS, 10_000);
  const last = world.apns.given.at(-1)?.at ?? NaN;
  assert.ok(last < 10 * MINUTE_MS, `${last}`);
  assert.equal(world.dispatcher.figures.waiting, 0);
});

Deno.test("Outcomes: an address that its service no longer knows is dropped", async () => {
  await using world = new PushWorld();
  const { registered } = await world.sleeper("bob", "apns", "the-token");
  world.apns.script({ kind: "unregistered", since: registered });
  await world.message("bob");
  await world.pass(MINUTE_MS);
  assert.equal(await world.addressOf("bob"), undefined);
  assert.deepEqual(world.log.of("push address dropped").map(({ fields }) => fields), [
    { user: "bob", device: "phone", provider: "apns" },
  ]);
  assert.doesNotMatch(JSON.stringify(world.log.lines), /the-token/);
  assert.equal(world.dispatcher.figures.unregistered, 1);
  assert.equal(world.apns.given.length, 1);
});

Deno.test("Outcomes: an address that was registered anew meanwhile stays and is pushed", async () => {
  for (const token of ["another", "token-of-bob"]) {
    await using world = new PushWorld();
    await world.sleeper("bob");
    const answer = world.apns.hold();
    await world.message("bob");
    await world.settle();
    world.clock.advance(1000);
    const address = await world.register("bob", { token });
    world.apns.script();
    answer({ kind: "unregistered" });
    await world.settle();
    await world.settle();
    assert.deepEqual(await world.addressOf("bob"), address);
    assert.deepEqual(world.apns.pushes.map(({ target }) => target.token), ["token-of-bob", token]);
    assert.equal(world.dispatcher.figures.accepted, 1);
  }
});

Deno.test("Outcomes: an address that was registered after it had ended stays, and is not tried again", async () => {
  await using world = new PushWorld();
  const address = await world.sleeper("bob");
  world.apns.script({ kind: "unregistered", since: address.registered - 1 });
  await world.message("bob");
  await world.pass(5 * MINUTE_MS);
  assert.deepEqual(await world.addressOf("bob"), address);
  assert.equal(world.apns.given.length, 1);
  await world.message("bob");
  await world.settle();
  assert.equal(world.apns.given.length, 2);
});

Deno.test("Outcomes: a refused push is told and not tried again; many are told in part", async () => {
  await using world = new PushWorld();
  world.apns.answer = () => ({ kind: "rejected", reason: "DeviceTokenNotForTopic" });
  for (let n = 0; n < 30; n++) {
    await world.sleeper(`user${n}`);
    await world.message(`user${n}`);
  }
  await world.pass(5 * MINUTE_MS);
  assert.equal(world.apns.given.length, 30);
  const lines = world.log.of("push refused");
  assert.equal(lines.length, 20);
  assert.deepEqual(lines[0]?.fields, {
    user: "user0",
    device: "phone",
    provider: "apns",
    reason: "DeviceTokenNotForTopic",
  });
  assert.equal(world.dispatcher.figures.rejected, 30);
});

Deno.test("Outcomes: refused credentials stop all pushes of a provider, are told once, and nothing is lost", async () => {
  await using world = new PushWorld();
  for (let n = 0; n < 50; n++) {
    await world.sleeper(`user${n}`);
    await world.message(`user${n}`);
  }
  world.apns.answer = () => MISCONFIGURED;
  await world.pass(3 * MINUTE_MS, 2000);
  const before = world.apns.given.length;
  assert.ok(before <= 50 + 20, `${before} tries`);
  assert.equal(world.log.of("push credentials refused").length, 1);
  assert.deepEqual(world.log.of("push credentials refused")[0]?.fields, {
    provider: "apns",
    url: undefined,
    reason: "InvalidProviderToken",
  });
  world.apns.script();
  await world.pass(6 * MINUTE_MS, 3000);
  assert.equal(world.dispatcher.figures.accepted, 50);
  assert.equal(world.log.of("push service answers").length, 1);
});

Deno.test("Outcomes: a dead service is left alone but for a try now and then", async () => {
  await using world = new PushWorld();
  world.apns.answer = () => RETRY;
  for (let n = 0; n < 10; n++) {
    await world.sleeper(`user${n}`);
    await world.message(`user${n}`);
  }
  await world.settle();
  const before = world.apns.given.length;
  await world.pass(10 * MINUTE_MS, 3000);
  const tries = world.apns.given.length - before;
  assert.ok(tries >= 40 && tries <= 60, `${tries} tries`);
  assert.deepEqual(world.log.of("push service failing").map(({ fields }) => fields), [
    { provider: "apns", url: undefined, reason: "Busy" },
  ]);
});

Deno.test("Outcomes: what a service does not take for some devices keeps it from no other", async () => {
  await using world = new PushWorld();
  const reason = "No key";
  world.fcm.answer = ({ target: { token } }) =>
    token.includes("iphone") ? { kind: "retry", reason, deviceOnly: true } : { kind: "accepted" };
  for (let n = 0; n < 20; n++) {
    await world.sleeper(`iphone${n}`, "fcm");
    await world.message(`iphone${n}`);
  }
  await world.settle();
  await world.sleeper("android", "fcm");
  await world.message("android");
  await world.settle();
  assert.equal(world.dispatcher.figures.accepted, 1);
  assert.equal(world.log.of("push service failing").length, 0);
  assert.equal(world.log.of("push refused")[0]?.fields?.reason, reason);
  world.fcm.script();
  await world.pass(6 * MINUTE_MS, 3000);
  assert.equal(world.dispatcher.figures.accepted, 21);
});

Deno.test("Outcomes: what went is noted before anything goes again, though the store fails", async () => {
  await using world = new PushWorld();
  const spoke = world.store.outbox.spoke.bind(world.store.outbox);
  let fails = true;
  world.store.outbox.spoke = (...args) => {
    return fails ? Promise.reject(new Error("Cannot write")) : spoke(...args);
  };
  await world.sleeper("bob");
  await world.message("bob");
  await world.pass(5 * MINUTE_MS);
  assert.equal(world.apns.given.length, 1);
  assert.equal(world.log.of("push failed").length, 1);
  fails = false;
  await world.pass(6 * MINUTE_MS);
  assert.equal(world.apns.given.length, 1);
  assert.equal((await world.store.outbox.look("bob", "phone"))?.isNew, false);
});
