import assert from "node:assert/strict";
import { MINUTE_MS, PushWorld } from "./fake_push_world.ts";
import { FakeClock } from "../fake_clock.ts";
import { FakeLog, settled } from "../fake_world.ts";
import { OutboxSweep, SWEEP_MS } from "./outbox_sweep.ts";

Deno.test("OutboxSweep finds after a start what was owed before it", async () => {
  await using world = new PushWorld();
  await world.sleeper("bob");
  world.store.listen({ committed() {}, owed() {} });
  await world.message("bob");
  await world.pass(4000);
  assert.equal(world.apns.given.length, 0);
  await world.pass(2000);
  assert.equal(world.apns.given.length, 1);
  await world.pass(2 * MINUTE_MS);
  assert.equal(world.apns.given.length, 1);
});

Deno.test("OutboxSweep finds what there was no room for", async () => {
  await using world = new PushWorld({ waitingMax: 10 });
  for (let n = 0; n < 30; n++) {
    await world.sleeper(`user${n}`);
    await world.message(`user${n}`);
  }
  assert.equal(world.dispatcher.figures.overflowed, 20);
  const answer = world.apns.hold();
  await world.settle();
  world.apns.script();
  answer({ kind: "accepted" });
  for (let n = 0; n < 10; n++) world.read(`user${n}`);
  await world.pass(6000);
  for (let n = 10; n < 20; n++) world.read(`user${n}`);
  await world.pass(SWEEP_MS);
  const tokens = new Set(world.apns.pushes.map(({ target: { token } }) => token));
  assert.equal(world.apns.given.length, 30);
  assert.equal(tokens.size, 30);
});

Deno.test("OutboxSweep leaves alone what waits, for the time that its service asks for too", async () => {
  await using world = new PushWorld();
  await world.sleeper("bob");
  world.apns.script({ kind: "retry", reason: "Busy", afterMs: 3 * MINUTE_MS });
  await world.message("bob");
  await world.pass(2 * MINUTE_MS);
  assert.equal(world.apns.given.length, 1);
});

/** A sweep of pages that are named by where they begin, and of what it found. */
function createSweep(found: (user: string) => boolean) {
  const clock = new FakeClock();
  const log = new FakeLog();
  const asked: string[] = [];
  const world = { clock, log, asked, fails: false };
  const nexts = new Map<string, string | null>([["", "a"], ["a", "b"], ["b", null]]);
  const list = (after: string) => {
    if (world.fails) return Promise.reject(new Error("Cannot list"));
    asked.push(after);
    const user = `after ${after}`;
    const sleepers = [{ user, device: "phone", provider: "fcm" }] as const;
    return Promise.resolve({ sleepers, next: nexts.get(after) ?? null });
  };
  const sweep = new OutboxSweep({
    outbox: { list },
    clock,
    log,
    found: ({ user }) => found(user),
  });
  return Object.assign(world, { sweep });
}

Deno.test("OutboxSweep goes through all pages, and where there was no room begins there the next time", async () => {
  const full = new Set(["after a"]);
  const { clock, asked, sweep } = createSweep((user) => !full.has(user));
  clock.advance(5000);
  await settled();
  assert.deepEqual(asked.splice(0), ["", "a", "b"]);
  full.clear();
  clock.advance(SWEEP_MS);
  await settled();
  assert.deepEqual(asked.splice(0), ["a", "b"]);
  clock.advance(SWEEP_MS);
  await settled();
  assert.deepEqual(asked.splice(0), ["", "a", "b"]);
  sweep[Symbol.dispose]();
  clock.advance(10 * SWEEP_MS);
  await settled();
  assert.deepEqual(asked, []);
  assert.equal(clock.timers, 0);
});

Deno.test("OutboxSweep leaves nobody out because of a page for which there is never room", async () => {
  const { clock, asked, sweep } = createSweep((user) => user !== "after a");
  clock.advance(5000);
  await settled();
  assert.deepEqual(asked.splice(0), ["", "a", "b"]);
  for (const expected of [["a", "b"], ["", "a", "b"], ["a", "b"]]) {
    clock.advance(SWEEP_MS);
    await settled();
    assert.deepEqual(asked.splice(0), expected);
  }
  sweep[Symbol.dispose]();
});

Deno.test("OutboxSweep goes on after the store failed, and tells it", async () => {
  const world = createSweep(() => true);
  world.fails = true;
  world.clock.advance(5000);
  await settled();
  assert.equal(world.log.of("push sweep failed").length, 1);
  world.fails = false;
  world.clock.advance(SWEEP_MS);
  await settled();
  assert.deepEqual(world.asked, ["", "a", "b"]);
  world.sweep[Symbol.dispose]();
});
