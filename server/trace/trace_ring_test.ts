import assert from "node:assert/strict";
import { entryOf } from "./fake_entry.ts";
import { TraceRecord } from "./trace_record.ts";
import { TraceRing } from "./trace_ring.ts";

/** A ring, and the ids of those that had no room. */
function scene(entries: number, bytes = Infinity) {
  const evicted: string[] = [];
  const ring = new TraceRing({ entries, bytes, evicted: ({ id }) => void evicted.push(id) });
  const add = (id: string, time = 0) => {
    const trace = new TraceRecord(entryOf({ id, time }), time);
    ring.add(trace);
    return trace;
  };
  return { ring, evicted, add };
}

Deno.test("TraceRing.add() sends the oldest away, a 64th at once", () => {
  const { ring, evicted, add } = scene(128);
  for (let n = 1; n <= 128; n++) add(`m${n}`);
  assert.deepEqual(evicted, []);
  add("m129");
  assert.deepEqual(evicted, ["m1", "m2", "m3"]);
  assert.equal(ring.size, 126);
  assert.equal(ring.get("m1"), undefined);
  assert.equal(ring.get("m4")?.id, "m4");
});

Deno.test("TraceRing counts bytes, also those that come later", () => {
  const size = new TraceRecord(entryOf({ id: "m0" }), 0).bytes;
  const { ring, evicted, add } = scene(1000, 10 * size);
  const first = add("m1");
  for (let n = 2; n <= 10; n++) add(`m${n}`);
  assert.equal(ring.bytes, 10 * size);
  ring.get("m10")?.add({ step: "written", at: 0, user: "bob", device: "phone", redelivered: 0 });
  assert.deepEqual(evicted, ["m1"]);
  const before = ring.bytes;
  first.add({ step: "acknowledged", at: 0, user: "bob", device: "phone" });
  assert.equal(ring.bytes, before);
  assert.ok(before <= 10 * size);
});

Deno.test("TraceRing.dropBefore() takes out what is too old", () => {
  const { ring, evicted, add } = scene(100);
  for (const time of [1, 2, 3, 4]) add(`m${time}`, time);
  const dropped: string[] = [];
  ring.dropBefore(3, ({ id }) => void dropped.push(id));
  assert.deepEqual(dropped, ["m1", "m2"]);
  assert.deepEqual([ring.size, evicted.length], [2, 0]);
  ring.dropBefore(99, () => {});
  assert.deepEqual([ring.size, ring.bytes], [0, 0]);
});
