import assert from "node:assert/strict";
import { FakeClock } from "../fake_clock.ts";
import { settled } from "../fake_world.ts";
import { Lane } from "./lane.ts";
import { Pace } from "./pace.ts";

interface LaneWorld {
  readonly lane: Lane<string>;
  readonly clock: FakeClock;
  /** What work began on, in order. */
  readonly begun: string[];
  /** Ends the work on one. */
  end(one: string, counts?: boolean): Promise<void>;
}

function createLane(
  { inFlightMax = 2, rate = 1000, burst = 1000, admit = () => true }: {
    inFlightMax?: number;
    rate?: number;
    burst?: number;
    admit?: (one: string) => boolean;
  } = {},
): LaneWorld {
  const clock = new FakeClock();
  const begun: string[] = [];
  const ends = new Map<string, (counts: boolean) => void>();
  const lane = new Lane<string>({
    inFlightMax,
    pace: new Pace({ rate, burst, clock }),
    clock,
    admit,
    work(one) {
      begun.push(one);
      return new Promise((resolve) => ends.set(one, resolve));
    },
  });
  return {
    lane,
    clock,
    begun,
    async end(one, counts = true) {
      ends.get(one)?.(counts);
      await settled();
    },
  };
}

Deno.test("Lane works on so many at a time, in order, and never within add()", async () => {
  const { lane, begun, end } = createLane();
  for (const one of ["a", "b", "c", "d"]) lane.add(one);
  assert.deepEqual(begun, []);
  await settled();
  assert.deepEqual(begun, ["a", "b"]);
  await end("b");
  assert.deepEqual(begun, ["a", "b", "c"]);
  assert.deepEqual([lane.inFlight, lane.waiting], [2, 1]);
});

Deno.test("Lane keeps its pace, for which a mere look does not count", async () => {
  const { lane, clock, begun, end } = createLane({ inFlightMax: 9, rate: 10, burst: 2 });
  for (const one of ["a", "b", "c", "d"]) lane.add(one);
  await settled();
  assert.deepEqual(begun, ["a", "b"]);
  clock.advance(99);
  assert.deepEqual(begun, ["a", "b"]);
  clock.advance(1);
  assert.deepEqual(begun, ["a", "b", "c"]);
  await end("c", false);
  assert.deepEqual(begun, ["a", "b", "c", "d"]);
  lane[Symbol.dispose]();
});

Deno.test("Lane begins no work on what is not admitted, and goes on", async () => {
  const { lane, begun } = createLane({ admit: (one) => one !== "a" });
  for (const one of ["a", "b", "c", "d"]) lane.add(one);
  await settled();
  assert.deepEqual(begun, ["b", "c"]);
});

Deno.test("Lane.delete() takes out what waits", async () => {
  const { lane, begun } = createLane();
  for (const one of ["a", "b", "c"]) lane.add(one);
  lane.delete("b");
  await settled();
  assert.deepEqual(begun, ["a", "c"]);
});

Deno.test("Lane.idle resolves when nothing is worked on", async () => {
  const { lane, end } = createLane();
  await lane.idle;
  lane.add("a");
  await settled();
  let isIdle = false;
  void lane.idle.then(() => isIdle = true);
  await settled();
  assert.equal(isIdle, false);
  await end("a");
  assert.equal(isIdle, true);
});

Deno.test("Lane begins nothing after it was disposed of", async () => {
  const { lane, begun, end } = createLane({ inFlightMax: 1 });
  lane.add("a");
  await settled();
  lane.add("b");
  lane[Symbol.dispose]();
  lane.add("c");
  await end("a");
  assert.deepEqual(begun, ["a"]);
});
