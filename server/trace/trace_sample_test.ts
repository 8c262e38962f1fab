import assert from "node:assert/strict";
import { TRACES_PER_SECOND_MAX } from "../../limits.ts";
import { createUlid } from "../../rpc/mod.ts";
import { systemRandom } from "../clock.ts";
import { isKeptOn, TraceSample } from "./trace_sample.ts";

const NOW = 1_700_000_000_000;

/** As many ids as a server makes, within milliseconds. */
function idsOf(count: number): string[] {
  let made = 0;
  const newId = createUlid(() => NOW + Math.floor(made++ / 50), systemRandom);
  return Array.from({ length: count }, newId);
}

/** The sample at a rate of messages a second, after some seconds of it. */
function sampleAt(rate: number): TraceSample {
  const sample = new TraceSample();
  for (let second = 0; second < 3; second++) {
    for (let commit = 0; commit < 10; commit++) {
      sample.count(rate / 10, NOW + second * 1000 + commit * 100);
    }
  }
  return sample;
}

Deno.test("TraceSample has every message while they are few", () => {
  const sample = sampleAt(TRACES_PER_SECOND_MAX);
  assert.equal(sample.share, 1);
  assert.ok(idsOf(1000).every((id) => sample.has(id)));
  assert.ok(idsOf(1000).every((id) => !sample.leftOut(id, NOW + 9999)));
});

Deno.test("TraceSample has about a hundred messages a second of any more", () => {
  for (const rate of [TRACES_PER_SECOND_MAX + 10, 1000, 10_000, 50_000, 100_000]) {
    const sample = sampleAt(rate);
    const traced = idsOf(rate).filter((id) => sample.has(id)).length;
    assert.ok(traced >= 25 && traced <= 150, `${traced} of ${rate}`);
  }
});

Deno.test("TraceSample takes little of a burst into its first second", () => {
  const sample = new TraceSample();
  let traced = 0;
  for (const [at, id] of idsOf(50_000).entries()) {
    sample.count(1, NOW + at / 100);
    if (sample.has(id)) traced++;
  }
  assert.ok(traced > 100 && traced < 1000, `${traced}`);
});

Deno.test("TraceSample has everything again once it is quiet", () => {
  const sample = sampleAt(10_000);
  assert.ok(sample.share > 1);
  sample.count(1, NOW + 60_000);
  assert.equal(sample.share, 1);
});

Deno.test("TraceSample goes on where the clock is set back", () => {
  const sample = sampleAt(10_000);
  sample.count(1, NOW - 3_600_000);
  assert.equal(sample.share, 1);
  sample.count(1000, NOW - 3_600_000 + 10);
  assert.equal(sample.share, 16);
});

Deno.test("TraceSample.leftOut() never denies a message that was in the sample", () => {
  const sample = new TraceSample();
  const ids = idsOf(4000);
  const traced = new Map<string, number>();
  for (const [at, id] of ids.entries()) {
    const accepted = NOW + at;
    sample.count(at < 2000 ? 1 : 20, accepted + 3);
    if (sample.has(id)) traced.set(id, accepted);
    for (const [known, when] of traced) assert.ok(!sample.leftOut(known, when), known);
  }
  assert.ok(sample.share > 1);
  assert.ok(ids.some((id) => sample.leftOut(id, NOW + 5000)));
});

Deno.test("isKeptOn() takes one in so many of what was in the sample", () => {
  const sample = sampleAt(3000);
  const traced = idsOf(400_000).filter((id) => sample.has(id));
  const kept = traced.filter((id) => isKeptOn(id, 256)).length;
  const expected = traced.length / 256;
  assert.ok(kept > expected / 3 && kept < expected * 3, `${kept} of ${traced.length}`);
});
