import assert from "node:assert/strict";
import { FcmLanes } from "./fcm_lanes.ts";

class FakeLane implements AsyncDisposable {
  isDisposed = false;

  [Symbol.asyncDispose](): Promise<void> {
    this.isDisposed = true;
    return Promise.resolve();
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

  take(): Promise<FakeLane> {
    return this.lanes.take(this.ending.signal);
  }
}

Deno.test("FcmLanes.take() opens lanes as they are needed, and uses the last one again", async () => {
  const { lanes, opened, ...fixture } = new Fixture(3);
  const take = () => lanes.take(fixture.ending.signal);
  const [one, other] = [await take(), await take()];
  assert.equal(opened.length, 2);
  lanes.giveBack(other);
  lanes.giveBack(one);
  assert.equal(await take(), one);
  assert.equal(await take(), other);
  assert.equal(opened.length, 2);
});

Deno.test("FcmLanes.take() waits in line when all lanes are taken", async () => {
  const fixture = new Fixture(1);
  const lane = await fixture.take();
  const order: string[] = [];
  const waits = ["first", "second"].map(async (name) => {
    const taken = await fixture.take();
    order.push(name);
    fixture.lanes.giveBack(taken);
  });
  fixture.lanes.giveBack(lane);
  await Promise.all(waits);
  assert.deepEqual(order, ["first", "second"]);
  assert.equal(fixture.opened.length, 1);
});

Deno.test("FcmLanes.take() throws the reason of its signal, and leaves the line", async () => {
  const fixture = new Fixture(1);
  const lane = await fixture.take();
  const waiting = fixture.take();
  fixture.ending.abort("late");
  await assert.rejects(waiting, (reason) => reason === "late");
  await assert.rejects(fixture.take(), (reason) => reason === "late");
  fixture.lanes.giveBack(lane);
  assert.equal(await fixture.lanes.take(new AbortController().signal), lane);
});

Deno.test("FcmLanes.discard() ends a lane and lets another one take its place", async () => {
  const fixture = new Fixture(1);
  const lane = await fixture.take();
  const waiting = fixture.take();
  await fixture.lanes.discard(lane);
  assert.ok(lane.isDisposed);
  const other = await waiting;
  assert.notEqual(other, lane);
  assert.equal(fixture.opened.length, 2);
  await fixture.lanes.discard(other);
  assert.equal(fixture.opened.length, 2);
});

Deno.test("FcmLanes.dispose() ends all lanes, free or taken", async () => {
  const fixture = new Fixture(2);
  const lane = await fixture.take();
  await fixture.take();
  fixture.lanes.giveBack(lane);
  await fixture.lanes[Symbol.asyncDispose]();
  assert.deepEqual(fixture.opened.map(({ isDisposed }) => isDisposed), [true, true]);
});
