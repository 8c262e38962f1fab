import assert from "node:assert/strict";
import fc from "fast-check";
import {
  FRAME_BYTES_MAX,
  OUTSTANDING_MAX,
  REFUSAL_BACKOFF_MS,
  REFUSALS_MAX,
  WINDOW_BYTES_MAX,
} from "../limits.ts";
import type { Committed, Draft, Entry } from "../store/mod.ts";
import { MemoryStore } from "../store/memory/memory_store.ts";
import { Delivery, type DeliveryOptions } from "./delivery.ts";
import { FakeClock } from "./fake_clock.ts";
import type { Attempts } from "./in_flight.ts";
import { AMPLE, type Frame, messagesOf, type Received, settled, textsOf } from "./fake_world.ts";

const BOB = { user: "bob", device: "phone" };
const SEED: DeliveryOptions = { window: 64, receipts: false, tellEmpty: false };
const HOUR_MS = 3600 * 1000;

/** A device of bob, on a store in memory and without a socket. */
class World {
  readonly clock = new FakeClock();
  readonly store = new MemoryStore({ limits: AMPLE, now: () => this.clock.now() });
  /** Of those, the ones whose senders want to know. */
  readonly delivered: string[] = [];
  readonly counted = { sent: 0, redelivered: 0 };
  readonly setAside: string[] = [];
  readonly failures: unknown[] = [];
  delivery: Delivery | null = null;
  /** What is in flight by the frames alone: id of the request, bytes and messages. */
  readonly flying = new Map<string, { messages: number; bytes: number }>();
  mostMessages = 0;
  mostBytes = 0;
  /** Where the next delivery reads instead of in the store. */
  read: MemoryStore["mailboxes"]["read"] | null = null;
  #sent: string[] = [];
  #drafts = 0;

  static async create(): Promise<World> {
    const world = new World();
    for (const id of ["ann", "bob"]) await world.store.users.create({ id, registered: 0 });
    await world.store.mailboxes.attach(BOB.user, BOB.device, "oldest");
    world.store.listen({
      committed: (news) => {
        if (news.user === BOB.user) world.delivery?.committed(news);
      },
    });
    return world;
  }

  async attach(options: Partial<DeliveryOptions> = {}, attempts: Attempts | null = null) {
    const { mailboxes } = this.store;
    const attachment = await mailboxes.attach(BOB.user, BOB.device, "oldest");
    assert.ok(attachment !== null);
    this.flying.clear();
    this.delivery = new Delivery(
      {
        world: {
          mailboxes: {
            read: (...args) => (this.read ?? mailboxes.read.bind(mailboxes))(...args),
            acknowledge: (...args) => mailboxes.acknowledge(...args),
            setAside: (...args) => mailboxes.setAside(...args),
          },
          now: () => this.clock.now(),
          monotonic: () => this.clock.monotonic(),
          delivered: ({ id, receipt }) => void (receipt && this.delivered.push(id)),
          sent: (batch) => {
            this.counted.sent += batch.length;
            this.counted.redelivered += batch.filter((one) => one.redelivered > 0).length;
          },
          answered: () => {},
          setAside: (_identity, { id }) => void this.setAside.push(id),
        },
        send: (frame) => this.#take(frame),
        failed: (error) => void this.failures.push(error),
      },
      BOB,
      attachment,
      attempts,
      { ...SEED, ...options },
    );
    this.delivery.start();
    await settled();
    return this.delivery;
  }

  /** Appends messages for bob, one commit each; answers their ids. */
  async send(texts: readonly string[], draft: Partial<Draft> = {}): Promise<string[]> {
    const drafts = texts.map((text) => this.draft(text, draft));
    for (const one of drafts) {
      assert.deepEqual(await this.store.mailboxes.append([one]), [{ kind: "accepted" }]);
    }
    await settled();
    return drafts.map(({ id }) => id);
  }

  draft(text: string, draft: Partial<Draft> = {}): Draft {
    const id = `m${++this.#drafts}`;
    const body = JSON.stringify({ id, from: "ann", to: "bob", time: "T", message: text });
    return {
      id,
      kind: "message",
      sender: "ann",
      from: "ann",
      to: "bob",
      device: "ann's",
      time: this.clock.now(),
      expires: this.clock.now() + HOUR_MS,
      receipt: false,
      urgent: false,
      body,
      bytes: new TextEncoder().encode(body).length,
      ...draft,
    };
  }

  /** The frames since the last call. */
  frames(): Frame[] {
    return this.#sent.splice(0).map((frame) => JSON.parse(frame));
  }

  /** The ids and messages of the `msg.recv` since the last call. */
  received(): [id: string, messages: readonly Received[]][] {
    return this.frames().filter(({ method }) => method === "msg.recv")
      .map(({ id, params }) => [String(id), params as Received[]]);
  }

  /** The texts of everything since the last call. */
  texts(): string[] {
    return textsOf(this.frames());
  }

  answer(id: string, result: unknown = "ACK"): void {
    this.flying.delete(id);
    assert.equal(this.delivery?.answered(id, { result }), true);
  }

  refuse(id: string): void {
    this.flying.delete(id);
    assert.equal(this.delivery?.answered(id, { error: { code: 1, message: "No" } }), true);
  }

  async cursor(): Promise<number | undefined> {
    return (await this.store.mailboxes.inspect(BOB.user))?.cursors.get(BOB.device);
  }

  /** Lets time pass second by second, as the gateway's tick does. */
  tick(ms: number): void {
    for (let passed = 0; passed < ms; passed += 1000) {
      this.clock.advance(1000);
      this.delivery?.tick();
    }
  }

  #take(text: string): void {
    this.#sent.push(text);
    const frame = JSON.parse(text);
    if (frame.method !== "msg.recv") return;
    const bodies: Received[] = frame.params;
    const bytes = bodies.reduce((sum, body) => {
      const { redelivered: _, ...rest } = body;
      return sum + new TextEncoder().encode(JSON.stringify(rest)).length;
    }, 0);
    this.flying.set(frame.id, { messages: bodies.length, bytes });
    const all = [...this.flying.values()];
    this.mostMessages = Math.max(this.mostMessages, all.reduce((sum, it) => sum + it.messages, 0));
    this.mostBytes = Math.max(this.mostBytes, all.reduce((sum, it) => sum + it.bytes, 0));
  }
}

function numbered(count: number, from = 1): string[] {
  return Array.from({ length: count }, (_, n) => `text ${n + from}`);
}

Deno.test("Delivery.start() delivers what waits, in order and in one frame", async () => {
  const world = await World.create();
  await world.send(numbered(10));
  await world.attach();
  const [first, ...more] = world.received();
  assert.deepEqual(first?.[1].map(({ message }) => message), numbered(10));
  assert.deepEqual(first?.[1].map(({ redelivered }) => redelivered), Array(10).fill(undefined));
  assert.deepEqual(more, []);
});

Deno.test("Delivery.committed() delivers at once, without reading back", async () => {
  const world = await World.create();
  await world.attach();
  world.read = () => assert.fail("read");
  await world.send(["one", "two"]);
  assert.deepEqual(world.received().map(([, messages]) => messages.length), [1, 1]);
  assert.deepEqual(world.failures, []);
});

Deno.test("Delivery.committed() leaves out the device's own, and passes them", async () => {
  const world = await World.create();
  await world.store.mailboxes.attach("bob", "laptop", "newest");
  await world.attach();
  await world.send(["mine"], { sender: "bob", from: "bob", to: "ann", device: "phone" });
  await world.send(["other"], { sender: "bob", from: "bob", to: "ann", device: "laptop" });
  await world.send(["note to self"], { sender: "bob", from: "bob", to: "bob", device: "phone" });
  assert.deepEqual(world.texts(), ["other", "note to self"]);
});

Deno.test("Delivery.committed() does not send again what a read has brought", async () => {
  const world = await World.create();
  const news: Committed[] = [];
  world.store.listen({ committed: (it) => void news.push(it) });
  await world.send(numbered(3));
  const delivery = await world.attach();
  for (const it of news) delivery.committed(it);
  await settled();
  assert.deepEqual(world.texts(), numbered(3));
});

Deno.test("Delivery.committed() reads where it missed something", async () => {
  const world = await World.create();
  await world.attach();
  const { delivery } = world;
  world.delivery = null;
  await world.send(["missed"]);
  world.delivery = delivery;
  await world.send(["heard"]);
  assert.deepEqual(world.texts(), ["missed", "heard"]);
});

Deno.test("Delivery keeps to the window, in messages and bytes, whatever happens", async () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ send: fc.constantFrom(1, 40, 30_000, 48_000) }) },
    { weight: 3, arbitrary: fc.record({ answer: fc.nat(9) }) },
    { weight: 1, arbitrary: fc.record({ refuse: fc.nat(9) }) },
    { weight: 1, arbitrary: fc.record({ tick: fc.constantFrom(1000, 2000) }) },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 20 }),
      fc.array(step, { minLength: 1, maxLength: 60 }),
      async (window, steps) => {
        const world = await World.create();
        await world.attach({ window });
        const sent = await run(world, steps);
        assert.ok(world.mostMessages <= window, `${world.mostMessages} in flight of ${window}`);
        assert.ok(world.mostBytes <= WINDOW_BYTES_MAX, `${world.mostBytes} bytes in flight`);
        const seen = await drain(world);
        assert.deepEqual(new Set(seen), new Set(sent));
        assert.deepEqual(world.failures, []);
      },
    ),
    { numRuns: 60 },
  );
});

type Step = { send: number } | { answer: number } | { refuse: number } | { tick: number };

/** Does steps without waiting for any; answers the ids of what was sent. */
async function run(world: World, steps: readonly Step[]): Promise<string[]> {
  const appends: Promise<unknown>[] = [];
  const ids: string[] = [];
  for (const step of steps) {
    const open = [...world.flying.keys()];
    const pick = (n: number) => open[n % open.length] ?? "";
    if ("send" in step) {
      const draft = world.draft("x".repeat(step.send));
      ids.push(draft.id);
      appends.push(world.store.mailboxes.append([draft]));
    } else if ("tick" in step) world.tick(step.tick);
    else if (open.length === 0) await settled();
    else if ("answer" in step) world.answer(pick(step.answer));
    else world.refuse(pick(step.refuse));
  }
  await Promise.all(appends);
  await settled();
  return ids;
}

/** Acknowledges everything until nothing comes any more; answers all ids that were ever seen. */
async function drain(world: World): Promise<string[]> {
  const seen = world.received().flatMap(([, messages]) => messages.map(({ id }) => id));
  for (let idle = 0; idle < 12; idle++) {
    for (const id of [...world.flying.keys()]) {
      world.answer(id);
      idle = 0;
    }
    await settled();
    world.tick(1000);
    seen.push(...world.received().flatMap(([, messages]) => messages.map(({ id }) => id)));
  }
  return seen;
}

Deno.test("Delivery puts many messages into one frame when the receiver lags", async () => {
  const world = await World.create();
  await world.attach({ window: 4 });
  await world.send(numbered(12));
  const first = world.received();
  assert.deepEqual(first.map(([, messages]) => messages.length), [1, 1, 1, 1]);
  for (const [id] of first) world.answer(id);
  await settled();
  const next = world.received();
  assert.deepEqual(next.flatMap(([, messages]) => messages).length, 4);
  assert.ok(next.length < 4, `${next.length} frames`);
});

Deno.test("Delivery keeps to the window while a read is under way", async () => {
  const world = await World.create();
  const gate = Promise.withResolvers<void>();
  await world.attach({ window: 1 });
  await world.send(["refused"]);
  const [[id] = ["", []]] = world.received();
  world.read = async (...args) => {
    await gate.promise;
    return await world.store.mailboxes.read(...args);
  };
  await world.send(["behind"]);
  world.refuse(id);
  world.tick(REFUSAL_BACKOFF_MS);
  gate.resolve();
  await settled();
  assert.equal(world.mostMessages, 1);
  assert.equal(world.received().length, 1);
});

Deno.test("Delivery keeps to a window that was made smaller while a read is under way", async () => {
  const world = await World.create();
  await world.send(numbered(3));
  const gate = Promise.withResolvers<void>();
  world.read = async (...args) => {
    await gate.promise;
    return await world.store.mailboxes.read(...args);
  };
  const delivery = await world.attach({ window: 4 });
  delivery.configure({ ...SEED, window: 1 });
  gate.resolve();
  await settled();
  assert.deepEqual(world.texts(), ["text 1"]);
});

Deno.test("Delivery lets a message that is larger than the window in bytes go alone", async () => {
  const world = await World.create();
  const huge = "x".repeat(WINDOW_BYTES_MAX + 1);
  await world.send(["small", huge, "small too"]);
  await world.attach();
  const [first, ...more] = world.received();
  assert.deepEqual(first?.[1].map(({ message }) => message), ["small"]);
  assert.equal(more.length, 0);
  world.answer(first?.[0] ?? "");
  await settled();
  const second = world.received();
  assert.deepEqual(second.map(([, messages]) => messages.length), [1]);
  assert.equal(second[0]?.[1][0]?.message, huge);
  world.answer(second[0]?.[0] ?? "");
  await settled();
  assert.deepEqual(world.texts(), ["small too"]);
});

Deno.test("Delivery sends no frame that is longer than a frame may be", async () => {
  const world = await World.create();
  // As many as just fit, if only their bodies counted.
  const count = 64;
  const drafts = Array.from({ length: 4 * count }, () => {
    const one = world.draft("");
    const pad = FRAME_BYTES_MAX / count - one.bytes;
    return { ...one, body: one.body.replace('""', `"${"x".repeat(pad)}"`), bytes: one.bytes + pad };
  });
  await world.store.mailboxes.append(drafts);
  const left = (await world.attach({ window: 256 })).stop();
  world.store.mailboxes.detach("bob", "phone", left.sent);
  await world.attach({ window: 256 }, left.attempts);
  const frames = world.frames();
  assert.ok(frames.some((frame) => messagesOf(frame).some((it) => it.redelivered === 1)));
  const sizes = frames.map((frame) => new TextEncoder().encode(JSON.stringify(frame)).length);
  assert.ok(sizes.length > 2);
  assert.ok(Math.max(...sizes) <= FRAME_BYTES_MAX, `${Math.max(...sizes)} bytes`);
});

Deno.test("Delivery.answered() moves the cursor behind the contiguous prefix (I3)", async () => {
  const world = await World.create();
  await world.attach();
  const start = await world.cursor() ?? 0;
  await world.send(numbered(3));
  const [one, two, three] = world.received().map(([id]) => id);
  world.answer(three ?? "");
  assert.equal(await world.cursor(), start);
  world.answer(one ?? "");
  const afterOne = await world.cursor() ?? 0;
  assert.ok(afterOne > start);
  world.answer(two ?? "");
  assert.ok((await world.cursor() ?? 0) > afterOne);
  assert.equal((await world.store.mailboxes.inspect("bob"))?.messages, 0);
});

Deno.test("Delivery.answered() takes an id once, and none that it did not give", async () => {
  const world = await World.create();
  const delivery = await world.attach();
  await world.send(["one"]);
  const [[id] = ["", []]] = world.received();
  for (const unknown of ["r0", "r2", "", "toString", "__proto__", "ping"]) {
    assert.equal(delivery.answered(unknown, { result: "ACK" }), false);
  }
  world.answer(id);
  assert.equal(delivery.answered(id, { result: "ACK" }), false);
  assert.equal(delivery.answered(id, { error: {} }), false);
  world.tick(20_000);
  assert.deepEqual(world.texts(), []);
});

Deno.test("Delivery.answered() with ids acknowledges those and refuses the others", async () => {
  const world = await World.create();
  await world.send(numbered(4));
  await world.attach();
  const [[id, messages] = ["", []]] = world.received();
  world.answer(id, { ack: [messages[0]?.id, messages[2]?.id, "of nobody", messages[0]?.id] });
  assert.deepEqual(world.texts(), []);
  world.tick(REFUSAL_BACKOFF_MS);
  const again = world.received().flatMap(([, it]) => it);
  assert.deepEqual(again.map(({ message }) => message), ["text 2", "text 4"]);
  assert.deepEqual(again.map(({ redelivered }) => redelivered), [1, 1]);
});

Deno.test("Delivery.answered() with malformed ids acknowledges nothing", async () => {
  for (const ack of [null, "m1", [1], { 0: "m1" }, []]) {
    const world = await World.create();
    await world.attach();
    const start = await world.cursor();
    await world.send(["one"]);
    const [[id] = ["", []]] = world.received();
    world.answer(id, { ack });
    assert.equal(await world.cursor(), start, JSON.stringify(ack));
    world.tick(REFUSAL_BACKOFF_MS);
    assert.deepEqual(world.texts(), ["one"]);
  }
});

Deno.test("Delivery does not let an id acknowledge a message of another request", async () => {
  const world = await World.create();
  await world.attach();
  const start = await world.cursor();
  const [, second] = await world.send(["one", "two"]);
  const [[first] = ["", []]] = world.received();
  world.answer(first, { ack: [second] });
  assert.equal(await world.cursor(), start);
});

Deno.test("Delivery repeats a refused message ever later, and sets it aside at the last", async () => {
  const world = await World.create();
  await world.attach({ window: 2, tellEmpty: true });
  const [refused] = await world.send(["refused", "behind"]);
  const gaps: number[] = [];
  const counts: (number | undefined)[] = [];
  let since = 0;
  for (let n = 0; n < REFUSALS_MAX; n++) {
    let found: [string, readonly Received[]] | undefined;
    for (since = 0; found === undefined; since += 1000) {
      assert.ok(since < 60_000, "not sent again");
      for (const it of world.received()) {
        if (it[1][0]?.id === refused) found = it;
        else world.answer(it[0]);
      }
      if (found === undefined) world.tick(1000);
    }
    gaps.push(since - 1000);
    counts.push(found[1][0]?.redelivered);
    world.refuse(found[0]);
  }
  assert.deepEqual(gaps, [0, 1000, 2000, 4000, 8000]);
  assert.deepEqual(counts, [undefined, 1, 2, 3, 4]);
  await settled();
  assert.deepEqual(world.setAside, [refused]);
  assert.equal((await world.store.mailboxes.inspect("bob"))?.messages, 0);
  world.tick(60_000);
  assert.deepEqual(world.received(), []);
  await world.send(["after"]);
  assert.deepEqual(world.texts(), ["after"]);
});

Deno.test("Delivery repeats a refused message even where as much is outstanding as may be", async () => {
  const world = await World.create();
  await world.attach({ window: 256 });
  await world.send(["refused"]);
  const [[id] = ["", []]] = world.received();
  world.refuse(id);
  const appended: Promise<unknown>[] = [];
  for (let n = 0; n < 50; n++) {
    const drafts = Array.from({ length: 100 }, () => world.draft("behind"));
    appended.push(world.store.mailboxes.append(drafts));
  }
  await Promise.all(appended);
  let behind = 0;
  for (let quiet = 0; quiet < 2; quiet++) {
    await settled();
    for (const [next, messages] of world.received()) {
      behind += messages.length;
      world.answer(next);
      quiet = 0;
    }
  }
  assert.equal(behind, OUTSTANDING_MAX - 1);
  world.tick(REFUSAL_BACKOFF_MS);
  const [[again, messages] = ["", []]] = world.received();
  assert.deepEqual(messages.map(({ message }) => message), ["refused"]);
  world.answer(again);
  await settled();
  assert.notDeepEqual(world.texts(), []);
});

Deno.test("Delivery does not deliver what has expired, first or again", async () => {
  const world = await World.create();
  const soon = { expires: world.clock.now() + 1500 };
  await world.attach({ window: 1 });
  await world.send(["refused"], soon);
  await world.send(["behind"], soon);
  await world.send(["alive"]);
  const [[id] = ["", []]] = world.received();
  world.clock.advance(1000);
  world.refuse(id);
  await settled();
  // The one behind goes while there is still time.
  const [[second, messages] = ["", []]] = world.received();
  assert.deepEqual(messages.map(({ message }) => message), ["behind"]);
  world.clock.advance(1000);
  world.answer(second);
  world.tick(10_000);
  await settled();
  assert.deepEqual(world.texts(), ["alive"]);
});

Deno.test("Delivery passes what has expired, so that it holds nothing back", async () => {
  const world = await World.create();
  await world.send(["gone"], { expires: world.clock.now() + 1000 });
  world.clock.advance(1000);
  await world.attach({ tellEmpty: true });
  assert.deepEqual(world.frames().map(({ method }) => method), ["queue.empty"]);
});

Deno.test("Delivery settles a refused message whose time is over", async () => {
  const world = await World.create();
  await world.attach({ tellEmpty: true });
  world.frames();
  const before = await world.cursor() ?? 0;
  await world.send(["refused"], { expires: world.clock.now() + 1500 });
  const [[id] = ["", []]] = world.received();
  world.clock.advance(600);
  world.refuse(id);
  world.tick(3000);
  assert.ok((await world.cursor() ?? 0) > before);
});

Deno.test("Delivery.stop() tells what the next connection needs to know", async () => {
  const world = await World.create();
  const first = await world.attach();
  await world.send(numbered(3));
  const [[one] = ["", []], [two] = ["", []]] = world.received();
  world.refuse(one);
  world.answer(two);
  const left = first.stop();
  assert.equal(left.attempts.size, 2);
  world.store.mailboxes.detach("bob", "phone", left.sent);
  await world.attach({}, left.attempts);
  const again = world.received().flatMap(([, messages]) => messages);
  // The second was acknowledged, but not by the cursor, which alone outlives a connection.
  assert.deepEqual(
    again.map(({ message, redelivered }) => [message, redelivered]),
    [["text 1", 1], ["text 2", 1], ["text 3", 1]],
  );
});

Deno.test("Delivery counts deliveries and refusals from connection to connection", async () => {
  const world = await World.create();
  await world.send(["again"]);
  let attempts: Attempts | null = null;
  for (let n = 0; n < REFUSALS_MAX; n++) {
    const delivery = await world.attach({}, attempts);
    const [[id, messages] = ["", []]] = world.received();
    assert.equal(messages[0]?.redelivered, n === 0 ? undefined : n);
    world.refuse(id);
    await settled();
    const left = delivery.stop();
    world.store.mailboxes.detach("bob", "phone", left.sent);
    attempts = left.attempts;
  }
  assert.equal(world.setAside.length, 1);
  await world.attach({}, attempts);
  assert.deepEqual(world.texts(), []);
});

Deno.test("Delivery marks as repeated what was sent before the server forgot it", async () => {
  const world = await World.create();
  const first = await world.attach();
  await world.send(["old"]);
  world.frames();
  world.store.mailboxes.detach("bob", "phone", first.stop().sent);
  await world.send(["new"]);
  await world.attach();
  const all = world.received().flatMap(([, messages]) => messages);
  assert.deepEqual(all.map(({ redelivered }) => redelivered), [1, undefined]);
});

Deno.test("Delivery does nothing any more once it is stopped", async () => {
  const world = await World.create();
  const delivery = await world.attach();
  await world.send(["one"]);
  const [[id] = ["", []]] = world.received();
  const before = await world.cursor();
  delivery.stop();
  await world.send(["two"]);
  assert.equal(delivery.answered(id, { result: "ACK" }), false);
  delivery.configure(SEED);
  world.tick(5000);
  await settled();
  assert.deepEqual(world.frames(), []);
  assert.equal(await world.cursor(), before);
});

Deno.test("Delivery tells that the queue is empty once all that waited is acknowledged", async () => {
  const world = await World.create();
  await world.send(numbered(2));
  await world.attach({ window: 1, tellEmpty: true });
  const methods = () => world.frames().map(({ method, id }) => [method, id]);
  assert.deepEqual(methods(), [["msg.recv", "r1"]]);
  await world.send(["later"]);
  world.answer("r1");
  await settled();
  assert.deepEqual(methods(), [["msg.recv", "r2"]]);
  world.answer("r2");
  // What came after the sign-in is still on its way.
  await settled();
  assert.deepEqual(methods(), [["queue.empty", undefined], ["msg.recv", "r3"]]);
  world.answer("r3");
  await settled();
  assert.deepEqual(methods(), []);
});

Deno.test("Delivery tells at once that a queue is empty in which nothing waits, but not everybody", async () => {
  const world = await World.create();
  (await world.attach({ tellEmpty: true })).stop();
  assert.deepEqual(world.frames().map(({ method }) => method), ["queue.empty"]);
  await world.attach();
  assert.deepEqual(world.frames(), []);
});

Deno.test("Delivery tells of receipts to those who asked, and waits for no answer", async () => {
  for (const receipts of [true, false]) {
    const world = await World.create();
    const body = '{"id":"x","to":"ann","state":"delivered","time":"T"}';
    await world.send(["before"], { kind: "receipt", body });
    await world.attach({ receipts, tellEmpty: true });
    await world.send(["live"], { kind: "receipt", body });
    const told = world.frames().map(({ method }) => method);
    const expected = receipts ? ["msg.receipt", "queue.empty", "msg.receipt"] : ["queue.empty"];
    assert.deepEqual(told.sort(), expected.sort());
    assert.equal(world.delivery?.waitingSince, null);
    assert.equal((await world.attach()).stop().attempts.size, 0);
    assert.deepEqual(world.frames(), []);
  }
});

Deno.test("Delivery tells once of each message that its first device has acknowledged", async () => {
  const world = await World.create();
  await world.attach();
  const ids = await world.send(["one", "two"], { receipt: true });
  await world.send(["three"]);
  const [one, two, three] = world.received().map(([id]) => id);
  world.answer(two ?? "");
  assert.deepEqual(world.delivered, [ids[1]]);
  world.answer(three ?? "");
  world.answer(one ?? "");
  assert.deepEqual(world.delivered, [ids[1], ids[0]]);
});

Deno.test("Delivery tells nothing of a message that another device has acknowledged before", async () => {
  const world = await World.create();
  const laptop = await world.store.mailboxes.attach("bob", "laptop", "oldest");
  await world.attach();
  await world.send(["one"], { receipt: true });
  world.store.mailboxes.acknowledge("bob", "laptop", (laptop?.tail ?? 0) + 1);
  const [[id] = ["", []]] = world.received();
  world.answer(id);
  assert.deepEqual(world.delivered, []);
});

Deno.test("Delivery.waitingSince is when the oldest unanswered request was sent", async () => {
  const world = await World.create();
  const delivery = await world.attach();
  assert.equal(delivery.waitingSince, null);
  const sentAt: number[] = [];
  for (const text of ["one", "two"]) {
    world.clock.advance(500);
    sentAt.push(world.clock.monotonic());
    await world.send([text]);
  }
  assert.equal(delivery.waitingSince, sentAt[0]);
  const [[one] = ["", []], [two] = ["", []]] = world.received();
  world.answer(one);
  assert.equal(delivery.waitingSince, sentAt[1]);
  world.refuse(two);
  assert.equal(delivery.waitingSince, null);
});

Deno.test("Delivery.configure() takes a new window once the client has its answer", async () => {
  const world = await World.create();
  await world.send(numbered(5));
  const delivery = await world.attach({ window: 2 });
  assert.equal(world.texts().length, 2);
  delivery.configure({ ...SEED, window: 4 });
  await settled();
  assert.deepEqual(world.texts(), []);
  delivery.start();
  await settled();
  assert.deepEqual(world.texts(), ["text 3", "text 4"]);
  delivery.configure({ ...SEED, window: 1 });
  world.answer("r1");
  await settled();
  assert.deepEqual(world.texts(), []);
});

Deno.test("Delivery tells its connection where the store fails, and what is read is in order", async () => {
  const world = await World.create();
  await world.send(["one"]);
  const fault = new Error("No disk");
  world.read = () => Promise.reject(fault);
  const delivery = await world.attach();
  assert.deepEqual(world.failures, [fault]);
  delivery.stop();
  world.read = null;
  await world.attach();
  assert.deepEqual(world.texts(), ["one"]);
});

Deno.test("Delivery tells its connection where a message cannot be set aside", async () => {
  const world = await World.create();
  await world.send(["refused"]);
  const entries: Entry[] = [];
  const attempts: Attempts = new Map();
  const first = await world.attach();
  world.store.mailboxes.detach("bob", "phone", first.stop().sent);
  const position = [...first.stop().attempts.keys()][0] ?? 0;
  attempts.set(position, { deliveries: 4, refusals: REFUSALS_MAX - 1 });
  world.frames();
  const { mailboxes } = world.store;
  const fault = new Error("No disk");
  const original = mailboxes.setAside.bind(mailboxes);
  mailboxes.setAside = (_user, _device, entry) => {
    entries.push(entry);
    return Promise.reject(fault);
  };
  await world.attach({}, attempts);
  const [[id] = ["", []]] = world.received();
  const before = await world.cursor();
  world.refuse(id);
  await settled();
  assert.equal(entries.length, 1);
  assert.deepEqual(world.failures, [fault]);
  assert.deepEqual(world.setAside, []);
  assert.equal(await world.cursor(), before);
  mailboxes.setAside = original;
});
