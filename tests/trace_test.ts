/**
 * What became of a message, as its sender and the operator are told.
 */
import assert from "node:assert/strict";
import { FakeClock } from "../server/fake_clock.ts";
import { FakeProvider } from "../server/push/fake_push_world.ts";
import type { ServerParts } from "../server/server.ts";
import { AnsweredError, TestClient } from "./harness/client.ts";
import { eventually } from "./harness/eventually.ts";
import { LISTENERS, LocalServer, testOnBoth } from "./harness/local_server.ts";
import { startServer } from "./harness/server_process.ts";
import { runTitan } from "./harness/titan_process.ts";

interface Step {
  readonly step: string;
  readonly time: string;
  readonly ms: number;
  readonly device?: string;
  readonly redelivered?: number;
  readonly answer?: string;
}

/** The steps that a sender is told, in words. */
async function stepsOf(client: TestClient, id: string): Promise<string[]> {
  const { steps } = await client.request("msg.trace", { id }) as { steps: readonly Step[] };
  return steps.map(({ step, device, redelivered, answer }) =>
    [step, device, redelivered, answer].filter((word) => word !== undefined).join(" ")
  );
}

/** Waits until a message has come to so many steps. */
async function stepsWhen(client: TestClient, id: string, count: number): Promise<string[]> {
  let steps: string[] = [];
  await eventually(async () => {
    steps = await stepsOf(client, id);
    assert.ok(steps.length >= count, steps.join(", "));
  }, "the steps");
  return steps;
}

testOnBoth(
  "a sender is told of every step, and each delivery again",
  { store: "kv" },
  async (server) => {
    await server.know("bob");
    const ann = await server.enter("ann", { device: "laptop" });
    const id = await ann.sendMessage("bob", "hello");
    assert.deepEqual(await stepsOf(ann, id), ["accepted", "committed"]);
    const first = await server.enter("bob", { device: "phone", acknowledge: false });
    await first.received(1);
    await first.close();
    const second = await server.enter("bob", { device: "phone" });
    await second.received(1);
    const tablet = await server.enter("bob", {
      device: "tablet",
      start: "oldest",
      acknowledge: false,
    });
    assert.deepEqual(await stepsWhen(ann, id, 5), [
      "accepted",
      "committed",
      "written 1",
      "written 1 1",
      "acknowledged 1",
    ]);
    const other = await ann.sendMessage("bob", "hello again");
    const [delivery] = await tablet.until(() => tablet.deliveries.slice(0, 1), "a delivery");
    assert.ok(delivery);
    tablet.acknowledge(delivery);
    const steps = await stepsWhen(ann, other, 6);
    assert.deepEqual(steps.toSorted(), [
      "accepted",
      "acknowledged 1",
      "acknowledged 2",
      "committed",
      "written 1",
      "written 2",
    ]);
  },
);

testOnBoth("nobody but the sender learns that there is a message", {}, async (server) => {
  const ann = await server.enter("ann");
  const bob = await server.enter("bob");
  const id = await ann.sendMessage("bob", "hello");
  await bob.received(1);
  const refusals: string[] = [];
  for (const [who, what] of [[bob, id], [bob, id.replace(/.$/, "!")]] as const) {
    await assert.rejects(who.request("msg.trace", { id: what }), (error) => {
      assert.ok(error instanceof AnsweredError);
      refusals.push(JSON.stringify([error.code, error.message, error.data]));
      return true;
    });
  }
  assert.equal(refusals[0], refusals[1]);
  assert.match(refusals[0] ?? "", /-32015,"Message is not traced: /);
});

testOnBoth("a new user of a removed one's name is told nothing of before", {}, async (server) => {
  const ann = await server.enter("ann");
  await server.know("bob");
  const id = await ann.sendMessage("bob", "hello");
  assert.deepEqual(await stepsOf(ann, id), ["accepted", "committed"]);
  assert.ok(await server.server.admin.remove("ann"));
  assert.equal(server.server.tracer.find(id), null);
});

for (const listener of LISTENERS) {
  Deno.test(`pushes and what their service says are steps (${listener})`, async () => {
    const clock = new FakeClock();
    const apns = new FakeProvider("apns", clock);
    apns.script({ kind: "rejected", reason: "BadTopic" });
    const providers: ServerParts["providers"] = new Map([["apns", apns]]);
    await using server = await LocalServer.start({ listener, clock, providers });
    const bob = await server.enter("bob", { device: "phone" });
    const push = { provider: "apns", token: "ab" };
    await bob.request("device.register", { platform: "ios", push });
    await bob.close();
    const ann = await server.enter("ann");
    const id = (await ann.sendMessages([{ to: "bob", message: "hi", urgent: true, ttl: 60 }]))
      .accepted[0]?.id ?? assert.fail("it was refused");
    assert.deepEqual(await stepsWhen(ann, id, 4), [
      "accepted",
      "committed",
      "push_sent 1",
      "push_answered 1 rejected",
    ]);
    const told = await ann.request("msg.trace", { id });
    assert.doesNotMatch(JSON.stringify(told), /BadTopic|phone/);
    // The operator is told more.
    const trace = server.server.tracer.find(id);
    assert.equal(trace?.steps.at(-1)?.reason, "BadTopic");
    assert.equal(trace?.steps.at(-1)?.device, "phone");
    clock.advance(61_000);
    assert.equal((await stepsOf(ann, id)).at(-1), "expired");
  });
}

Deno.test("titan trace shows what the running server knows of a message", async () => {
  await using server = await startServer();
  const { dataDir } = server;
  const enter = async (user: string) =>
    await TestClient.connect(server.url, { token: await server.token(user), device: "phone" });
  await using bob = await enter("bob");
  await using ann = await enter("ann");
  const id = await ann.sendMessage("bob", "a secret text");
  await bob.received(1);
  await stepsWhen(ann, id, 4);
  const shown = await runTitan({ dataDir, args: ["trace", id.toLowerCase()] });
  assert.equal(shown.code, 0, shown.stderr);
  for (const line of [/^from +ann$/m, /^to +bob$/m, /Z +\d+ +acknowledged +bob +phone$/m]) {
    assert.match(shown.stdout, line);
  }
  const json = await runTitan({ dataDir, args: ["trace", id, "--json"] });
  const { steps, ...rest } = JSON.parse(json.stdout);
  assert.deepEqual({ ...rest, expires: "" }, { id, from: "ann", to: "bob", expires: "" });
  const words = steps.map(({ step }: Step) => step);
  assert.deepEqual(words, ["accepted", "committed", "written", "acknowledged"]);
  for (const { time, ms } of steps) {
    assert.equal(Date.parse(time) - Date.parse(steps[0].time), ms);
  }
  assert.doesNotMatch(shown.stdout + json.stdout, /secret/);

  const unknown = await runTitan({ dataDir, args: ["trace", id.replace(/.$/, "!")] });
  assert.equal(unknown.code, 1);
  assert.match(
    unknown.stderr,
    /^titan: Message "[^"]+!" is not traced: it is unknown, older than 24 hours /,
  );
  const wrong = await runTitan({ dataDir, args: ["trace", "bob"] });
  assert.equal(wrong.code, 2);
  assert.match(
    wrong.stderr,
    /^titan: Argument <id> must be the id of a message, 26 characters: it is "bob"/,
  );
  await server.stop();
  const alone = await runTitan({ dataDir, args: ["trace", id] });
  assert.equal(alone.code, 1);
  assert.match(alone.stderr, /^titan: No server runs on the data directory /);
});
