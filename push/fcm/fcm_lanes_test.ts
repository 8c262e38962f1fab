import assert from "node:assert/strict";
import { FcmLanes } from "./fcm_lanes.ts";

class FakeLane implements AsyncDisposable {
  readonly ended = Promise.withResolvers<void>();
  isDisposed = false;

  [Symbol.asyncDispose](): Promise<void> {
    this.isDisposed = true;
    return this.ended.promise;
  }
}

/** A job that has a lane until it is told what came of it. */
class Job {
  readonly #result = Promise.withResolvers<string>();
  readonly #lent = Promise.withResolvers<FakeLane>();
  readonly outcome: Promise<string>;

  constructor(lanes: FcmLanes<FakeLane>, signal: AbortSignal) {
    const job = (lane: FakeLane) => {
      this.#lent.resolve(lane);
      return this.#result.promise;
    };
    this.outcome = lanes.use(signal, job, (result) => result === "broken");
    this.outcome.catch(() => {});
  }

  /** The lane, as soon as there is one. */
  get lane(): Promise<FakeLane> {
    return this.#lent.promise;
  }

  async end(result: string | Error): Promise<void> {
    if (typeof result === "string") this.#result.resolve(result);
    else this.#result.reject(result);
    await this.outcome.catch(() => {});
  }
}

class Fixture {
  readonly opened: FakeLane[] = [];
  readonly lanes: FcmLanes<FakeLane>;
  readonly ending = new AbortController();

  constructor(max: number) {
    this.lanes = new FcmLanes(() => {
      const lane = new FakeLane();
      this.opened.push(lane);
      return lane;
    }, max);
  }

  start(signal = this.ending.signal): Job {
    return new Job(this.lanes, signal);
  }
}

Deno.test("FcmLanes.use() opens lanes as they are needed, and uses the last one again", async () => {
  const fixture = new Fixture(3);
  const [one, other] = [fixture.start(), fixture.start()];
  const [first, second] = [await one.lane, await other.lane];
  assert.deepEqual(fixture.opened, [first, second]);
  await other.end("good");
  await one.end("good");
  assert.equal(await one.outcome, "good");
  const [again, andAgain] = [fixture.start(), fixture.start()];
  assert.equal(await again.lane, first);
  assert.equal(await andAgain.lane, second);
  assert.equal(fixture.opened.length, 2);
});

Deno.test("FcmLanes.use() waits in line when all lanes are lent", async () => {
  const fixture = new Fixture(1);
  const jobs = [fixture.start(), fixture.start(), fixture.start()];
  const order: number[] = [];
  for (const [index, job] of jobs.entries()) void job.lane.then(() => order.push(index));
  for (const [index, job] of jobs.entries()) {
    assert.equal(await job.lane, fixture.opened[0]);
    assert.deepEqual(order, [0, 1, 2].slice(0, index + 1));
    await job.end("good");
  }
  assert.equal(fixture.opened.length, 1);
});

Deno.test("FcmLanes.use() throws the reason of its signal, and leaves the line", async () => {
  const fixture = new Fixture(1);
  const job = fixture.start();
  const waiting = fixture.start();
  fixture.ending.abort("late");
  await assert.rejects(waiting.outcome, (reason) => reason === "late");
  await assert.rejects(fixture.start().outcome, (reason) => reason === "late");
  await job.end("good");
  const next = fixture.start(new AbortController().signal);
  assert.equal(await next.lane, await job.lane);
});

Deno.test("FcmLanes.use() ends a lane that broke, and lets another one take its place then", async () => {
  for (const result of ["broken", new Error("No such thing")]) {
    const fixture = new Fixture(1);
    const [job, waiting] = [fixture.start(), fixture.start()];
    const lane = await job.lane;
    await job.end(result);
    assert.ok(lane.isDisposed);
    assert.equal(fixture.opened.length, 1);
    lane.ended.resolve();
    assert.notEqual(await waiting.lane, lane);
    assert.equal(fixture.opened.length, 2);
    if (result instanceof Error) await assert.rejects(job.outcome, result);
    else assert.equal(await job.outcome, result);
  }
});

Deno.test("FcmLanes.dispose() ends all lanes, free or lent", async () => {
  const fixture = new Fixture(2);
  const [job, other] = [fixture.start(), fixture.start()];
  await other.lane;
  await job.end("good");
  for (const { ended } of fixture.opened) ended.resolve();
  await fixture.lanes[Symbol.asyncDispose]();
  assert.deepEqual(fixture.opened.map(({ isDisposed }) => isDisposed), [true, true]);
});
