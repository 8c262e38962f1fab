import assert from "node:assert/strict";
import { FAKE_TOPIC, FakeApns } from "../../push/apns/fake_apns.ts";
import { TEST_CA } from "../../push/contract/test_certificate.ts";
import type { Push } from "../../push/mod.ts";
import { systemClock, systemRandom } from "../clock.ts";
import { ConfigError, readConfig } from "../config.ts";
import { FakeClock } from "../fake_clock.ts";
import { type FromWorker, GATHER_MS, GATHERED_MAX, type ToWorker } from "./messages.ts";
import { spawnPushThread } from "./push_thread.ts";
import { PushWorker, type Thread, type ThreadListener } from "./push_worker.ts";

/** A local APNs and a configuration that names it. */
class Fixture implements AsyncDisposable {
  readonly apns: FakeApns;
  readonly threads: Thread[] = [];
  /** What ends each of the threads. */
  readonly faults: (() => void)[] = [];

  private constructor(apns: FakeApns) {
    this.apns = apns;
  }

  static async open(): Promise<Fixture> {
    const clock = systemClock;
    const options = { clock, random: systemRandom, changed() {}, inFlightMax: 9 };
    return new Fixture(await FakeApns.open(options));
  }

  worker(variables: Readonly<Record<string, string>> = {}): Promise<PushWorker> {
    const { url, tokens: { pem, keyId, teamId } } = this.apns;
    const env = new Map(Object.entries({
      TITAN_APNS_URL: url,
      TITAN_APNS_KEY: pem,
      TITAN_APNS_KEY_ID: keyId,
      TITAN_APNS_TEAM_ID: teamId,
      TITAN_APNS_TOPIC: FAKE_TOPIC,
      ...variables,
    }));
    const config = readConfig((name) => env.get(name));
    const spawn = () => {
      const thread = spawnPushThread();
      this.threads.push(thread);
      const listen = (listener: ThreadListener) => {
        this.faults.push(() => listener.fault());
        thread.listen(listener);
      };
      return { ...thread, listen };
    };
    return PushWorker.open({ config, clock: systemClock, spawn, ca: TEST_CA });
  }

  push(index = 0): Push {
    return {
      target: this.apns.target(index),
      content: { badge: 1, fetch: false, sender: "ann", text: "Hi 👋" },
      urgent: true,
      collapse: "c1",
      expires: Date.now() + 60_000,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.apns[Symbol.asyncDispose]();
  }
}

/** A thread that says what a test says. */
class FakeThread implements Thread {
  readonly told: ToWorker[] = [];
  isTerminated = false;
  listener: ThreadListener | null = null;

  listen(listener: ThreadListener): void {
    this.listener = listener;
  }

  post(message: ToWorker): void {
    this.told.push(message);
    if (message.kind === "open") this.say({ kind: "opened", names: ["apns"] });
    if (message.kind === "end") this.say({ kind: "ended" });
  }

  say(message: FromWorker): void {
    queueMicrotask(() => this.listener?.message(message));
  }

  terminate(): void {
    this.isTerminated = true;
  }
}

const PUSH: Push = {
  target: { token: "aa" },
  content: { badge: 1, fetch: true },
  urgent: false,
  collapse: "c",
  expires: 1,
};

Deno.test("PushWorker sends pushes from its thread, and brings back what became of each", async () => {
  await using fixture = await Fixture.open();
  await using worker = await fixture.worker();
  const apns = worker.providers.get("apns");
  assert.deepEqual([...worker.providers.keys()], ["apns"]);
  assert.ok(apns);
  const outcomes = await Promise.all([0, 1, 2].map((index) => apns.send(fixture.push(index))));
  assert.deepEqual(outcomes.map(({ kind }) => kind), ["accepted", "accepted", "accepted"]);
  assert.deepEqual(
    new Set(fixture.apns.seen.map(({ token }) => token)),
    new Set([0, 1, 2].map((index) => fixture.apns.target(index).token)),
  );
  assert.equal(fixture.apns.seen[0]?.content.text, "Hi 👋");
  const since = Date.now() - 1000;
  fixture.apns.answer({ kind: "unregistered", since });
  assert.deepEqual(await apns.send(fixture.push()), { kind: "unregistered", since });
  fixture.apns.answer({ kind: "accepted" });
  assert.deepEqual((await apns.check()).kind, "accepted");
});

Deno.test("PushWorker.open() tells what is wrong with the credentials, and ends the thread", async () => {
  await using fixture = await Fixture.open();
  const opening = fixture.worker({ TITAN_APNS_KEY: "/no/such/file.p8" });
  await assert.rejects(opening, (error) => {
    assert.ok(error instanceof ConfigError);
    assert.match(error.problems[0] ?? "", /^TITAN_APNS_KEY must be .*it cannot be read/);
    return true;
  });
});

Deno.test("PushWorker starts another thread where one is lost, and has its pushes tried again", async () => {
  const clock = new FakeClock();
  const threads: FakeThread[] = [];
  const spawn = () => {
    const thread = new FakeThread();
    threads.push(thread);
    return thread;
  };
  const reasons: string[] = [];
  const lost = (why: string) => void reasons.push(why);
  const config = readConfig(() => undefined);
  await using worker = await PushWorker.open({ config, clock, spawn, lost });
  const apns = worker.providers.get("apns");
  assert.ok(apns);
  const first = [apns.send(PUSH), apns.send(PUSH)];
  threads[0]?.listener?.fault();
  const retry = { kind: "retry", reason: "Push thread is gone: it had a fault" };
  assert.deepEqual(await Promise.all(first), [retry, retry]);
  assert.equal(threads[0]?.isTerminated, true);
  assert.deepEqual(reasons, ["it had a fault"]);
  const second = apns.send(PUSH);
  assert.equal(threads.length, 2);
  threads[0]?.say({
    kind: "done",
    answers: [{ number: 3, outcome: { kind: "rejected", reason: "" } }],
  });
  threads[1]?.say({ kind: "done", answers: [{ number: 3, outcome: { kind: "accepted" } }] });
  assert.deepEqual(await second, { kind: "accepted" });
});

Deno.test("PushWorker has pushes wait until a thread that was started anew has opened its providers", async () => {
  await using fixture = await Fixture.open();
  await using worker = await fixture.worker();
  const apns = worker.providers.get("apns");
  fixture.faults[0]?.();
  assert.deepEqual((await apns?.send(fixture.push()))?.kind, "accepted");
  assert.equal(fixture.threads.length, 2);
});

Deno.test("PushWorker's thread outlives a push that its provider cannot cope with", async () => {
  await using fixture = await Fixture.open();
  await using worker = await fixture.worker();
  const apns = worker.providers.get("apns");
  const unfit = JSON.parse('{"target": null, "content": {}}');
  const [bad, good] = await Promise.all([apns?.send(unfit), apns?.send(fixture.push())]);
  assert.deepEqual(bad, { kind: "retry", reason: "Push provider had a fault" });
  assert.equal(good?.kind, "accepted");
  assert.equal(fixture.threads.length, 1);
});

Deno.test("PushWorker takes a thread that does not answer for lost", async () => {
  const clock = new FakeClock();
  const threads: FakeThread[] = [];
  const spawn = () => threads[threads.push(new FakeThread()) - 1] ?? assert.fail();
  await using worker = await PushWorker.open({ config: readConfig(() => undefined), clock, spawn });
  const sent = worker.providers.get("apns")?.send(PUSH);
  clock.advance(15_000);
  assert.equal(threads[0]?.isTerminated, false);
  clock.advance(15_000);
  assert.deepEqual(await sent, {
    kind: "retry",
    reason: "Push thread is gone: it does not answer",
  });
  assert.deepEqual([threads[0]?.isTerminated, clock.timers], [true, 0]);
});

Deno.test("PushWorker.dispose() answers what is on the way, and takes nothing more", async () => {
  await using fixture = await Fixture.open();
  const worker = await fixture.worker();
  const apns = worker.providers.get("apns");
  fixture.apns.answer({ kind: "hang" });
  const sent = apns?.send(fixture.push());
  await Promise.all([worker[Symbol.asyncDispose](), worker[Symbol.asyncDispose]()]);
  // Not that the thread is gone: what it had gathered came back.
  assert.deepEqual(await sent, { kind: "retry", reason: "Provider is disposed" });
  assert.equal((await apns?.send(fixture.push()))?.kind, "retry");
});

Deno.test("PushWorker gathers what there is to do, and hands much of it over at once", async () => {
  const clock = new FakeClock();
  const thread = new FakeThread();
  const config = readConfig(() => undefined);
  await using worker = await PushWorker.open({ config, clock, spawn: () => thread });
  const apns = worker.providers.get("apns");
  assert.ok(apns);
  const sizes = () => thread.told.flatMap((told) => told.kind === "work" ? [told.jobs.length] : []);
  const lost = [apns.send(PUSH), apns.send(PUSH)];
  assert.deepEqual(sizes(), []);
  clock.advance(GATHER_MS);
  assert.deepEqual(sizes(), [2]);
  for (let jobs = 0; jobs <= GATHERED_MAX; jobs++) lost.push(apns.send(PUSH));
  assert.deepEqual(sizes(), [2, GATHERED_MAX]);
  await worker[Symbol.asyncDispose]();
  assert.deepEqual(sizes(), [2, GATHERED_MAX, 1]);
  for (const outcome of await Promise.all(lost)) assert.equal(outcome.kind, "retry");
});
