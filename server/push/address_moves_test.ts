import assert from "node:assert/strict";
import type { Device } from "../../store/mod.ts";
import { MINUTE_MS, PushWorld } from "./fake_push_world.ts";

/** A world in which devices are read only when a test lets them be. */
class SlowWorld extends PushWorld {
  /** What the next readers wait for before they read. */
  before: Promise<unknown> = Promise.resolve();

  constructor() {
    super({
      devices: {
        get: (user, device) => this.#get(user, device),
        change: (...params) => this.store.devices.change(...params),
      },
    });
  }

  get tokens(): readonly string[] {
    return this.apns.pushes.map(({ target }) => target.token);
  }

  async #get(user: string, device: string): Promise<Device | null> {
    await this.before;
    return await this.store.devices.get(user, device);
  }
}

Deno.test("Pushes: an address that comes before the old one is read is pushed once", async () => {
  await using world = new SlowWorld();
  await world.sleeper("bob", "apns", "old");
  const { promise, resolve } = Promise.withResolvers<void>();
  world.before = promise;
  await world.message("bob");
  await world.settle();
  await world.register("bob", { token: "new" });
  resolve();
  await world.pass(MINUTE_MS, 250);
  assert.deepEqual(world.tokens, ["new"]);
  assert.equal((await world.store.outbox.look("bob", "phone"))?.isNew, false);
});

Deno.test("Pushes: what comes while an address comes is pushed, too", async () => {
  await using world = new SlowWorld();
  await world.sleeper("bob", "apns", "old");
  const { promise, resolve } = Promise.withResolvers<void>();
  world.before = promise;
  const answer = world.apns.hold();
  await world.message("bob");
  await world.settle();
  await world.register("bob", { token: "new" });
  resolve();
  await world.settle();
  await world.message("bob");
  world.apns.script();
  answer({ kind: "accepted" });
  await world.pass(2000, 250);
  assert.deepEqual(world.tokens, ["new", "new"]);
  assert.deepEqual(world.apns.pushes.map(({ content: { badge } }) => badge), [1, 2]);
});

Deno.test("Pushes: an address that comes while there is none is pushed", async () => {
  await using world = new SlowWorld();
  await world.sleeper("bob", "apns", "old");
  const { promise, resolve } = Promise.withResolvers<void>();
  // It is taken from the device by another one, which the mailbox does not know yet.
  const { get } = world.store.devices;
  world.store.devices.get = () => promise.then(() => null);
  await world.message("bob");
  await world.settle();
  world.store.devices.get = get;
  await world.register("bob", { token: "new" });
  resolve();
  await world.pass(2000, 250);
  assert.deepEqual(world.tokens, ["new"]);
});

Deno.test("Pushes: an address that another user has by now is not sent the name of a sender", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  await using world: PushWorld = new PushWorld({
    users: { get: async (id) => (await promise, await world.store.users.get(id)) },
  });
  await world.sleeper("bob", "apns", "the-token");
  await world.message("bob");
  await world.settle();
  await world.sleeper("eve", "apns", "the-token");
  resolve();
  await world.pass(MINUTE_MS);
  assert.equal(world.apns.given.length, 0);
});

Deno.test("Pushes: what an old address was sent says nothing to one that a connection registers", async () => {
  const connect = (world: PushWorld) => world.connect("bob");
  const register = (world: PushWorld) => world.register("bob", { token: "new" });
  for (const steps of [[connect, register], [register, connect]]) {
    await using world = new SlowWorld();
    await world.sleeper("bob", "apns", "old");
    const answer = world.apns.hold();
    await world.message("bob");
    await world.settle();
    world.apns.script();
    for (const step of steps) await step(world);
    answer({ kind: "accepted" });
    await world.settle();
    world.leave("bob");
    await world.pass(10_000);
    assert.deepEqual(world.tokens, ["old", "new"]);
    assert.equal(world.apns.pushes[1]?.urgent, true);
  }
});

Deno.test("Pushes: a silent device is pushed at the address that it registers meanwhile", async () => {
  await using world = new SlowWorld();
  await world.sleeper("bob", "apns", "old");
  await world.connect("bob");
  await world.message("bob");
  const answer = world.apns.hold();
  world.dispatcher.silent("bob", "phone");
  await world.settle();
  await world.register("bob", { token: "new" });
  world.apns.script();
  answer({ kind: "accepted" });
  await world.pass(5000);
  world.dispatcher.silent("bob", "phone");
  await world.settle();
  assert.deepEqual(world.tokens, ["old", "new"]);
});
