/**
 * Waking sleeping devices, from outside: real clients, the real provider for APNs, and an APNs on
 * this machine that accepts only what Apple would.
 */
import assert from "node:assert/strict";
import { PAYLOAD_BYTES_MAX } from "../push/mod.ts";
import { FAKE_TOPIC, FakeApns } from "../push/apns/fake_apns.ts";
import { PUSH_ORDINARY_MS, PUSH_URGENT_MS, SILENCE_MS_MAX } from "../limits.ts";
import { systemRandom } from "../server/clock.ts";
import { FakeClock } from "../server/fake_clock.ts";
import type { ServerParts } from "../server/server.ts";
import type { SeenPush } from "../push/provider_contract.ts";
import type { ClientOptions, TestClient } from "./harness/client.ts";
import { LISTENERS, type LocalOptions, LocalServer } from "./harness/local_server.ts";
import { Changes } from "./harness/wait_for.ts";

/** How long a device that left may take to be back without being pushed, in milliseconds. */
const LEFT_MS = 5000;

const MINUTE_MS = 60_000;

/** How long an end waits for what was pushed, in milliseconds. */
const DRAIN_MS = 5000;

/** Pushes that are on the way to the local APNs at the most. */
const IN_FLIGHT_MAX = 40;

/** A server that reaches APNs, and the time of both. */
class Scene implements AsyncDisposable {
  readonly clock: FakeClock;
  readonly apns: FakeApns;
  readonly server: LocalServer;
  readonly #changes: Changes;
  readonly #stack: AsyncDisposableStack;

  private constructor(
    parts: Pick<Scene, "clock" | "apns" | "server">,
    changes: Changes,
    stack: AsyncDisposableStack,
  ) {
    this.clock = parts.clock;
    this.apns = parts.apns;
    this.server = parts.server;
    this.#changes = changes;
    this.#stack = stack;
  }

  static async open(options: LocalOptions): Promise<Scene> {
    await using stack = new AsyncDisposableStack();
    const clock = new FakeClock();
    const changes = new Changes();
    const apns = stack.use(
      await FakeApns.open({
        clock,
        random: systemRandom,
        changed: () => changes.note(),
        inFlightMax: IN_FLIGHT_MAX,
      }),
    );
    const providers: ServerParts["providers"] = new Map([["apns", await apns.connect(true)]]);
    const server = stack.use(await LocalServer.start({ ...options, clock, providers }));
    return new Scene({ clock, apns, server }, changes, stack.move());
  }

  /** What APNs was sent. */
  get pushes(): readonly SeenPush[] {
    return this.apns.seen;
  }

  /** Waits until APNs was sent so many pushes. */
  async pushed(count: number): Promise<readonly SeenPush[]> {
    await this.#changes.until(
      () => this.pushes.length >= count ? true : undefined,
      `push number ${count}`,
    );
    assert.equal(this.pushes.length, count);
    return this.pushes;
  }

  /** A client of a user on a phone that APNs reaches. */
  async phone(user: string, options: ClientOptions = {}): Promise<TestClient> {
    const client = await this.server.enter(user, { device: "phone", ...options });
    const { token } = this.apns.target(user.charCodeAt(0));
    const push = { provider: "apns", token, topic: FAKE_TOPIC };
    await client.request("device.register", { platform: "ios", push });
    return client;
  }

  /** The same, and it leaves. */
  async sleeper(user: string): Promise<void> {
    const client = await this.phone(user);
    await client.close();
    await this.left(user);
  }

  /** Waits until the server knows that a user has no connection. */
  async left(user: string): Promise<void> {
    const { hub } = this.server.server.gateway;
    while (hub.of(user).length > 0) await new Promise((resolve) => setTimeout(resolve, 1));
  }

  /**
   * Lets time pass in steps, so that what each brings about can happen.
   *
   * @param step in milliseconds; where a client is connected, it has to answer to what comes in one
   */
  async pass(ms: number, step = 500): Promise<void> {
    for (let passed = 0; passed < ms; passed += step) {
      this.clock.advance(Math.min(step, ms - passed));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  /** Lets all that was begun come to its end: a push of now would be the next one. */
  async quiet(): Promise<void> {
    const { pushes } = this.server.server;
    for (let turns = 0; turns < 20 || pushes.figures.inFlight > 0; turns++) {
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

/** Runs a test on both stores, and on one listener each. */
function everywhere(
  name: string,
  run: (scene: Scene) => Promise<void>,
  env: Readonly<Record<string, string>> = {},
): void {
  for (const [index, store] of (["memory", "kv"] as const).entries()) {
    const listener = LISTENERS[index] ?? "deno";
    Deno.test(`${name} (${listener}, ${store})`, async () => {
      await using scene = await Scene.open({ listener, store, env });
      await run(scene);
    });
  }
}

everywhere(
  "push - a device that is away is pushed once for what waits, with its sender and number",
  async (scene) => {
    await scene.sleeper("bob");
    const alice = await scene.server.enter("alice");
    await alice.sendMessage("bob", "Hello");
    const [push] = await scene.pushed(1);
    assert.equal(push?.token, scene.apns.target("b".charCodeAt(0)).token);
    assert.equal(push.urgent, false);
    await scene.quiet();
    assert.equal(scene.server.server.gateway.telemetry.pushMs.count, 1);
    const { nonce, ...content } = push.content;
    assert.equal(typeof nonce, "string");
    assert.deepEqual(content, { badge: 1, fetch: true, sender: "alice" });
    // Ordinary messages bother nobody for a while; the urgent one does, and tells of them all.
    await alice.sendMessage("bob", "Hello again");
    await scene.quiet();
    await scene.pass(PUSH_URGENT_MS);
    assert.equal(scene.pushes.length, 1);
    await alice.sendMessages([{ to: "bob", message: "Now!", urgent: true }]);
    const [, urgent] = await scene.pushed(2);
    assert.deepEqual([urgent?.urgent, urgent?.content.badge], [true, 3]);
    await alice.close();
    await scene.quiet();
    await scene.pass(2 * PUSH_ORDINARY_MS, MINUTE_MS);
    assert.equal(scene.pushes.length, 2);
  },
);

everywhere(
  "push - ordinary messages are pushed every 20 minutes at the most, all of them",
  async (scene) => {
    await scene.sleeper("bob");
    const alice = await scene.server.enter("alice");
    await alice.sendMessage("bob", "one");
    await scene.pushed(1);
    await scene.quiet();
    await alice.sendMessage("bob", "two");
    await alice.sendMessage("bob", "three");
    await alice.close();
    await scene.pass(PUSH_ORDINARY_MS - MINUTE_MS, MINUTE_MS);
    assert.equal(scene.pushes.length, 1);
    await scene.pass(MINUTE_MS);
    const [, later] = await scene.pushed(2);
    assert.equal(later?.content.badge, 3);
  },
);

everywhere("push - a device that reads in 3 s gets none", async (scene) => {
  const bob = await scene.phone("bob", { acknowledge: false });
  const alice = await scene.server.enter("alice");
  for (let index = 0; index < 3; index++) {
    await alice.sendMessages([{ to: "bob", message: "Hello", urgent: true }]);
    await bob.received(index + 1);
    await scene.pass(3000);
    for (const delivery of bob.deliveries.slice(index)) bob.acknowledge(delivery);
    await acknowledged(scene, "bob");
  }
  await scene.pass(60_000);
  assert.deepEqual(scene.pushes, []);
});

everywhere("push - a device whose connection is silent for 5 s gets one", async (scene) => {
  const bob = await scene.phone("bob", { acknowledge: false });
  const alice = await scene.server.enter("alice");
  await alice.sendMessage("bob", "Hello");
  await bob.received(1);
  await scene.pass(SILENCE_MS_MAX - 1000);
  assert.equal(scene.pushes.length, 0);
  await scene.pass(2000);
  const [push] = await scene.pushed(1);
  assert.equal(push?.content.badge, 1);
  await scene.pass(20_000);
  assert.equal(scene.pushes.length, 1);
});

everywhere("push - what comes behind an unanswered message gets one as well", async (scene) => {
  const bob = await scene.phone("bob", { acknowledge: false, window: 1 });
  const alice = await scene.server.enter("alice");
  await alice.sendMessage("bob", "Hello");
  await bob.received(1);
  await scene.pass(SILENCE_MS_MAX + 1000);
  await scene.pushed(1);
  await alice.sendMessages([{ to: "bob", message: "Help", urgent: true }]);
  await scene.pass(SILENCE_MS_MAX - 1000);
  assert.equal(scene.pushes.length, 1);
  await scene.pass(5000);
  const [, push] = await scene.pushed(2);
  assert.deepEqual([push?.urgent, push?.content.badge], [true, 2]);
});

everywhere(
  "push - a silent device hears of what is urgent, whatever came before",
  async (scene) => {
    const bob = await scene.phone("bob", { acknowledge: false });
    const alice = await scene.server.enter("alice");
    await alice.sendMessage("bob", "Hello");
    await bob.received(1);
    await scene.pass(SILENCE_MS_MAX + 2000);
    await scene.pushed(1);
    await alice.sendMessages([{ to: "bob", message: "Wake up", urgent: true }]);
    await bob.received(2);
    // Well before the server asks whether the client lives.
    await scene.pass(3 * SILENCE_MS_MAX);
    const [, push] = await scene.pushed(2);
    assert.deepEqual([push?.urgent, push?.content.badge], [true, 2]);
  },
);

everywhere("push - a service that does not answer holds up no stop", async (scene) => {
  await scene.sleeper("bob");
  scene.apns.answer({ kind: "hang" });
  const alice = await scene.server.enter("alice");
  await alice.sendMessage("bob", "Hello");
  await scene.pushed(1);
  const stopping = scene.server.server[Symbol.asyncDispose]();
  // Those who are here are sent away at once, and not only when the clock has moved.
  await alice.closed;
  await scene.pass(DRAIN_MS);
  await stopping;
});

everywhere(
  "push - a device that leaves with messages waiting gets one, unless it is soon back",
  async (scene) => {
    const alice = await scene.server.enter("alice");
    const bob = await scene.phone("bob", { acknowledge: false });
    await alice.sendMessage("bob", "Hello");
    await bob.received(1);
    await bob.close();
    await scene.left("bob");
    await scene.pass(LEFT_MS - 1000);
    const back = await scene.server.enter("bob", { device: "phone", acknowledge: false });
    await back.received(1);
    await scene.pass(3000);
    assert.equal(scene.pushes.length, 0);
    await back.close();
    await scene.left("bob");
    await scene.pass(LEFT_MS);
    await scene.pushed(1);
  },
);

everywhere(
  "push - a text of 4,097 bytes is left out, and arrives whole over the connection",
  async (scene) => {
    await scene.sleeper("bob");
    const alice = await scene.server.enter("alice");
    await alice.sendMessage("bob", "short");
    const [short] = await scene.pushed(1);
    const { nonce: _nonce, ...content } = short?.content ?? {};
    assert.deepEqual(content, { badge: 1, fetch: false, sender: "alice", text: "short" });
    const text = "é".repeat(2048) + "!";
    assert.equal(new TextEncoder().encode(text).length, 4097);
    await scene.quiet();
    await alice.sendMessages([{ to: "bob", message: text, urgent: true }]);
    await scene.quiet();
    await scene.pass(PUSH_URGENT_MS);
    const [, long] = await scene.pushed(2);
    assert.ok(long && long.payloadBytes <= PAYLOAD_BYTES_MAX);
    assert.deepEqual([long.content.text, long.content.fetch, long.content.sender], [
      undefined,
      true,
      "alice",
    ]);
    const bob = await scene.server.enter("bob", { device: "phone" });
    const [, received] = await bob.received(2);
    assert.equal(received?.message, text);
  },
  { TITAN_PUSH_CONTENT: "text" },
);

everywhere(
  "push - a deployment that tells nothing pushes neither sender nor text",
  async (scene) => {
    await scene.sleeper("bob");
    const alice = await scene.server.enter("alice");
    await alice.sendMessage("bob", "secret");
    const [push] = await scene.pushed(1);
    const { nonce: _nonce, ...content } = push?.content ?? {};
    assert.deepEqual(content, { badge: 1, fetch: true });
  },
  { TITAN_PUSH_CONTENT: "none" },
);

everywhere("push - what the user wrote on another device wakes nobody", async (scene) => {
  await scene.sleeper("bob");
  await scene.server.enter("alice");
  const desk = await scene.server.enter("bob", { device: "desk" });
  await desk.sendMessages([{ to: "alice", message: "Hello", urgent: true }]);
  await scene.quiet();
  await scene.pass(60_000);
  assert.equal(scene.pushes.length, 0);
});

everywhere("push - a device says what it saw, and only of its own", async (scene) => {
  await scene.sleeper("bob");
  const alice = await scene.server.enter("alice");
  await alice.sendMessage("bob", "Hello");
  const [push] = await scene.pushed(1);
  const nonce = push?.content.nonce;
  const received = (client: TestClient) => client.request("push.received", { nonce });
  assert.deepEqual(await received(alice), { known: false });
  const bob = await scene.server.enter("bob", { device: "phone" });
  assert.deepEqual(await received(bob), { known: true });
  assert.deepEqual(await received(bob), { known: false });
  assert.equal(scene.server.server.pushes.figures.seen, 1);
});

everywhere(
  "push - an address that its service no longer knows is dropped, a newer one is not",
  async (scene) => {
    await scene.sleeper("bob");
    const alice = await scene.server.enter("alice");
    const registered = async () => (await scene.server.store.devices.list("bob"))[0]?.push;
    scene.apns.answer({ kind: "unregistered", since: scene.clock.now() - 60_000 });
    await alice.sendMessage("bob", "one");
    await scene.pushed(1);
    await scene.quiet();
    assert.ok(await registered());
    scene.apns.answer({ kind: "unregistered", since: scene.clock.now() });
    await scene.pass(PUSH_URGENT_MS);
    await alice.sendMessages([{ to: "bob", message: "two", urgent: true }]);
    await scene.pushed(2);
    await scene.quiet();
    assert.equal(await registered(), undefined);
    await alice.sendMessages([{ to: "bob", message: "three", urgent: true }]);
    await scene.pass(60_000);
    assert.equal(scene.pushes.length, 2);
  },
);

everywhere("push - a service that is down for a minute loses nothing", async (scene) => {
  for (const user of ["b", "c", "d"]) await scene.sleeper(user);
  const alice = await scene.server.enter("alice");
  scene.apns.answer({ kind: "server_error", status: 503 });
  for (const to of ["b", "c", "d"]) await alice.sendMessage(to, "Hello");
  await scene.pass(60_000);
  const tries = scene.pushes.length;
  assert.ok(tries > 1 && tries < 40, `${tries} tries in a minute`);
  scene.apns.answer({ kind: "accepted" });
  await scene.pass(5 * 60_000);
  await scene.quiet();
  const accepted = scene.pushes.slice(tries).map(({ token }) => token);
  assert.deepEqual(
    new Set(accepted),
    new Set(["b", "c", "d"].map((user) => scene.apns.target(user.charCodeAt(0)).token)),
  );
  assert.equal(accepted.length, 3);
});

/** Waits until a user has acknowledged everything. */
async function acknowledged({ server }: Scene, user: string): Promise<void> {
  for (;;) {
    const state = await server.store.mailboxes.inspect(user);
    if (state?.messages === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
