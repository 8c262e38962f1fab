import assert from "node:assert/strict";
import { MemoryStore } from "../store/memory/memory_store.ts";
import { CLOSE } from "./close_code.ts";
import { type Config, readConfig } from "./config.ts";
import { FakeClock } from "./fake_clock.ts";
import { AMPLE, countingRandom, FakeLog, FakeTransport, request } from "./fake_world.ts";
import type { Listen, ListenerHandler, ListenOptions } from "./listener.ts";
import { Server } from "./server.ts";
import { createTokens } from "./auth/mod.ts";

const SECRET = new TextEncoder().encode("a secret of at least thirty-two bytes");

/** A listener that only notes what becomes of it. */
class FakeListening {
  handler: ListenerHandler | null = null;
  options: ListenOptions | null = null;
  disposals = 0;

  readonly listen: Listen = (options, handler) => {
    this.options = options;
    this.handler = handler;
    return Promise.resolve({
      hostname: options.hostname,
      port: 4321,
      lingering: 0,
      [Symbol.asyncDispose]: () => {
        this.disposals++;
        return Promise.resolve();
      },
    });
  };
}

function setUp(config: Partial<Config> = {}) {
  const clock = new FakeClock();
  const listening = new FakeListening();
  const parts = {
    clock,
    random: countingRandom(),
    log: new FakeLog(),
    config: { ...readConfig(() => undefined), ...config },
    store: new MemoryStore({ limits: AMPLE, now: () => clock.now() }),
    listen: listening.listen,
    fetch: () => Promise.reject(new Error("Nobody is to be asked")),
    secrets: [SECRET],
    providers: new Map(),
    version: "1.2.3",
  };
  return { clock, listening, parts };
}

Deno.test("Server.start() listens where the configuration says, and tells where", async () => {
  for (const [host, shown] of [["127.0.0.1", "127.0.0.1"], ["::1", "[::1]"]] as const) {
    const { listening, parts } = setUp({ host, port: 0 });
    await using server = await Server.start(parts);
    assert.equal(listening.options?.hostname, host);
    assert.equal(listening.options?.port, 0);
    assert.equal(server.url, `http://${shown}:4321`);
  }
});

Deno.test("Server.start() leaves no clockwork behind where it cannot listen", async () => {
  const { clock, parts } = setUp();
  const taken = new Deno.errors.AddrInUse("Taken");
  await assert.rejects(Server.start({ ...parts, listen: () => Promise.reject(taken) }), taken);
  assert.equal(clock.timers, 0);
});

Deno.test("Server accepts tokens of its secret and serves what was put together", async () => {
  const { clock, listening, parts } = setUp({ sendBurst: 1 });
  await using _server = await Server.start(parts);
  const now = () => clock.now();
  const tokens = await createTokens({
    secrets: [SECRET],
    maxAgeSeconds: 60,
    now,
    random: countingRandom(),
  });
  const token = await tokens.sign({ user: "ann", ttlSeconds: 60 });
  const ask = async (body: string) => {
    const headers = { authorization: `Bearer ${token}` };
    const made = new Request("http://titan.example/rpc", { method: "POST", body, headers });
    return await (await listening.handler?.http(made, "192.0.2.1"))?.json();
  };
  const send = request(1, "msg.send", [{ to: "ann", message: "hi" }]);
  assert.equal((await ask(send)).result, "ACK");
  assert.equal((await ask(send)).error.data.name, "rate_limited");
  assert.equal((await ask(request(1, "rpc.discover"))).result.info.version, "1.2.3");
});

Deno.test("Server tells the operator of a fault, and the client only a reference", async () => {
  const { listening, parts } = setUp();
  await using _server = await Server.start(parts);
  const { mailboxes } = parts.store;
  mailboxes.append = () => Promise.reject(new Error("the text was abracadabra"));
  const decision = await listening.handler?.upgrade({
    address: "192.0.2.1",
    url: new URL("http://titan.example/"),
    headers: new Headers(),
  });
  assert.ok(decision !== undefined && !("refuse" in decision));
  const transport = new FakeTransport();
  const connection = decision.accept(transport);
  const tokens = await createTokens({
    secrets: [SECRET],
    maxAgeSeconds: 60,
    now: () => parts.clock.now(),
    random: countingRandom(),
  });
  const token = await tokens.sign({ user: "ann", ttlSeconds: 60 });
  const answered = Promise.withResolvers<string>();
  transport.send = (frame) => {
    if (JSON.parse(frame).id === "s") answered.resolve(frame);
  };
  connection.frame(request("in", "auth.jwt", { token }));
  connection.frame(request("s", "msg.send", [{ to: "ann", message: "abracadabra" }]));
  const { error } = JSON.parse(await answered.promise);
  assert.equal(error.data.name, "internal_error");
  const [line] = parts.log.of("request failed");
  assert.equal(line?.fields.reference, error.data.reference);
  assert.equal(line?.fields.method, "msg.send");
  assert.ok(!JSON.stringify(error).includes("abracadabra"));
});

Deno.test("Server closes every connection, then the listener, and once", async () => {
  const { clock, listening, parts } = setUp();
  const server = await Server.start(parts);
  const decision = await listening.handler?.upgrade({
    address: "192.0.2.1",
    url: new URL("http://titan.example/"),
    headers: new Headers(),
  });
  assert.ok(decision !== undefined && !("refuse" in decision));
  const transport = new FakeTransport();
  transport.handler = decision.accept(transport);
  await Promise.all([server[Symbol.asyncDispose](), server[Symbol.asyncDispose]()]);
  assert.deepEqual(transport.closedWith, CLOSE.goingAway);
  assert.equal(listening.disposals, 1);
  assert.equal(clock.timers, 0);
});
