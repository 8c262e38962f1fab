import assert from "node:assert/strict";
import { quiet } from "./fake_clock.ts";
import { Lane, Lanes } from "./lane.ts";

Deno.test("Lane.run() runs one job at a time, in the order of the calls", async () => {
  const lane = new Lane();
  const log: string[] = [];
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const jobs = gates.map(({ promise }, index) =>
    lane.run(async () => {
      log.push(`begin ${index}`);
      await promise;
      log.push(`end ${index}`);
      return index;
    })
  );
  gates[1]?.resolve();
  await quiet();
  assert.deepEqual(log, ["begin 0"]);
  gates[0]?.resolve();
  assert.deepEqual(await Promise.all(jobs), [0, 1]);
  assert.deepEqual(log, ["begin 0", "end 0", "begin 1", "end 1"]);
});

Deno.test("Lane.run() hands a failure to its caller and goes on with the next job", async () => {
  const lane = new Lane();
  const failed = lane.run(() => Promise.reject(new Error("Cannot do it")));
  const next = lane.run(() => Promise.resolve("done"));
  await assert.rejects(failed, /Cannot do it/);
  assert.equal(await next, "done");
});

Deno.test("Lane.run() begins after a job that failed when nobody waited", async () => {
  const lane = new Lane();
  await assert.rejects(lane.run(() => Promise.reject(new Error("Cannot do it"))));
  assert.equal(await lane.run(() => Promise.resolve("done")), "done");
});

Deno.test("Lanes.run() keeps jobs of one key apart, and lets those of another go ahead", async () => {
  const lanes = new Lanes();
  const log: string[] = [];
  const gate = Promise.withResolvers<void>();
  const job = (name: string, after?: Promise<void>) => async () => {
    await after;
    log.push(name);
  };
  const jobs = [lanes.run("a", job("a1", gate.promise)), lanes.run("a", job("a2"))];
  await lanes.run("b", job("b1"));
  assert.deepEqual(log, ["b1"]);
  gate.resolve();
  await Promise.all(jobs);
  assert.deepEqual(log, ["b1", "a1", "a2"]);
});

Deno.test("Lanes.run() goes on after a job that failed, whether others wait or not", async () => {
  const lanes = new Lanes();
  const fail = () => Promise.reject(new Error("Cannot do it"));
  const failed = assert.rejects(lanes.run("a", fail), /Cannot do it/);
  assert.equal(await lanes.run("a", () => Promise.resolve("waited")), "waited");
  await failed;
  await assert.rejects(lanes.run("a", fail), /Cannot do it/);
  assert.equal(await lanes.run("a", () => Promise.resolve("came later")), "came later");
});

Deno.test("Lanes.runAll() runs after what runs in any of its lanes, and before what comes later", async () => {
  const lanes = new Lanes();
  const log: string[] = [];
  const gate = Promise.withResolvers<void>();
  const job = (name: string) => () => Promise.resolve(void log.push(name));
  const jobs = [
    lanes.run("b", async () => {
      await gate.promise;
      log.push("b1");
    }),
    lanes.runAll(["b", "a", "b"], job("both")),
    lanes.run("a", job("a2")),
    lanes.run("c", job("c1")),
  ];
  await quiet();
  assert.deepEqual(log, ["c1"]);
  gate.resolve();
  await Promise.all(jobs);
  assert.deepEqual(log, ["c1", "b1", "both", "a2"]);
});

Deno.test("Lanes.runAll() of the same lanes in any order of names never waits for ever", async () => {
  const lanes = new Lanes();
  const names = ["a", "b", "c"];
  const done: number[] = [];
  const jobs = Array.from({ length: 60 }, (_, index) => {
    const [first = "", ...others] = [...names.slice(index % 3), ...names.slice(0, index % 3)];
    const keys = index % 2 === 0 ? [first, ...others] : [...others.toReversed(), first];
    return lanes.runAll(keys.slice(index % 4 === 0 ? 1 : 0), async () => {
      for (let turn = 0; turn < index % 7; turn++) await null;
      done.push(index);
    });
  });
  await quiet();
  assert.equal(done.length, jobs.length);
  await Promise.all(jobs);
});

Deno.test("Lanes.runAll() hands a failure to its caller and leaves the lanes free", async () => {
  const lanes = new Lanes();
  const fail = () => Promise.reject(new Error("Cannot do it"));
  await assert.rejects(lanes.runAll(["a", "b"], fail), /Cannot do it/);
  assert.equal(await lanes.runAll(["b", "a"], () => Promise.resolve("done")), "done");
  assert.equal(await lanes.runAll([], () => Promise.resolve("at once")), "at once");
});
