import assert from "node:assert/strict";
import { quiet } from "./fake_clock.ts";
import { FakeKv } from "./fake_kv.ts";
import type { DiskFault } from "../../tests/simulation/sim_call.ts";

/** The rows of all mailboxes. */
const mailboxesRange = { start: ["mailboxes"], end: ["mailboxes", Infinity] };

const FAULTS: readonly DiskFault[] = ["refused", "unanswered"];

/** How long a cursor waits for its commit: `cursor_notes.ts`. */
const CURSOR_DELAY_MS = 25;

/** What the last settling may take: `background.ts`. */
const END_MS = 500;

/** Commits in one settling of {@linkcode fill}, at most; the tests end where none fails. */
const COMMITS_MAX = 100;

/** The messages of `bob` that his phone has not acknowledged after {@linkcode fill}. */
const BOBS = ["b1", "b2", "large", "b3", "many0", "many1", "many2", "many3", "many4"];

/** Fills a store so that settling it takes commits of every kind. */
async function fill(kv: FakeKv): Promise<void> {
  await kv.store.mailboxes.attach("bob", "phone", "oldest");
  await kv.store.mailboxes.attach("alice", "phone", "oldest");
  await kv.store.mailboxes.attach("alice", "web", "oldest");
  await kv.send(["b0"], { cid: "c0" });
  await kv.send(["b1", "b2"]);
  await kv.send(["large"], { body: "語".repeat(30_000), cid: "c1" });
  await kv.send(["b3"], { device: "web" });
  kv.store.mailboxes.acknowledge("bob", "phone", kv.positionOf("b0"));
  await kv.clock.pass(CURSOR_DELAY_MS);
  await kv.send(["a1", "a2"], { sender: "bob", to: "alice" });
  const ids = BOBS.slice(4);
  await kv.send(ids, { body: "x".repeat(60_000) });
}

/** Checks that everything of {@linkcode fill} is there once, and counted once. */
async function check(kv: FakeKv, where: string): Promise<void> {
  const acknowledged = (await kv.store.mailboxes.inspect("bob"))?.cursors.get("phone") ?? 0;
  assert.deepEqual(await kv.ids("bob", "phone", acknowledged), BOBS, where);
  const pending = await kv.store.mailboxes.attach("bob", "phone", "oldest");
  assert.equal(pending?.pending, BOBS.length, where);
  assert.deepEqual(await kv.waiting("bob"), { messages: BOBS.length, bytes: BOBS_BYTES }, where);
  // Alice's two devices show each other's messages, and have not acknowledged anything.
  assert.deepEqual(await kv.ids("alice", "phone"), ["b3", "a1", "a2"], where);
  assert.deepEqual(await kv.ids("alice", "web"), ALICES, where);
  assert.equal((await kv.waiting("alice")).messages, ALICES.length + 1, where);
  for (const [cid, id] of [["c0", "b0"], ["c1", "large"]] as const) {
    const outcome = await kv.append("again", { cid });
    assert.ok(outcome?.kind === "duplicate" && outcome.id === id, `${where}: "${cid}"`);
  }
}

/** What Alice's other device reads: what her phone sent, and what Bob did. */
const ALICES = ["b0", "b1", "b2", "large", "a1", "a2", ...BOBS.slice(4)];

/** The bytes of {@linkcode BOBS}. */
const BOBS_BYTES = 3 * '"text of b1"'.length + 90_000 + 5 * 60_000;

Deno.test("Settler.settle() loses and doubles nothing where the process dies at any commit", async () => {
  for (const fault of FAULTS) {
    let failed = true;
    let commit = 0;
    while (failed) {
      commit++;
      assert.ok(commit < COMMITS_MAX, "Settling ends");
      const kv = await FakeKv.open();
      await fill(kv);
      kv.database.dieAt(commit, fault);
      failed = await kv.store.mailboxes.settle().then(() => false, () => true);
      await kv.reopen();
      await check(kv, `${fault} at ${commit}, opened`);
      await kv.store.mailboxes.settle();
      await check(kv, `${fault} at ${commit}, settled`);
      await kv.reopen();
      await check(kv, `${fault} at ${commit}, opened again`);
      await kv[Symbol.asyncDispose]();
    }
    assert.ok(commit > 4, `only ${commit} commits were tried`);
  }
});

Deno.test("Settler.settle() loses and doubles nothing where any one commit fails", async () => {
  for (const fault of FAULTS) {
    let failed = true;
    let commit = 0;
    while (failed) {
      commit++;
      assert.ok(commit < COMMITS_MAX, "Settling ends");
      await using kv = await FakeKv.open();
      await fill(kv);
      const failing = kv.database.commits + commit;
      kv.database.judge = (kind, commits) =>
        kind === "commit" && commits === failing ? fault : "made";
      failed = await kv.store.mailboxes.settle().then(() => false, () => true);
      kv.database.judge = () => "made";
      await check(kv, `${fault} at ${commit}`);
      await kv.store.mailboxes.settle();
      await check(kv, `${fault} at ${commit}, settled`);
    }
    assert.ok(commit > 4, `only ${commit} commits were tried`);
  }
});

Deno.test("KvStore ends with the commit at which its time is up, and loses and doubles nothing", async () => {
  let isLate = true;
  let commit = 0;
  while (isLate) {
    commit++;
    assert.ok(commit < COMMITS_MAX, "Settling ends");
    const kv = await FakeKv.open();
    await fill(kv);
    const last = kv.database.commits + commit;
    kv.database.judge = (kind, commits) => kind === "commit" && commits === last ? "held" : "made";
    const closed = kv.store[Symbol.asyncDispose]();
    await quiet();
    isLate = kv.database.held.length > 0;
    if (isLate) {
      await kv.clock.pass(END_MS);
      kv.database.release();
    }
    await closed;
    assert.ok(kv.database.commits <= last, `${kv.database.commits} commits, not ${last}`);
    assert.deepEqual([kv.clock.timers, kv.failures], [0, []]);
    await kv.reopen();
    await check(kv, `ended at ${commit}, opened`);
    await kv.store.mailboxes.settle();
    await check(kv, `ended at ${commit}, settled`);
    await kv[Symbol.asyncDispose]();
  }
  assert.ok(commit > 4, `only ${commit} commits were tried`);
});

Deno.test("Settler.settle() writes entries once where it repeats a commit that was made", async () => {
  await using kv = await FakeKv.open();
  const { mailboxes } = kv.store;
  await mailboxes.attach("bob", "phone", "oldest");
  await kv.send(["m1", "m2"]);
  kv.database.failOnce("unanswered");
  await assert.rejects(mailboxes.settle());
  // The next chunk would end elsewhere: with what came since, without what was acknowledged.
  await kv.send(["m3", "m4"]);
  const upTo = kv.positionOf("m1");
  mailboxes.acknowledge("bob", "phone", upTo);
  await mailboxes.settle();
  assert.deepEqual(await kv.ids("bob", "phone", upTo), ["m2", "m3", "m4"]);
  assert.equal((await kv.waiting("bob")).messages, 3);
  mailboxes.acknowledge("bob", "phone", kv.positionOf("m4"));
  await kv.store.sweeper.sweep(() => Promise.resolve());
  // What was counted off twice would hide the rows of what comes next.
  await kv.send(["m5", "m6"]);
  await mailboxes.settle();
  assert.deepEqual(await kv.ids("bob", "phone", kv.positionOf("m4")), ["m5", "m6"]);
  assert.equal((await kv.waiting("bob")).messages, 2);
});

Deno.test("Settler.settle() leaves no journal behind, and numbers go on after it", async () => {
  await using kv = await FakeKv.open();
  await kv.send(["m1"]);
  await kv.store.mailboxes.settle();
  const before = kv.positionOf("m1");
  const journal = kv.database.disk.list({ start: ["journal"], end: ["journal", Infinity] });
  assert.deepEqual(journal, []);
  await kv.reopen();
  await kv.send(["m2"]);
  assert.ok(kv.positionOf("m2") > before);
  await kv.reopen();
  assert.deepEqual(await kv.ids("bob"), ["m1", "m2"]);
});

Deno.test("Settler.settle() makes no rows of what everybody has acknowledged", async () => {
  await using kv = await FakeKv.open();
  await kv.store.mailboxes.attach("bob", "phone", "oldest");
  await kv.send(["m1"]);
  kv.store.mailboxes.acknowledge("bob", "phone", kv.positionOf("m1"));
  await kv.store.mailboxes.settle();
  const rows = kv.database.disk.list({ start: ["messages"], end: ["messages", Infinity] });
  assert.deepEqual(rows, []);
});

Deno.test("Settler.settle() keeps the database's limits with many mailboxes and large messages", async () => {
  const users = Array.from({ length: 210 }, (_, index) => `user${index}`);
  await using kv = await FakeKv.open(["alice", ...users]);
  for (const to of users) await kv.send([`m-${to}`], { to, body: "x".repeat(20_000) });
  await kv.store.mailboxes.settle();
  const { commits } = kv.database;
  await kv.store.mailboxes.settle();
  assert.ok(kv.database.commits - commits <= 1, "nothing is left to settle");
  for (const to of users) assert.deepEqual(await kv.ids(to), [`m-${to}`]);
});

Deno.test("Settler makes no rows of what came after a commit that may be on disk (I5, I9)", async () => {
  for (const behind of ["settle", "inspect"] as const) {
    await using kv = await FakeKv.open();
    const { database, store: { mailboxes } } = kv;
    await kv.send(["m0"]);
    database.hold();
    const calls: Promise<unknown>[] = [kv.append("m1", { cid: "c1" })];
    await quiet();
    calls.push(mailboxes.settle(), mailboxes[behind]("bob"));
    await quiet();
    // Each fills a commit.
    const body = "x".repeat(300_000);
    calls.push(...["m2", "m3"].map((id) => kv.append(id, { body })));
    await quiet();
    calls.push(kv.store[Symbol.asyncDispose]());
    database.judge = (kind) => kind === "commit" ? "held" : "refused";
    database.release("unanswered");
    await quiet();
    // From here on nobody will ever tell what became of it, and the last commits are made.
    database.judge = (kind) => kind === "commit" ? "held" : "made";
    while (database.held.length > 0) {
      database.release();
      await quiet();
    }
    database.judge = () => "made";
    await Promise.allSettled(calls);
    await kv.reopen();
    assert.deepEqual(await kv.ids("bob"), ["m0", "m1", "m2", "m3"], behind);
    const outcome = await kv.append("again", { cid: "c1" });
    assert.ok(outcome?.kind === "duplicate" && outcome.id === "m1", behind);
  }
});

Deno.test("Settler.settle() writes no row before a segment that says something older", async () => {
  await using kv = await FakeKv.open();
  await kv.store.mailboxes.attach("bob", "phone", "oldest");
  await kv.send(["m1", "m2"]);
  kv.database.hold();
  kv.store.mailboxes.acknowledge("bob", "phone", kv.positionOf("m1"));
  await kv.clock.pass(CURSOR_DELAY_MS);
  kv.store.mailboxes.acknowledge("bob", "phone", kv.positionOf("m2"));
  const settled = kv.store.mailboxes.settle();
  await quiet();
  assert.equal(kv.database.held.length, 1, "the segment with the older cursor is under way");
  const rows = () => kv.database.disk.list(mailboxesRange, 10).length;
  assert.equal(rows(), 0);
  kv.database.judge = () => "made";
  kv.database.release();
  await settled;
  assert.equal(rows(), 1);
});
