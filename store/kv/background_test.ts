import assert from "node:assert/strict";
import { CID_MS_MIN } from "../../limits.ts";
import { quiet } from "./fake_clock.ts";
import { FakeKv } from "./fake_kv.ts";

/** How often the journal is settled: `background.ts`. */
const SETTLE_MS = 2000;

/** Commits in one sweep of these tests, at most. */
const COMMITS_MAX = 20;

/** Rows of a kind on disk. */
function rowsOf(kv: FakeKv, kind: "journal" | "messages"): number {
  return kv.database.disk.list({ start: [kind], end: [kind, Infinity] }).length;
}

Deno.test("Background settles what is two seconds old, and leaves what is younger", async () => {
  await using kv = await FakeKv.open();
  await kv.clock.pass(SETTLE_MS);
  await kv.clock.pass(SETTLE_MS);
  await kv.send(["m1"]);
  await kv.clock.pass(SETTLE_MS);
  assert.deepEqual([rowsOf(kv, "messages"), rowsOf(kv, "journal")], [0, 1]);
  await kv.send(["m2"]);
  await kv.clock.pass(SETTLE_MS);
  assert.deepEqual([rowsOf(kv, "messages"), rowsOf(kv, "journal")], [1, 1]);
  await kv.clock.pass(SETTLE_MS);
  assert.deepEqual([rowsOf(kv, "messages"), rowsOf(kv, "journal")], [2, 0]);
  assert.deepEqual(await kv.ids("bob"), ["m1", "m2"]);
});

Deno.test("Background deletes the rows that everybody has acknowledged", async () => {
  await using kv = await FakeKv.open();
  await kv.store.mailboxes.attach("bob", "phone", "oldest");
  await kv.send(["m1"]);
  await kv.store.mailboxes.settle();
  assert.equal(rowsOf(kv, "messages"), 1);
  kv.store.mailboxes.acknowledge("bob", "phone", kv.positionOf("m1"));
  await kv.clock.pass(SETTLE_MS);
  assert.equal(rowsOf(kv, "messages"), 0);
});

Deno.test("Background tells of work that failed, and tries it again", async () => {
  await using kv = await FakeKv.open();
  await kv.send(["m1"]);
  await kv.clock.pass(SETTLE_MS);
  kv.database.judge = (kind) => kind === "commit" ? "refused" : "made";
  await kv.clock.pass(SETTLE_MS);
  assert.equal(kv.failures.length, 1);
  kv.database.judge = () => "made";
  await kv.clock.pass(SETTLE_MS);
  assert.equal(kv.failures.length, 1);
  assert.deepEqual([rowsOf(kv, "messages"), rowsOf(kv, "journal")], [1, 0]);
  assert.deepEqual(await kv.ids("bob"), ["m1"]);
});

Deno.test("Background.stop() leaves no timer behind", async () => {
  const kv = await FakeKv.open();
  assert.equal(kv.clock.timers, 1);
  await kv[Symbol.asyncDispose]();
  assert.equal(kv.clock.timers, 0);
});

Deno.test("Background.stop() leaves no timer behind a job that runs", async () => {
  const kv = await FakeKv.open();
  await kv.send(["m1"]);
  await kv.clock.pass(SETTLE_MS);
  kv.database.hold();
  await kv.clock.pass(SETTLE_MS);
  assert.equal(kv.database.held.length, 1);
  const closed = kv[Symbol.asyncDispose]();
  kv.database.release();
  await closed;
  assert.equal(kv.clock.timers, 0);
  assert.deepEqual(kv.failures, []);
});

Deno.test("Background.sweep() lets the handler append, and tells again where it throws", async () => {
  await using kv = await FakeKv.open();
  await kv.send(["m1"], { expires: kv.clock.now() + 1000, receipt: true });
  await kv.clock.pass(1000);
  const failing = kv.store.sweeper.sweep(() => Promise.reject(new Error("Cannot tell")));
  await assert.rejects(failing, /Cannot tell/);
  const told: string[] = [];
  await kv.store.sweeper.sweep(async (entries) => {
    told.push(...entries.map(({ id }) => id));
    await kv.send(["r1"], { sender: "bob", to: "alice", kind: "receipt" });
  });
  assert.deepEqual(told, ["m1"]);
  assert.deepEqual(await kv.ids("alice"), ["r1"]);
});

Deno.test("Background.sweep() forgets no cid that is used again meanwhile (I5)", async () => {
  for (let commit = 1; commit < COMMITS_MAX; commit++) {
    await using kv = await FakeKv.open();
    await kv.send(["m1"], { cid: "c1" });
    await kv.store.mailboxes.settle();
    await kv.clock.pass(CID_MS_MIN);
    const held = kv.database.commits + commit;
    kv.database.judge = (kind, commits) => kind === "commit" && commits === held ? "held" : "made";
    const sweeping = kv.store.sweeper.sweep(() => Promise.resolve());
    await quiet();
    if (kv.database.held.length === 0) {
      assert.ok(commit > 2, `only ${commit} commits were tried`);
      return await sweeping;
    }
    await kv.send(["m2"], { cid: "c1" });
    const settling = kv.store.mailboxes.settle();
    await quiet();
    kv.database.release();
    await Promise.all([sweeping, settling]);
    const outcome = await kv.append("m3", { cid: "c1" });
    assert.equal(outcome?.kind, "duplicate", `while commit ${commit} is made`);
  }
  throw new Error("Cannot test the sweep: it does not end");
});
