import assert from "node:assert/strict";
import { PUSH_URGENT_MS } from "../../limits.ts";
import type { Outbox } from "../../store/mod.ts";
import { MINUTE_MS, PushWorld } from "./fake_push_world.ts";

Deno.test("Intents: messages that come before the push goes are one push", async () => {
  await using world = new PushWorld();
  await world.sleeper("bob");
  for (let n = 0; n < 3; n++) await world.message("bob");
  await world.settle();
  assert.deepEqual(world.apns.pushes.map(({ content: { badge } }) => badge), [3]);
  await world.pass(MINUTE_MS);
  assert.equal(world.apns.given.length, 1);
});

Deno.test("Intents: a message that comes while a push is under way gets another", async () => {
  await using world = new PushWorld();
  await world.sleeper("bob");
  const answer = world.apns.hold();
  await world.message("bob");
  await world.settle();
  await world.message("bob");
  await world.message("bob");
  await world.settle();
  assert.equal(world.apns.given.length, 1);
  answer({ kind: "accepted" });
  await world.settle();
  // At the earliest a second later, and whatever comes until then is told, too.
  await world.pass(PUSH_URGENT_MS - 1);
  await world.message("bob");
  await world.settle();
  assert.equal(world.apns.given.length, 1);
  await world.pass(1);
  assert.deepEqual(world.apns.pushes.map(({ content: { badge } }) => badge), [1, 4]);
  assert.deepEqual(world.dispatcher.figures.waiting, 0);
});

Deno.test("Intents.cancel() ends a push that waits", async () => {
  await using world = new PushWorld();
  await world.sleeper("bob");
  await world.message("bob");
  await world.connect("bob");
  await world.pass(MINUTE_MS);
  assert.equal(world.apns.given.length, 0);
  const { owed, cancelled, waiting } = world.dispatcher.figures;
  assert.deepEqual({ owed, cancelled, waiting }, { owed: 1, cancelled: 1, waiting: 0 });
});

Deno.test("Intents.cancel() ends a push that is looked at and was not sent", async () => {
  const asked = Promise.withResolvers<void>();
  const named = Promise.withResolvers<null>();
  const users = {
    get() {
      asked.resolve();
      return named.promise;
    },
  };
  await using world = new PushWorld({ users });
  await world.sleeper("bob");
  await world.message("bob");
  await asked.promise;
  await world.connect("bob");
  named.resolve(null);
  await world.pass(MINUTE_MS);
  assert.equal(world.apns.given.length, 0);
  assert.equal(world.dispatcher.figures.cancelled, 1);
});

Deno.test("Intents.cancel() ends the tries of a push that failed", async () => {
  await using world = new PushWorld();
  await world.sleeper("bob");
  const answer = world.apns.hold();
  await world.message("bob");
  await world.settle();
  await world.connect("bob");
  answer({ kind: "retry", reason: "Busy" });
  await world.pass(10 * MINUTE_MS);
  assert.equal(world.apns.given.length, 1);
  assert.equal(world.dispatcher.figures.waiting, 0);
});

Deno.test("Intents: a device that leaves something is pushed in 5 s, if it does not come back", async () => {
  await using world = new PushWorld();
  for (const user of ["bob", "eve"]) {
    await world.sleeper(user);
    await world.connect(user);
    await world.message(user);
    world.leave(user);
  }
  await world.pass(4000);
  await world.connect("eve");
  assert.equal(world.apns.given.length, 0);
  await world.pass(1000);
  assert.deepEqual(world.apns.pushes.map(({ target: { token } }) => token), ["token-of-bob"]);
  await world.pass(MINUTE_MS);
  assert.equal(world.apns.given.length, 1);
});

Deno.test("Intents: a message to a device that has just left does not wait", async () => {
  await using world = new PushWorld();
  await world.sleeper("bob");
  await world.connect("bob");
  await world.message("bob");
  world.leave("bob");
  await world.message("bob");
  await world.settle();
  assert.deepEqual(world.apns.pushes.map(({ content: { badge } }) => badge), [2]);
});

Deno.test("Intents: a device that leaves what a push spoke for is pushed again, 20 minutes later", async () => {
  await using world = new PushWorld();
  await world.sleeper("bob");
  await world.message("bob");
  await world.settle();
  await world.connect("bob");
  await world.pass(MINUTE_MS);
  world.leave("bob");
  await world.pass(18 * MINUTE_MS);
  assert.equal(world.apns.given.length, 1);
  await world.pass(2 * MINUTE_MS);
  assert.deepEqual(world.apns.pushes.map(({ urgent }) => urgent), [true, false]);
  await world.pass(30 * MINUTE_MS);
  assert.equal(world.apns.given.length, 2);
});

Deno.test("Intents: a device that is connected is pushed only if it is silent", async () => {
  await using world = new PushWorld();
  await world.sleeper("bob", "fcm");
  await world.message("bob");
  world.here.add("bob/phone");
  await world.settle();
  assert.equal(world.fcm.given.length, 0);
  world.dispatcher.silent("bob", "phone");
  await world.settle();
  assert.equal(world.fcm.given.length, 1);
  world.dispatcher.silent("bob", "phone");
  await world.settle();
  assert.equal(world.fcm.given.length, 1, "a push spoke for everything");
});

Deno.test("Intents: silence during a push that is dropped counts", async () => {
  await using world = new PushWorld();
  await world.sleeper("bob");
  await world.message("bob");
  world.here.add("bob/phone");
  world.dispatcher.silent("bob", "phone");
  await world.settle();
  assert.equal(world.apns.given.length, 1);
});

Deno.test("Intents: a silent device without an address, or unknown, is left alone", async () => {
  await using world = new PushWorld();
  world.dispatcher.silent("nobody", "phone");
  await world.settle();
  const { waiting, inFlight, sent } = world.dispatcher.figures;
  assert.deepEqual({ waiting, inFlight, sent }, { waiting: 0, inFlight: 0, sent: 0 });
});

Deno.test("Intents holds as many of one provider as may be, and those of the others", async () => {
  await using world = new PushWorld({ waitingMax: 2 });
  world.apns.hold();
  for (const user of ["a", "b", "c"]) {
    await world.sleeper(user);
    await world.message(user);
  }
  await world.sleeper("d", "fcm");
  await world.message("d");
  await world.settle();
  assert.equal(world.apns.given.length, 2);
  assert.equal(world.fcm.given.length, 1);
  assert.equal(world.dispatcher.figures.overflowed, 1);
});

Deno.test("Intents: ordinary ones take half of the room, so that urgent ones have theirs", async () => {
  await using world = new PushWorld({ waitingMax: 8 });
  const users = ["a", "b", "c", "d", "e", "f"];
  for (const user of users) {
    await world.sleeper(user);
    await world.message(user, { urgent: false });
    await world.settle();
    await world.message(user, { urgent: false });
    await world.settle();
  }
  assert.equal(world.dispatcher.figures.waiting, 4);
  await world.message("f");
  await world.pass(PUSH_URGENT_MS);
  assert.deepEqual(world.apns.pushes.at(-1)?.urgent, true);
  // What was dropped is found again when it is due.
  await world.pass(25 * MINUTE_MS);
  assert.equal(world.apns.given.length, users.length * 2);
});

/** Looks of this one wait while it is held. */
function slowOutbox(outbox: () => Outbox) {
  let held = Promise.resolve();
  const slow: Outbox = {
    async look(user, device) {
      await held;
      return await outbox().look(user, device);
    },
    spoke: (user, device, spoken) => outbox().spoke(user, device, spoken),
    list: () => Promise.resolve({ sleepers: [], next: null }),
  };
  const hold = () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    held = promise;
    return resolve;
  };
  return { outbox: slow, hold };
}

/** Of two devices that wait with ordinary messages there is room for one; the other gets a message. */
async function crowd(world: PushWorld, hold: () => () => void, urgent: boolean): Promise<void> {
  for (const user of ["a", "b", "c", "d", "e"]) await world.sleeper(user);
  for (const user of ["a", "b", "a"]) {
    await world.message(user, { urgent: false });
    await world.settle();
  }
  const release = hold();
  await world.message("b", { urgent: false });
  await world.settle();
  await world.message("b", { urgent });
  release();
  await world.settle();
}

Deno.test("Intents: one that is dropped for want of room is counted once", async () => {
  const { outbox, hold } = slowOutbox(() => world.store.outbox);
  const world: PushWorld = new PushWorld({ waitingMax: 2, outbox });
  await using _world = world;
  await crowd(world, hold, false);
  // "a" waits: there is room for one more.
  world.apns.hold();
  for (const user of ["c", "d", "e"]) await world.message(user);
  await world.settle();
  const { waiting, inFlight, overflowed } = world.dispatcher.figures;
  assert.deepEqual({ waiting, inFlight, overflowed }, { waiting: 1, inFlight: 1, overflowed: 2 });
});

Deno.test("Intents: an urgent message that comes while one is dropped for want of room is pushed", async () => {
  const { outbox, hold } = slowOutbox(() => world.store.outbox);
  const world: PushWorld = new PushWorld({ waitingMax: 2, outbox });
  await using _world = world;
  await crowd(world, hold, true);
  await world.pass(PUSH_URGENT_MS);
  assert.deepEqual(world.apns.pushes.map(({ urgent }) => urgent), [false, false, true]);
});

// A phone that is asleep gets a new token and registers it by a request: no connection cancels what
// waits because of the old one, and its service may have asked for an hour.
Deno.test("Intents: a device that has another address is not held up by what the last one met", async () => {
  for (const provider of ["apns", "web"] as const) {
    await using world = new PushWorld();
    await world.sleeper("bob");
    world.apns.script({ kind: "retry", reason: "Busy", afterMs: 60 * MINUTE_MS });
    await world.message("bob");
    await world.settle();
    assert.equal(world.apns.given.length, 1);
    await world.register("bob", { provider, token: "https://push.example/new" });
    await world.settle();
    assert.equal(world[provider].pushes.at(-1)?.target.token, "https://push.example/new");
    await world.pass(120 * MINUTE_MS);
    assert.equal(world.apns.given.length + world.web.given.length, 2);
    assert.equal(world.dispatcher.figures.waiting, 0);
  }
});

Deno.test("Intents: a device whose address refused a push is pushed at the next one", async () => {
  await using world = new PushWorld();
  await world.sleeper("bob");
  world.apns.script({ kind: "rejected", reason: "Bad token" });
  await world.message("bob");
  await world.settle();
  await world.register("bob", { token: "new" });
  await world.pass(PUSH_URGENT_MS);
  assert.deepEqual(world.apns.pushes.map(({ target: { token } }) => token), [
    "token-of-bob",
    "new",
  ]);
});

Deno.test("Intents: an address that comes while a push is under way is pushed whatever becomes of that", async () => {
  const outcomes = [
    { kind: "accepted" },
    { kind: "rejected", reason: "Bad token" },
    { kind: "unregistered" },
    { kind: "retry", reason: "Busy", afterMs: 60 * MINUTE_MS },
  ] as const;
  for (const outcome of outcomes) {
    await using world = new PushWorld();
    await world.sleeper("bob");
    const answer = world.apns.hold();
    await world.message("bob");
    await world.settle();
    await world.register("bob", { provider: "web", token: "https://push.example/new" });
    await world.message("bob");
    answer(outcome);
    await world.pass(2 * PUSH_URGENT_MS);
    assert.equal(world.web.given.length, 1, outcome.kind);
    assert.equal(world.apns.given.length, 1);
    assert.equal(world.dispatcher.figures.waiting, 0);
  }
});
