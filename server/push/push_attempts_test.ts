import assert from "node:assert/strict";
import { MINUTE_MS, PushWorld } from "./fake_push_world.ts";

Deno.test("PushAttempts sends what waits to where the device is reached", async () => {
  await using world = new PushWorld();
  await world.store.users.create({ id: "ann", name: "Ann A.", registered: 0 });
  await world.store.users.create({ id: "bob", registered: 0 });
  const [keys, topic] = [{ p256dh: "p", auth: "a" }, "org.example.app"];
  await world.store.devices.change("bob", "phone", 10, () => ({
    user: "bob",
    id: "phone",
    push: { provider: "apns", token: "t", keys, topic, registered: 1 },
    seen: 1,
  }));
  await world.message("bob", { ttlMs: MINUTE_MS });
  await world.settle();
  const [push] = world.apns.pushes;
  assert.ok(push);
  const { nonce, ...content } = push.content;
  assert.match(nonce ?? "", /^[\w-]{12}$/);
  assert.deepEqual({ ...push, content }, {
    target: { token: "t", keys, topic },
    content: { badge: 1, fetch: true, sender: "Ann A." },
    urgent: true,
    collapse: "titan",
    expires: world.clock.now() + MINUTE_MS,
  });
});

Deno.test("PushAttempts tells how long a service took, whatever it answered", async () => {
  const took: number[] = [];
  await using world = new PushWorld({ answered: (ms) => took.push(ms) });
  await world.sleeper("bob");
  const answer = world.apns.hold();
  await world.message("bob");
  await world.settle();
  assert.deepEqual(took, []);
  await world.pass(300);
  answer({ kind: "rejected", reason: "BadDeviceToken" });
  await world.settle();
  assert.deepEqual(took, [300]);
});

Deno.test("PushAttempts names a sender without a name by the id, and under `none` nobody", async () => {
  for (const [content, expected] of [["text", "ann"], ["none", undefined]] as const) {
    await using world = new PushWorld({ content });
    await world.sleeper("bob");
    await world.message("bob", { text: "secret" });
    await world.settle();
    const [push] = world.apns.pushes;
    assert.equal(push?.content.sender, expected);
    assert.equal(push?.content.text, content === "text" ? "secret" : undefined);
    assert.doesNotMatch(JSON.stringify(world.log.lines), /secret/);
  }
});

Deno.test("PushAttempts sends ordinary messages at once, then one push in 20 minutes", async () => {
  await using world = new PushWorld();
  await world.sleeper("bob");
  await world.message("bob", { urgent: false });
  await world.settle();
  await world.message("bob", { urgent: false });
  await world.pass(10 * MINUTE_MS);
  await world.message("bob", { urgent: false });
  await world.pass(9 * MINUTE_MS);
  assert.equal(world.apns.given.length, 1);
  await world.pass(MINUTE_MS);
  assert.deepEqual(
    world.apns.pushes.map(({ urgent, content: { badge } }) => [urgent, badge]),
    [[false, 1], [false, 3]],
  );
});

Deno.test("PushAttempts sends what is urgent while ordinary messages wait, with them", async () => {
  await using world = new PushWorld();
  await world.sleeper("bob");
  await world.message("bob", { urgent: false });
  await world.settle();
  await world.message("bob", { urgent: false });
  await world.pass(2000);
  await world.message("bob", { urgent: true });
  await world.settle();
  assert.deepEqual(world.apns.pushes.map(({ urgent }) => urgent), [false, true]);
  await world.pass(60 * MINUTE_MS);
  assert.equal(world.apns.given.length, 2);
});

Deno.test("PushAttempts looks at a device that waits with ordinary messages once a second", async () => {
  await using world = new PushWorld();
  let looks = 0;
  const look = world.store.outbox.look.bind(world.store.outbox);
  world.store.outbox.look = (user, device) => {
    looks++;
    return look(user, device);
  };
  await world.sleeper("bob");
  await world.message("bob", { urgent: false });
  await world.settle();
  looks = 0;
  for (let n = 0; n < 50; n++) {
    await world.message("bob", { urgent: false });
    await world.pass(100);
  }
  assert.ok(looks >= 4 && looks <= 6, `${looks} looks in 5 s`);
  await world.message("bob");
  await world.pass(1000);
  assert.deepEqual(world.apns.pushes.map(({ urgent }) => urgent), [false, true]);
});

Deno.test("PushAttempts does not wait for a time that the clock has jumped away from", async () => {
  await using world = new PushWorld();
  await world.sleeper("bob");
  await world.message("bob", { urgent: false, ttlMs: 1e9 });
  await world.settle();
  const now = world.clock.now.bind(world.clock);
  world.clock.now = () => now() - 1e8;
  await world.message("bob", { urgent: false, ttlMs: 1e9 });
  await world.settle();
  assert.equal(world.apns.given.length, 2);
});

Deno.test("PushAttempts sends nothing for what was read or has expired by then", async () => {
  await using world = new PushWorld({ perSecond: 1 });
  for (const user of ["bob", "eve", "joe"]) await world.sleeper(user);
  await world.message("bob");
  await world.message("eve", { ttlMs: 500 });
  await world.message("joe");
  world.read("joe");
  await world.pass(10_000);
  assert.deepEqual(world.apns.pushes.map(({ target: { token } }) => token), ["token-of-bob"]);
  assert.equal(world.dispatcher.figures.waiting, 0);
});

Deno.test("PushAttempts goes to the provider that the device has by then", async () => {
  await using world = new PushWorld();
  await world.sleeper("bob", "fcm");
  await world.message("bob");
  await world.register("bob", { provider: "web", token: "https://push.example.org/1" });
  await world.settle();
  await world.settle();
  assert.equal(world.fcm.given.length, 0);
  assert.equal(world.web.given.length, 1);
});

Deno.test("PushAttempts does not come back for a device whose address is gone", async () => {
  await using world = new PushWorld({
    devices: { get: () => Promise.resolve(null), change: fail },
  });
  await world.sleeper("bob");
  await world.message("bob");
  await world.pass(5 * MINUTE_MS);
  const { sent, waiting } = world.dispatcher.figures;
  assert.deepEqual({ sent, waiting }, { sent: 0, waiting: 0 });
  const waitingStill = await world.store.outbox.look("bob", "phone");
  assert.deepEqual([waitingStill?.isNew, waitingStill?.spoken.at], [false, 0]);
});

Deno.test("PushAttempts leaves devices of a provider alone that the deployment does not have", async () => {
  await using world = new PushWorld({ providers: new Map() });
  await world.sleeper("bob");
  await world.message("bob");
  world.dispatcher.silent("bob", "phone");
  await world.pass(MINUTE_MS);
  assert.equal(world.dispatcher.figures.waiting, 0);
  assert.equal((await world.store.outbox.look("bob", "phone"))?.isNew, true);
});

function fail(): never {
  throw new Error("Nothing is to be changed");
}
