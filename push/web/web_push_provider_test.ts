import assert from "node:assert/strict";
import { FakeClock } from "../contract/fake_clock.ts";
import type { Push, PushTarget } from "../push.ts";
import { testProvider } from "../provider_contract.ts";
import { LocalPushService } from "./contract/local_push_service.ts";
import {
  IN_FLIGHT_MAX,
  SERVICE_IN_FLIGHT_MAX,
  type WebPushOptions,
  WebPushProvider,
} from "./web_push_provider.ts";

testProvider("WebPushProvider", {
  name: "web",
  tellsSince: false,
  refusal: "retry",
  explains: false,
  checks: false,
  inFlightMax: SERVICE_IN_FLIGHT_MAX,
  skip: new Map([["goaway", "HTTP/1.1 has no such frame"]]),
  open: (options) => LocalPushService.open(options),
});

Deno.test("WebPushProvider.send() goes by the status, whatever comes with it", async () => {
  await using world = await World.open();
  const cases = [
    [200, "accepted"],
    [202, "accepted"],
    [302, "rejected"],
    [404, "unregistered"],
    [406, "retry"],
    [502, "retry"],
  ] as const;
  for (const [status, kind] of cases) {
    const headers = { Location: `${world.service.origin}/elsewhere` };
    world.service.answerWith({ status, headers, body: "<html>" });
    assert.equal((await world.provider.send(world.push())).kind, kind, `${status}`);
  }
  assert.equal(world.service.seen.length, cases.length);
});

Deno.test("WebPushProvider.send() uses one connection and one token for pushes one after another", async () => {
  await using world = await World.open();
  for (const index of [0, 1, 2]) {
    assert.equal((await world.provider.send(world.push(index))).kind, "accepted");
  }
  assert.equal(world.service.opened, 1);
  assert.equal(new Set(world.service.vapid.shown).size, 1);
});

Deno.test("WebPushProvider.send() has one token renewed for all that are refused at once", async () => {
  await using world = await World.open();
  await world.provider.send(world.push());
  // Signatures over the same claims are the same.
  world.clock.advance(60_000);
  world.service.answer({ kind: "expired_credentials", until: "renewed" });
  const pushes = Array.from({ length: 10 }, (_, index) => world.provider.send(world.push(index)));
  for (const { kind } of await Promise.all(pushes)) assert.equal(kind, "accepted");
  assert.equal(new Set(world.service.vapid.shown).size, 2);
});

Deno.test("WebPushProvider.send() signs anew by the clock before a token is too old", async () => {
  await using world = await World.open();
  for (const _ of "123") {
    assert.equal((await world.provider.send(world.push())).kind, "accepted");
    world.clock.advance(24 * 3_600_000);
  }
  assert.equal(new Set(world.service.vapid.shown).size, 3);
});

Deno.test("WebPushProvider.send() tells a subscription of another key from refused credentials", async () => {
  await using world = await World.open();
  world.service.answer({ kind: "wrong_topic" });
  const outcome = await world.provider.send(world.push());
  const reason = '"localhost" answers 403: the subscription is of another VAPID key';
  assert.deepEqual(outcome, { kind: "rejected", reason });
});

Deno.test("WebPushProvider.send() sends nothing to an endpoint that is none or not public", async () => {
  await using world = await World.open({ allowOrigins: [] });
  const { token, keys } = world.service.target(0);
  const endpoints = [
    "",
    token.replace("https:", "http:"),
    token.replace("https://", "https://user@"),
    token.replace("localhost", "127.0.0.1"),
    token.replace("localhost", "[::ffff:127.0.0.1]"),
    // A name, and the address that is resolved for it.
    token,
  ];
  for (const endpoint of endpoints) {
    const target = { token: endpoint, ...(keys === undefined ? {} : { keys }) };
    const outcome = await world.provider.send({ ...world.push(), target });
    assert.equal(outcome.kind, "rejected", endpoint);
    assert.match("reason" in outcome ? outcome.reason : "", /^Endpoint must /);
  }
  assert.equal(world.service.opened, 0);
});

// A name may lead elsewhere each time it is resolved (DNS rebinding).
Deno.test("WebPushProvider.send() looks at the very addresses that it connects to", async () => {
  const failure = Object.assign(new Error("Lookup failed"), { code: "EAI_AGAIN" });
  const answers = [() => Promise.reject(failure), () => Promise.resolve(["127.0.0.1"])];
  await using world = await World.open({
    allowOrigins: [],
    resolve: () => answers.shift()?.() ?? Promise.resolve(["192.0.2.1"]),
  });
  const reason = 'Lookup of "localhost" failed: EAI_AGAIN';
  assert.deepEqual(await world.provider.send(world.push()), { kind: "retry", reason });
  assert.equal((await world.provider.send(world.push())).kind, "rejected");
  assert.equal(answers.length, 0);
  assert.equal(world.service.opened, 0);
});

Deno.test("WebPushProvider.send() sends nothing to subscriptions without keys that are some", async () => {
  await using world = await World.open();
  const { token, keys } = world.service.target(0);
  assert.ok(keys !== undefined);
  const targets: PushTarget[] = [
    { token },
    { token, keys: { ...keys, auth: "" } },
    { token, keys: { ...keys, p256dh: keys.auth } },
    { token, keys: { ...keys, p256dh: `B${"A".repeat(86)}` } },
  ];
  for (const target of targets) {
    const outcome = await world.provider.send({ ...world.push(), target });
    assert.equal(outcome.kind, "rejected");
    assert.match("reason" in outcome ? outcome.reason : "", /^Keys of the subscription /);
  }
  assert.deepEqual(world.service.seen, []);
});

Deno.test("WebPushProvider.send() sends no push with a collapse key that is no topic", async () => {
  await using world = await World.open();
  for (const collapse of ["", "a".repeat(33), "a b", "a\r\nX: y", "é"]) {
    const outcome = await world.provider.send({ ...world.push(), collapse });
    assert.equal(outcome.kind, "rejected");
  }
  assert.deepEqual(world.service.seen, []);
});

// The certificate of the tests has these names; all of them lead to the one service here.
Deno.test("WebPushProvider.send() has a bounded number of pushes on the way to all services", async () => {
  const names = ["localhost", "127.0.0.1", "fcm.googleapis.com", "oauth2.googleapis.com"];
  await using world = await World.open({}, names);
  world.service.answer({ kind: "hang" });
  const count = names.length * SERVICE_IN_FLIGHT_MAX;
  const outcomes = Array.from({ length: count }, (_, index) => {
    const push = world.push(index);
    const name = names[index % names.length] ?? "";
    const target = { ...push.target, token: push.target.token.replace("localhost", name) };
    return world.provider.send({ ...push, target });
  });
  await world.untilSeen(IN_FLIGHT_MAX);
  world.service.answer({ kind: "accepted" });
  world.service.release();
  for (const { kind } of await Promise.all(outcomes)) assert.equal(kind, "accepted");
  assert.deepEqual([world.service.seen.length, world.service.peak], [count, IN_FLIGHT_MAX]);
});

Deno.test("WebPushProvider.send() answers in time where resolving a host takes for ever", async () => {
  await using world = await World.open({ resolve: () => new Promise(() => {}) });
  const outcome = world.provider.send(world.push());
  world.clock.advance(10_000);
  const reason = "No answer came within 10 seconds";
  assert.deepEqual(await outcome, { kind: "retry", reason });
});

Deno.test("new WebPushProvider() throws at an identity with faults, and tells no secret", async () => {
  await using world = await World.open();
  const options = world.service.options();
  const vapid = { ...options.vapid, publicKey: "", privateKey: "SECRET" };
  assert.throws(() => new WebPushProvider({ ...options, vapid }), (error) => {
    assert.ok(error instanceof TypeError);
    assert.match(error.message, /^Cannot identify to push services: publicKey must .*; privateKey/);
    return !error.message.includes("SECRET");
  });
});

/** A local service and a provider that talks to it. */
class World implements AsyncDisposable {
  readonly clock: FakeClock;
  readonly service: LocalPushService;
  readonly provider: WebPushProvider;
  #wake: () => void = () => {};

  private constructor(
    clock: FakeClock,
    service: LocalPushService,
    options: WebPushOptions,
  ) {
    this.clock = clock;
    this.service = service;
    this.provider = new WebPushProvider(options);
  }

  /** @param names what else the service is called */
  static async open(
    options: Partial<WebPushOptions> = {},
    names: readonly string[] = [],
  ): Promise<World> {
    const clock = new FakeClock();
    const random = (buffer: Uint8Array<ArrayBuffer>) => crypto.getRandomValues(buffer);
    let changed = () => {};
    const service = await LocalPushService.open({ clock, random, changed: () => changed() });
    const { allowOrigins = [], ...others } = service.options();
    const more = names.map((name) => service.origin.replace("localhost", name));
    const all = { ...others, allowOrigins: [...allowOrigins, ...more], ...options };
    const world = new World(clock, service, all);
    changed = () => world.#wake();
    return world;
  }

  /** Waits until the service has seen so many pushes. */
  async untilSeen(count: number): Promise<void> {
    while (this.service.seen.length < count) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  push(index = 0): Push {
    return {
      target: this.service.target(index),
      content: { badge: 1, fetch: false, text: "Hello" },
      urgent: true,
      collapse: "c1",
      expires: this.clock.now() + 3_600_000,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.provider[Symbol.asyncDispose]();
    await this.service[Symbol.asyncDispose]();
  }
}
