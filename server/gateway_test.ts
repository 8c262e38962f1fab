import assert from "node:assert/strict";
import { RpcError, type RpcErrorName } from "../rpc/mod.ts";
import type { Draft } from "../store/mod.ts";
import { StoreUnavailableError } from "../store/mod.ts";
import { CLOSE, type CloseCode } from "./close_code.ts";
import { countingRandom, FakeWorld, type Frame, settled } from "./fake_world.ts";
import type { Ticking } from "./gateway.ts";

/** Runs a test in a world whose clockwork ends with it. */
function testWorld(name: string, run: (world: FakeWorld) => Promise<void>): void {
  Deno.test(name, async () => {
    const world = FakeWorld.create();
    try {
      await run(world);
    } finally {
      await world.gateway.stop(CLOSE.goingAway, 5000);
    }
  });
}

async function refused(promise: Promise<unknown>, name: RpcErrorName): Promise<RpcError> {
  const error = await promise.then(() => assert.fail(`expected ${name}`), (error) => error);
  assert.ok(error instanceof RpcError, String(error));
  assert.equal(error.key, name);
  return error;
}

function draft(world: FakeWorld, changes: Partial<Draft> = {}): Draft {
  return {
    id: "m1",
    kind: "message",
    sender: "ann",
    from: "ann",
    to: "bob",
    device: "default",
    time: world.clock.now(),
    expires: world.clock.now() + 5000,
    receipt: true,
    urgent: false,
    body: "{}",
    bytes: 2,
    ...changes,
  };
}

function receiptsOf(frames: readonly Frame[]): unknown[] {
  return frames.filter(({ method }) => method === "msg.receipt").map(({ params }) => params);
}

testWorld(
  "Gateway.takeSend() refuses the message past the burst, and says for how long",
  async (world) => {
    world.gateway.takeSend("ann", 200);
    const take = Promise.resolve().then(() => world.gateway.takeSend("ann", 1));
    assert.equal((await refused(take, "rate_limited")).data.retryAfter, 1);
    world.gateway.takeSend("bob", 1);
    world.clock.advance(20);
    world.gateway.takeSend("ann", 1);
  },
);

testWorld("Gateway.tellSender() tells the devices that want to know, live", async (world) => {
  const phone = await world.enter("ann", { device: "phone", receipts: true });
  const laptop = await world.enter("ann", { device: "laptop", receipts: false });
  const entry = { ...draft(world), position: 1 };
  await world.gateway.tellSender(entry, "delivered");
  await settled();
  assert.equal(receiptsOf(phone.transport.take()).length, 1);
  assert.deepEqual(receiptsOf(laptop.transport.take()), []);
});

testWorld(
  "Gateway.tellSender() keeps the news for a sender who is away, and for nobody else",
  async (world) => {
    const ann = await world.enter("ann", { receipts: true });
    const bob = await world.enter("bob", { receipts: true });
    ann.connection.close(CLOSE.goingAway);
    bob.transport.take();
    await world.gateway.tellSender({ ...draft(world), position: 1 }, "delivered");
    await settled();
    assert.deepEqual(receiptsOf(bob.transport.take()), []);
    const back = await world.enter("ann", { receipts: true });
    assert.deepEqual(receiptsOf(back.transport.take()), [
      { id: "m1", to: "bob", state: "delivered", time: new Date(world.clock.now()).toISOString() },
    ]);
    back.connection.close(CLOSE.goingAway);
    const again = await world.enter("ann", { receipts: true });
    assert.deepEqual(receiptsOf(again.transport.take()), []);
  },
);

testWorld("Gateway.sweep() tells the sender of a message that expired", async (world) => {
  const ann = await world.enter("ann", { receipts: true });
  await world.store.users.create({ id: "bob", registered: 0 });
  await world.store.mailboxes.append([draft(world)]);
  world.clock.advance(4999);
  await world.gateway.sweep();
  assert.deepEqual(receiptsOf(ann.transport.take()), []);
  world.clock.advance(1);
  await world.gateway.sweep();
  const [receipt, ...more] = receiptsOf(ann.transport.take());
  assert.equal((receipt as { state: string }).state, "expired");
  assert.deepEqual(more, []);
  await world.gateway.sweep();
  assert.deepEqual(receiptsOf(ann.transport.take()), []);
});

testWorld(
  "Gateway.sweep() happens by itself, goes on after a fault, and one at a time",
  async (world) => {
    let sweeps = 0;
    let running = Promise.withResolvers<void>();
    world.store.sweeper.sweep = () => {
      sweeps++;
      return running.promise;
    };
    world.clock.advance(4_999);
    assert.equal(sweeps, 0);
    world.clock.advance(1);
    assert.equal(sweeps, 1);
    world.clock.advance(120_000);
    assert.equal(sweeps, 1);
    running.reject(new StoreUnavailableError("No disk"));
    running = Promise.withResolvers();
    await settled();
    assert.equal(world.log.of("sweep failed").length, 1);
    world.clock.advance(5_000);
    assert.equal(sweeps, 2);
    running.resolve();
  },
);

testWorld(
  "Gateway ticks every connection once a second, from start to end",
  async ({ gateway, clock }) => {
    const ticks: number[] = [];
    const connection: Ticking = {
      tick: (now) => void ticks.push(now),
      close: () => {},
      leave: () => {},
    };
    gateway.started(connection);
    clock.advance(3000);
    gateway.ended(connection);
    clock.advance(3000);
    assert.deepEqual(ticks, [1000, 2000, 3000]);
    await settled();
  },
);

testWorld(
  "Gateway.drain() lets every connection leave, and no more than are there",
  async (world) => {
    const left: CloseCode[] = [];
    for (let count = 0; count < 3; count++) {
      world.gateway.started({ tick() {}, close() {}, leave: (code) => void left.push(code) });
    }
    assert.equal(world.gateway.connections, 3);
    const draining = world.gateway.drain(CLOSE.goingAway, { random: countingRandom(), ms: 1000 });
    for (let step = 0; step < 20; step++) {
      await settled();
      world.clock.advance(10);
    }
    await draining;
    assert.deepEqual(left, [CLOSE.goingAway, CLOSE.goingAway, CLOSE.goingAway]);
  },
);

testWorld(
  "Gateway.stop() closes every connection, ends the clockwork and waits for a sweep",
  async (world) => {
    const closed: CloseCode[] = [];
    const connection: Ticking = {
      tick: () => {},
      close: (code) => void closed.push(code),
      leave: () => {},
    };
    world.gateway.started(connection);
    const running = Promise.withResolvers<void>();
    world.store.sweeper.sweep = () => running.promise;
    world.clock.advance(30_000);
    let stopped = false;
    const stopping = world.gateway.stop(CLOSE.goingAway, 5000).then(() => {
      stopped = true;
    });
    await settled();
    assert.deepEqual(closed, [CLOSE.goingAway]);
    assert.equal(stopped, false);
    running.resolve();
    await stopping;
    assert.equal(world.clock.timers, 0);
  },
);

testWorld("Gateway.stop() does not wait for a sweep longer than it is told", async (world) => {
  const running = Promise.withResolvers<void>();
  world.store.sweeper.sweep = () => running.promise;
  const stopping = world.gateway.stop(CLOSE.goingAway, 250);
  await settled();
  world.clock.advance(250);
  await stopping;
  // By then the store may be closed.
  running.reject(new StoreUnavailableError("Store is closed"));
  await settled();
  assert.deepEqual(world.log.of("sweep failed"), []);
  assert.equal(world.clock.timers, 0);
});

testWorld(
  "Gateway.release() of a sign-in that came to nothing leaves what is known of the device",
  async (world) => {
    const identity = { user: "ann", device: "phone" };
    const attempts = new Map([[1, { deliveries: 2, refusals: 1 }]]);
    await world.store.users.create({ id: "ann", registered: 0 });
    await world.gateway.mailboxes.attach("ann", "phone", "oldest");
    world.gateway.release(identity, { sent: 1, attempts });
    await world.gateway.mailboxes.attach("ann", "phone", "oldest");
    world.gateway.release(identity, { sent: 1, attempts: null });
    assert.equal(world.gateway.hub.takeAttempts("ann", "phone"), attempts);
  },
);
