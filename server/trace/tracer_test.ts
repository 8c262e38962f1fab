import assert from "node:assert/strict";
import { TRACE_MS_MAX, TRACES_PER_SECOND_MAX } from "../../limits.ts";
import { createUlid } from "../../rpc/mod.ts";
import type { Entry } from "../../store/mod.ts";
import { systemRandom } from "../clock.ts";
import { entryOf } from "./fake_entry.ts";
import type { MessageSpans } from "./message_spans.ts";
import { type TracedDelivery, Tracer, type TracerParts } from "./tracer.ts";

const PHONE = { user: "bob", device: "phone" };
const TABLET = { user: "bob", device: "tablet" };

/** A tracer whose clock the test sets. */
class Scene {
  now = 1_700_000_000_000;
  readonly newId = createUlid(() => this.now, systemRandom);
  readonly tracer: Tracer;
  #position = 0;

  constructor(parts: Partial<TracerParts> = {}) {
    this.tracer = new Tracer({ now: () => this.now, ...parts });
  }

  commit(entry: Partial<Entry> = {}, count = 1): Entry[] {
    const entries = Array.from({ length: count }, () =>
      entryOf({
        id: this.newId(),
        time: this.now,
        expires: this.now + 3_600_000,
        position: ++this.#position,
        ...entry,
      }));
    this.tracer.committed({ ms: 2, bytes: 1, entries }, this.now);
    return entries;
  }

  one(entry: Partial<Entry> = {}): Entry {
    return this.commit(entry)[0] ?? assert.fail("nothing was committed");
  }

  steps({ id }: Entry): string[] | undefined {
    return this.tracer.find(id)?.steps.map(({ step, device }) =>
      device === undefined ? step : `${step} ${device}`
    );
  }
}

function sentOf(entry: Entry, redelivered = 0): TracedDelivery {
  return { entry, redelivered };
}

Deno.test("Tracer follows a message from its commit to its devices", () => {
  const scene = new Scene();
  const { tracer } = scene;
  const entry = scene.one();
  tracer.written([sentOf(entry)], PHONE);
  tracer.written([sentOf(entry)], TABLET);
  tracer.answered({ acknowledged: [], refused: [sentOf(entry)] }, TABLET);
  tracer.setAside(entry, TABLET);
  scene.now += 30_000;
  tracer.written([sentOf(entry, 1)], PHONE);
  tracer.answered({ acknowledged: [sentOf(entry, 1)], refused: [] }, PHONE);
  assert.deepEqual(scene.steps(entry), [
    "accepted",
    "committed",
    "written phone",
    "written tablet",
    "refused tablet",
    "set_aside tablet",
    "written phone",
    "acknowledged phone",
  ]);
  const again = tracer.find(entry.id)?.steps[6];
  assert.deepEqual(again, { step: "written", at: scene.now, ...PHONE, redelivered: 1 });
});

Deno.test("Tracer notes a push with all that it speaks for", () => {
  const scene = new Scene();
  const { tracer } = scene;
  const [first, second, read, later, gone] = [1, 2, 3, 4, 5].map(() => scene.one());
  assert.ok(first && second && read && later && gone);
  const other = scene.one({ to: "carl", position: 2 });
  const expired = scene.one({ expires: scene.now, position: 2 });
  tracer.answered({ acknowledged: [sentOf(read)], refused: [] }, PHONE);
  const push = { ...PHONE, provider: "apns" as const, after: 0, upTo: read.position };
  const noteAnswer = tracer.pushSent(push);
  scene.now += 100;
  noteAnswer({ kind: "rejected", reason: "BadTopic" });
  const pushed = ["accepted", "committed", "push_sent phone", "push_answered phone"];
  assert.deepEqual(scene.steps(first), pushed);
  assert.deepEqual(scene.steps(second), pushed);
  for (const entry of [read, later, other, expired]) {
    assert.ok(!scene.steps(entry)?.includes("push_sent phone"), entry.id);
  }
  assert.deepEqual(tracer.find(first.id)?.steps.at(-1), {
    ...{ step: "push_answered", at: scene.now, ...PHONE, provider: "apns" },
    ...{ answer: "rejected", reason: "BadTopic" },
  });
  // One that has signed in only after the first message was not meant to get that.
  tracer.pushSent({ ...push, device: "watch", after: first.position });
  assert.ok(!scene.steps(first)?.includes("push_sent watch"));
  assert.ok(scene.steps(second)?.includes("push_sent watch"));
  // To nobody who is traced.
  tracer.pushSent({ ...push, user: "dora" })({ kind: "accepted" });
});

Deno.test("Tracer keeps no receipts, and knows nothing of ids that it was not told", () => {
  const scene = new Scene();
  const receipt = scene.one({ kind: "receipt" });
  assert.equal(scene.tracer.find(receipt.id), null);
  assert.equal(scene.tracer.find("constructor"), null);
  const stranger = entryOf({ id: scene.newId() });
  scene.tracer.written([sentOf(stranger)], PHONE);
  scene.tracer.answered({ acknowledged: [sentOf(stranger)], refused: [] }, PHONE);
  assert.equal(scene.tracer.find(stranger.id), null);
});

Deno.test("Tracer samples what comes too fast, and all steps of a message agree", () => {
  const scene = new Scene();
  const { tracer } = scene;
  const entries: Entry[] = [];
  for (let ms = 0; ms < 3000; ms++, scene.now++) entries.push(...scene.commit({}, 20));
  for (const entry of entries) tracer.written([sentOf(entry)], PHONE);
  const traced = entries.filter(({ id }) => tracer.find(id) !== null);
  assert.equal(traced.length, tracer.size);
  assert.ok(traced.length >= TRACES_PER_SECOND_MAX, `${traced.length}`);
  assert.ok(traced.length <= 12 * TRACES_PER_SECOND_MAX, `${traced.length}`);
  for (const entry of traced) {
    assert.deepEqual(scene.steps(entry), ["accepted", "committed", "written phone"]);
  }
});

Deno.test("Tracer forgets after a day", () => {
  const scene = new Scene();
  const first = scene.one();
  scene.now += TRACE_MS_MAX;
  assert.ok(scene.tracer.find(first.id));
  scene.now++;
  assert.equal(scene.tracer.find(first.id), null);
  assert.equal(scene.tracer.size, 1);
  scene.one();
  assert.equal(scene.tracer.size, 1);
});

Deno.test("Tracer.forgetUser() forgets what a user sent and was sent: another one may take the name", () => {
  const scene = new Scene({ recent: 3 });
  const sent: Entry[] = [];
  for (let n = 0; n < 3000; n++, scene.now += 20) {
    sent.push(scene.one({ sender: "ann", to: "carl" }));
  }
  const received = scene.one({ sender: "dora", to: "ann" });
  const other = scene.one({ sender: "dora", to: "carl" });
  assert.ok(sent.slice(0, -3).some(({ id }) => scene.tracer.find(id) !== null), "none is kept on");
  scene.tracer.forgetUser("ann");
  for (const { id } of [...sent, received]) assert.equal(scene.tracer.find(id), null);
  assert.deepEqual(scene.steps(other), ["accepted", "committed"]);
  assert.equal(scene.tracer.size, 1);
});

Deno.test("Tracer keeps the newest, and of those before a sample", () => {
  const scene = new Scene({ recent: 1000, sampled: 50 });
  const entries: Entry[] = [];
  for (let n = 0; n < 30_000; n++, scene.now += 20) entries.push(scene.one({ to: `to${n % 7}` }));
  const isKept = ({ id }: Entry) => scene.tracer.find(id) !== null;
  assert.ok(entries.slice(-950).every(isKept));
  const older = entries.slice(0, -1000).filter(isKept).length;
  assert.ok(older >= 20 && older <= 50, `${older}`);
  assert.ok(scene.tracer.size <= 1050);
});

Deno.test("Tracer keeps its bytes within bounds, whatever becomes of one message", () => {
  const scene = new Scene({ bytes: 100_000 });
  const entries: Entry[] = [];
  for (let n = 0; n < 150; n++, scene.now += 20) entries.push(scene.one());
  const before = scene.tracer.size;
  assert.equal(before, 150);
  for (const entry of entries) {
    for (let n = 0; n < 50; n++) scene.tracer.written([sentOf(entry, n)], PHONE);
  }
  assert.ok(scene.tracer.size < 30, `${scene.tracer.size}`);
});

Deno.test("Tracer tells OpenTelemetry of what it traces, and when it forgets that", () => {
  const told: string[] = [];
  const spans: MessageSpans = {
    committed: ({ id }, { ms }, now) => {
      told.push(`${id} committed ${ms} ${now}`);
      return {
        step: ({ step }) => void told.push(`${id} ${step}`),
        end: (now) => void told.push(`${id} end ${now}`),
      };
    },
  };
  const scene = new Scene({ spans });
  const { tracer } = scene;
  const entry = scene.one();
  tracer.committed({ ms: 2, bytes: 1, entries: [entryOf({ kind: "receipt" })] }, scene.now);
  tracer.written([sentOf(entry)], PHONE);
  tracer.answered({ acknowledged: [sentOf(entry)], refused: [] }, PHONE);
  const start = scene.now;
  scene.now += 2 * TRACE_MS_MAX;
  tracer.committed({ ms: 2, bytes: 1, entries: [entryOf({ kind: "receipt" })] }, scene.now);
  assert.deepEqual(told, [
    `${entry.id} committed 2 ${start}`,
    `${entry.id} written`,
    `${entry.id} acknowledged`,
    `${entry.id} end ${scene.now}`,
  ]);
});
