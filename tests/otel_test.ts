/**
 * Spans by Deno's OpenTelemetry: the real server process and a collector on this machine.
 */
import assert from "node:assert/strict";
import { FAKE_TOPIC, FakeApns } from "../push/apns/fake_apns.ts";
import { TEST_CA } from "../push/contract/test_certificate.ts";
import { LocalPushService } from "../push/web/contract/local_push_service.ts";
import { systemClock, systemRandom } from "../server/clock.ts";
import { TestClient } from "./harness/client.ts";
import { LocalCollector, type SeenSpan } from "./harness/local_collector.ts";
import { startServer } from "./harness/server_process.ts";
import { runTitan } from "./harness/titan_process.ts";

/** A span by its name, once it is there. */
async function spanOf(collector: LocalCollector, name: string, id: string): Promise<SeenSpan> {
  return await collector.until(
    () =>
      collector.spans.find((span) =>
        span.name === name && span.attributes["messaging.message.id"] === id
      ),
    `the span ${name}`,
  );
}

Deno.test("a message is one trace, from its send through its commit to its delivery", async () => {
  await using collector = new LocalCollector();
  await using server = await startServer({
    env: { ...collector.env, OTEL_SERVICE_NAME: "titan-test" },
  });
  const enter = async (user: string) =>
    await TestClient.connect(server.url, {
      token: await server.token(user),
      device: "phone",
    });
  const before = Date.now();
  await using bob = await enter("bob");
  await using ann = await enter("ann");
  const id = await ann.sendMessage("bob", "a secret text");
  await bob.received(1);
  const delivery = await spanOf(collector, "msg.deliver", id);
  const send = await spanOf(collector, "msg.send", id);
  const commit = await collector.until(
    () => collector.spans.find(({ name }) => name === "msg.commit"),
    "the commit",
  );
  for (const span of [delivery, send, commit]) {
    assert.equal(span.traceId, send.traceId);
    assert.deepEqual([span.service, span.scope], ["titan-test", "titan"]);
    assert.ok(span.start >= before && span.end >= span.start && span.end <= Date.now() + 1);
  }
  assert.equal(send.parentSpanId, "");
  assert.deepEqual([commit.parentSpanId, delivery.parentSpanId], [send.spanId, send.spanId]);
  assert.ok(commit.start >= send.start && commit.end === send.end);
  assert.ok(delivery.start >= commit.end);
  assert.deepEqual(send.attributes, {
    "messaging.system": "titan",
    "messaging.operation.name": "send",
    "messaging.message.id": id,
    "messaging.message.body.size": send.attributes["messaging.message.body.size"],
    "titan.sender": "ann",
    "titan.sender.device": "phone",
    "titan.receiver": "bob",
  });
  assert.deepEqual(delivery.attributes, {
    "messaging.message.id": id,
    "messaging.operation.name": "deliver",
    "titan.user": "bob",
    "titan.device": "phone",
    "titan.redelivered": 0,
    "titan.outcome": "acknowledged",
  });
  assert.doesNotMatch(collector.bodies.join(), /a secret text/);
});

Deno.test("a delivery again and the trace of another message are spans of their own", async () => {
  await using collector = new LocalCollector();
  await using server = await startServer({ env: collector.env });
  const bobs = { token: await server.token("bob"), device: "phone" };
  await using ann = await TestClient.connect(server.url, { token: await server.token("ann") });
  await using first = await TestClient.connect(server.url, { ...bobs, acknowledge: false });
  const id = await ann.sendMessage("bob", "hello");
  await first.received(1);
  await first.close();
  await using second = await TestClient.connect(server.url, bobs);
  await second.received(1);
  const other = await ann.sendMessage("bob", "hello again");
  await second.received(2);
  const deliveries = await collector.until(() => {
    const found = collector.spans.filter(({ name }) => name === "msg.deliver");
    return found.length >= 3 ? found : undefined;
  }, "three deliveries");
  const told = deliveries.map(({ attributes: it }) =>
    [
      it["messaging.message.id"] === id,
      it["titan.redelivered"],
      it["titan.outcome"],
    ].join(" ")
  );
  assert.deepEqual(told.sort(), [
    "false 0 acknowledged",
    "true 0 unanswered",
    "true 1 acknowledged",
  ]);
  const traces = [
    await spanOf(collector, "msg.send", id),
    await spanOf(collector, "msg.send", other),
  ];
  assert.notEqual(traces[0]?.traceId, traces[1]?.traceId);
});

/** An APNs and a Web Push service on this machine, and the variables of a server that uses both. */
async function localServices() {
  const options = { clock: systemClock, random: systemRandom, changed() {}, inFlightMax: 9 };
  const apns = await FakeApns.open(options);
  const web = await LocalPushService.open(options);
  const { url, tokens: { pem, keyId, teamId } } = apns;
  const ca = await Deno.makeTempFile();
  await Deno.writeTextFile(ca, TEST_CA);
  return {
    web,
    env: {
      DENO_CERT: ca,
      TITAN_APNS_URL: url,
      TITAN_APNS_KEY: pem,
      TITAN_APNS_KEY_ID: keyId,
      TITAN_APNS_TEAM_ID: teamId,
      TITAN_APNS_TOPIC: FAKE_TOPIC,
      TITAN_VAPID_PUBLIC: web.identity.publicKey,
      TITAN_VAPID_PRIVATE: web.identity.privateKey,
      TITAN_VAPID_SUBJECT: web.identity.subject,
      TITAN_PUSH_ORIGINS: web.origin,
    },
    async [Symbol.asyncDispose]() {
      await apns[Symbol.asyncDispose]();
      await web[Symbol.asyncDispose]();
      await Deno.remove(ca);
    },
  };
}

Deno.test("a push is a span, and its token is in none", async () => {
  await using collector = new LocalCollector();
  await using services = await localServices();
  const sampler = { OTEL_TRACES_SAMPLER: "parentbased_always_on" };
  await using server = await startServer({
    env: { ...collector.env, ...services.env, ...sampler },
  });
  const token = "5ca1ab1e".repeat(8);
  const { token: endpoint, keys } = services.web.target(0);
  const addresses = {
    phone: { provider: "apns", token },
    laptop: { provider: "web", subscription: { endpoint, keys } },
  };
  for (const [device, push] of Object.entries(addresses)) {
    const bobs = { token: await server.token("bob"), device };
    await using bob = await TestClient.connect(server.url, bobs);
    await bob.request("device.register", { platform: "any", push });
  }
  await using ann = await TestClient.connect(server.url, { token: await server.token("ann") });
  const messages = [{ to: "bob", message: "hello", urgent: true }];
  const id = (await ann.sendMessages(messages)).accepted[0]?.id ?? "";
  const send = await spanOf(collector, "msg.send", id);
  const pushes = await collector.until(() => {
    const found = collector.spans.filter(({ name }) => name === "msg.push");
    return found.length >= 2 ? found : undefined;
  }, "both pushes");
  for (const { traceId, parentSpanId, attributes } of pushes) {
    assert.deepEqual([traceId, parentSpanId], [send.traceId, send.spanId]);
    const device = attributes["titan.device"];
    assert.deepEqual(attributes, {
      "messaging.message.id": id,
      "titan.user": "bob",
      "titan.device": device,
      "titan.push.provider": device === "phone" ? "apns" : "web",
      "titan.outcome": "accepted",
    });
  }
  // Neither the server tells what it is asked, nor the command what it asks.
  const { dataDir } = server;
  const args = ["user", "list", "--email", "bob@example.com"];
  for (const env of [{}, { ...collector.env, ...sampler }]) {
    const lookup = await runTitan({ dataDir, args, env });
    assert.equal(lookup.code, 0, lookup.stderr);
  }
  // All that is left is told at the end.
  await server.stop();
  assert.ok(collector.spans.some(({ name }) => name === "GET"));
  const told = collector.bodies.join();
  for (const secret of [token, new URL(endpoint).pathname]) assert.ok(!told.includes(secret));
  assert.ok(!told.includes("bob@example.com") && !told.includes("bob%40example.com"));
});

Deno.test("a server that pushes does not start with a sampler that would export tokens", async () => {
  await using collector = new LocalCollector();
  await using services = await localServices();
  const dataDir = await Deno.makeTempDir({ prefix: "titan-" });
  const env = { ...collector.env, ...services.env, PORT: "0" };
  const { code, stderr } = await runTitan({ dataDir, args: ["serve"], env });
  assert.equal(code, 2);
  assert.match(stderr, /^titan: OTEL_TRACES_SAMPLER must be parentbased_always_on, or another /);
  await Deno.remove(dataDir, { recursive: true });
});
