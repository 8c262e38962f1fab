import assert from "node:assert/strict";
import { type Outcome, StoreBusyError, StoreUnavailableError } from "../store.ts";
import { quiet } from "./fake_clock.ts";
import { FakeKv } from "./fake_kv.ts";

/** Turns of the microtask queue that one append may take, from its call to its commit. */
const TURNS_MAX = 60;

Deno.test("Admission.append() keeps positions in order of commit, whatever comes in between (I2)", async () => {
  for (let turns = 0; turns < TURNS_MAX; turns++) {
    await using kv = await FakeKv.open(["alice", "bob", "carol"]);
    // Everybody is in memory, so that only the cid asks the disk.
    await kv.send(["first"], { sender: "carol" });
    await kv.send(["second"]);
    const later = kv.append("slow", { cid: "c1" });
    for (let turn = 0; turn < turns; turn++) await null;
    await Promise.all([later, kv.append("fast", { sender: "carol" })]);
    const positions = kv.news.flatMap(({ entries }) => entries.map(({ position }) => position));
    assert.deepEqual(positions, positions.toSorted((a, b) => a - b), `after ${turns} turns`);
  }
});

Deno.test("Admission.append() keeps the order of one sender's calls, looked up or not (I6)", async () => {
  for (let turns = 0; turns < TURNS_MAX; turns++) {
    await using kv = await FakeKv.open();
    await kv.send(["m0"]);
    const first = kv.append("m1", { cid: "c1" });
    for (let turn = 0; turn < turns; turn++) await null;
    await Promise.all([first, kv.append("m2"), kv.append("m3", { cid: "c3" })]);
    assert.deepEqual(await kv.ids("bob"), ["m0", "m1", "m2", "m3"], `after ${turns} turns`);
  }
});

Deno.test("Admission.append() answers a repeat only once the first is on disk (I1, I5)", async () => {
  await using kv = await FakeKv.open();
  kv.database.hold();
  const first = kv.append("m1", { cid: "c1" });
  await quiet();
  let answered = false;
  const repeat = kv.append("m2", { cid: "c1" }).finally(() => answered = true);
  await quiet();
  assert.equal(answered, false);
  kv.database.release();
  assert.deepEqual(await first, { kind: "accepted" });
  assert.deepEqual(await repeat, { kind: "duplicate", id: "m1", time: kv.clock.now() });
});

Deno.test("Admission.append() fails a repeat with its first, and then takes it as new", async () => {
  await using kv = await FakeKv.open();
  kv.database.hold();
  const calls = [kv.append("m1", { cid: "c1" }), kv.append("m2", { cid: "c1" })];
  const failed = calls.map((call) => assert.rejects(call, StoreUnavailableError));
  await quiet();
  kv.database.release("refused");
  await Promise.all(failed);
  kv.database.judge = () => "made";
  assert.deepEqual(await kv.append("m3", { cid: "c1" }), { kind: "accepted" });
  assert.deepEqual(await kv.ids("bob"), ["m3"]);
});

Deno.test("Admission.append() knows a cid while it is settled, at any moment of it (I5)", async () => {
  for (let turns = 0; turns < TURNS_MAX; turns++) {
    await using kv = await FakeKv.open();
    await kv.send(["m1"], { cid: "c1" });
    const settling = kv.store.mailboxes.settle();
    for (let turn = 0; turn < turns; turn++) await null;
    const outcome = await kv.append("m2", { cid: "c1" });
    assert.equal(outcome?.kind, "duplicate", `after ${turns} turns`);
    await settling;
  }
});

Deno.test("Admission.append() gives the room back of what was not stored", async () => {
  await using kv = await FakeKv.open(["alice", "bob"], { mailboxMessages: 2 });
  kv.database.failOnce("refused");
  await assert.rejects(kv.send(["m1", "m2"]), StoreUnavailableError);
  await kv.send(["m3", "m4"]);
  assert.deepEqual(await kv.append("m5"), { kind: "full" });
  assert.deepEqual(await kv.ids("bob"), ["m3", "m4"]);
});

Deno.test("Admission.append() gives back all of an atomic call with a draft that is refused", async () => {
  await using kv = await FakeKv.open(["alice", "bob"], { mailboxMessages: 2 });
  const drafts = [kv.draft("m1", { cid: "c1" }), kv.draft("m2", { to: "nobody" })];
  const outcomes = await kv.store.mailboxes.append(drafts, { atomic: true });
  assert.deepEqual(outcomes, [{ kind: "skipped" }, { kind: "unknown" }]);
  assert.deepEqual(await kv.append("m3", { cid: "c1" }), { kind: "accepted" });
  await kv.send(["m4"]);
  assert.deepEqual(await kv.ids("bob"), ["m3", "m4"]);
});

Deno.test("Admission.append() refuses while too many bytes wait for the disk", async () => {
  await using kv = await FakeKv.open(["alice", "bob"], { backlogBytes: 1000 });
  kv.database.hold();
  const waiting = [kv.append("m1", { body: "x".repeat(2000) })];
  await quiet();
  await assert.rejects(kv.append("m2"), StoreBusyError);
  kv.database.release();
  await Promise.all(waiting);
  kv.database.judge = () => "made";
  await kv.send(["m3"]);
  assert.deepEqual(await kv.ids("bob"), ["m1", "m3"]);
});

Deno.test("Admission.append() refuses what fits in no commit, and gives its room back", async () => {
  await using kv = await FakeKv.open(["alice", "bob"], { mailboxMessages: 1 });
  await kv.store.mailboxes.attach("bob", "phone", "oldest");
  await assert.rejects(kv.append("m1", { body: "x".repeat(600_000), cid: "c1" }), RangeError);
  assert.deepEqual(await kv.append("m2", { cid: "c1" }), { kind: "accepted" });
});

Deno.test("Admission.append() finds room when what was on its way while it was counted expires", async () => {
  await using kv = await FakeKv.open(["alice", "bob"], { mailboxMessages: 2 });
  await kv.store.mailboxes.attach("bob", "phone", "oldest");
  await kv.send(["m0"]);
  kv.database.hold();
  const counting = kv.store.mailboxes.inspect("bob");
  await quiet();
  const inflight = kv.append("m1", { expires: kv.clock.now() + 1000 });
  await quiet();
  // The rows that counting begins with; then it ends while the message is still on its way.
  kv.database.release();
  await counting;
  kv.database.judge = () => "made";
  kv.database.release();
  await inflight;
  await kv.clock.pass(1000);
  assert.deepEqual(await kv.append("m2"), { kind: "accepted" });
});

Deno.test("Admission.append() decides on drafts that expired while they waited, in a full mailbox", async () => {
  await using kv = await FakeKv.open(["alice", "bob"], { mailboxMessages: 1 });
  const drafts = [kv.draft("m1", { expires: kv.clock.now() - 1 }), kv.draft("m2")];
  let outcomes: readonly Outcome[] | null = null;
  const appended = kv.store.mailboxes.append(drafts).then((all) => outcomes = all);
  await quiet();
  assert.deepEqual(outcomes, [{ kind: "accepted" }, { kind: "full" }]);
  await appended;
});

Deno.test("Admission.append() judges all drafts of a call by one time", async () => {
  await using kv = await FakeKv.open();
  await kv.send(["m0"]);
  const drafts = ["m1", "m2", "m3"].map((id) => kv.draft(id));
  const now = kv.clock.now();
  let asked = 0;
  kv.clock.now = () => now + asked++;
  await kv.store.mailboxes.append(drafts);
  assert.equal(asked, 1);
});
