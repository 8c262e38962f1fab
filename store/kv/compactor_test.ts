import assert from "node:assert/strict";
import type { Entry } from "../store.ts";
import type { DiskFault } from "../../tests/simulation/sim_call.ts";
import { FakeKv } from "./fake_kv.ts";

const FAULTS: readonly DiskFault[] = ["refused", "unanswered"];

/** Commits in one sweep of these tests, at most; the tests end where none fails. */
const COMMITS_MAX = 100;

/** So large that every message is a row of its own. */
const ROW_BODY = "x".repeat(60_000);

/** How many rows there are of a kind. */
function rowsOf(kv: FakeKv, kind: "messages" | "expiries"): number {
  return kv.database.disk.list({ start: [kind], end: [kind, Infinity] }).length;
}

/** Sweeps, and says the ids of what the handler heard. */
async function sweep(kv: FakeKv): Promise<string[]> {
  const told: string[] = [];
  await kv.store.sweeper.sweep((entries: readonly Entry[]) => {
    told.push(...entries.map(({ id }) => id));
    return Promise.resolve();
  });
  return told;
}

Deno.test("Compactor.compact() deletes the rows that every device has passed, and no other", async () => {
  await using kv = await FakeKv.open();
  const { mailboxes } = kv.store;
  for (const device of ["phone", "web"]) await mailboxes.attach("bob", device, "oldest");
  const ids = Array.from({ length: 40 }, (_, index) => `m${index}`);
  for (const id of ids) await kv.send([id], { body: ROW_BODY });
  await mailboxes.settle();
  assert.equal(rowsOf(kv, "messages"), 40);
  mailboxes.acknowledge("bob", "phone", kv.positionOf("m39"));
  await sweep(kv);
  assert.equal(rowsOf(kv, "messages"), 40);
  mailboxes.acknowledge("bob", "web", kv.positionOf("m29"));
  await sweep(kv);
  assert.equal(rowsOf(kv, "messages"), 10);
  assert.deepEqual(await kv.ids("bob", "web", kv.positionOf("m29")), ids.slice(30));
  assert.equal((await kv.waiting("bob")).messages, 10);
  await kv.store.mailboxes.forget("bob", "web");
  await sweep(kv);
  assert.equal(rowsOf(kv, "messages"), 0);
});

Deno.test("Compactor.compact() keeps a row of which a device has not passed the last", async () => {
  await using kv = await FakeKv.open();
  const { mailboxes } = kv.store;
  await mailboxes.attach("bob", "phone", "oldest");
  await kv.send(["m1", "m2", "m3"]);
  await mailboxes.settle();
  mailboxes.acknowledge("bob", "phone", kv.positionOf("m2"));
  await sweep(kv);
  assert.deepEqual(await kv.ids("bob", "phone", kv.positionOf("m2")), ["m3"]);
  assert.equal(rowsOf(kv, "messages"), 1);
});

Deno.test("Compactor.dropExpired() drops what has expired out of the middle of a row", async () => {
  await using kv = await FakeKv.open();
  const soon = kv.clock.now() + 1000;
  await kv.send(["m1"]);
  await kv.send(["m2"], { expires: soon, receipt: true });
  await kv.send(["m3"], { expires: soon });
  await kv.send(["m4"]);
  await kv.store.mailboxes.settle();
  await kv.clock.pass(999);
  assert.deepEqual(await sweep(kv), []);
  await kv.clock.pass(1);
  assert.deepEqual(await sweep(kv), ["m2"]);
  assert.deepEqual(await sweep(kv), []);
  assert.deepEqual(await kv.ids("bob"), ["m1", "m4"]);
  assert.equal((await kv.waiting("bob")).messages, 2);
  await kv.clock.pass(3600 * 1000);
  await sweep(kv);
  assert.deepEqual([rowsOf(kv, "messages"), rowsOf(kv, "expiries")], [0, 0]);
});

Deno.test("Compactor.dropExpired() works through more than one commit takes", async () => {
  const users = Array.from({ length: 120 }, (_, index) => `user${index}`);
  await using kv = await FakeKv.open(["alice", ...users]);
  const part = { expires: kv.clock.now() + 1000, receipt: true };
  for (const to of users) await kv.send([`m-${to}`], { ...part, to });
  await kv.store.mailboxes.settle();
  await kv.clock.pass(1000);
  assert.equal(new Set(await sweep(kv)).size, users.length);
  assert.deepEqual([rowsOf(kv, "messages"), rowsOf(kv, "expiries")], [0, 0]);
});

Deno.test("Sweeper.sweep() tells everything and keeps what lives where any commit fails", async () => {
  for (const fault of FAULTS) {
    for (const dies of [false, true]) {
      let failed = true;
      let commit = 0;
      while (failed) {
        commit++;
        assert.ok(commit < COMMITS_MAX, "Sweeping ends");
        const kv = await FakeKv.open(["alice", "bob", "carol"]);
        await kv.store.mailboxes.attach("bob", "phone", "oldest");
        const part = { expires: kv.clock.now() + 1000, receipt: true, cid: "c1" };
        await kv.send(["b0"]);
        await kv.store.mailboxes.settle();
        await kv.send(["b1"], part);
        await kv.store.mailboxes.settle();
        await kv.send(["b2"], { body: ROW_BODY });
        await kv.send(["c1"], { ...part, to: "carol", cid: "c2" });
        kv.store.mailboxes.acknowledge("bob", "phone", kv.positionOf("b0"));
        await kv.clock.pass(1000);
        if (dies) kv.database.dieAt(commit, fault);
        else {
          const failing = kv.database.commits + commit;
          kv.database.judge = (kind, commits) =>
            kind === "commit" && commits === failing ? fault : "made";
        }
        const told = new Set<string>();
        const tell = (entries: readonly Entry[]) => {
          for (const { id } of entries) told.add(id);
          return Promise.resolve();
        };
        failed = await kv.store.sweeper.sweep(tell).then(() => false, () => true);
        kv.database.judge = () => "made";
        if (dies) await kv.reopen();
        await kv.store.sweeper.sweep(tell);
        const where = `${fault}${dies ? ", dead" : ""} at ${commit}`;
        assert.deepEqual([...told].sort(), ["b1", "c1"], where);
        assert.ok((await kv.ids("bob")).includes("b2"), where);
        assert.equal((await kv.waiting("bob")).messages, 1, where);
        assert.equal((await kv.waiting("carol")).messages, 0, where);
        // What was passed before a crash goes with the next acknowledgement.
        assert.ok(rowsOf(kv, "messages") <= (dies ? 2 : 1), where);
        await kv[Symbol.asyncDispose]();
      }
      assert.ok(commit > 3, `only ${commit} commits were tried`);
    }
  }
});

Deno.test("Compactor.dropExpired() forgets no time of what became a row since it looked", async () => {
  await using kv = await FakeKv.open();
  const part = { expires: kv.clock.now() + 1000, receipt: true };
  await kv.send(["m1"], part);
  await kv.clock.pass(1000);
  await kv.store.sweeper.sweep(async () => {
    await kv.send(["m2"], part);
    await kv.store.mailboxes.settle();
  });
  assert.deepEqual(await sweep(kv), ["m2"]);
  assert.deepEqual([rowsOf(kv, "messages"), rowsOf(kv, "expiries")], [0, 0]);
});

Deno.test("Compactor.dropExpired() that is cut short leaves nothing that only a later time finds", async () => {
  for (const fault of FAULTS) {
    let failed = true;
    for (let commit = 1; failed; commit++) {
      assert.ok(commit < COMMITS_MAX, "Sweeping ends");
      await using kv = await FakeKv.open();
      const part = { expires: kv.clock.now() + 1000, body: ROW_BODY };
      await kv.send(["m1"], part);
      await kv.send(["m2"], { body: ROW_BODY });
      for (const id of ["m3", "m4"]) await kv.send([id], part);
      await kv.store.mailboxes.settle();
      assert.equal(rowsOf(kv, "messages"), 4);
      await kv.clock.pass(1000);
      kv.database.dieAt(commit, fault);
      failed = await sweep(kv).then(() => false, () => true);
      await kv.reopen();
      await sweep(kv);
      const left = [rowsOf(kv, "messages"), rowsOf(kv, "expiries")];
      assert.deepEqual(left, [1, 1], `${fault} at ${commit}`);
      assert.deepEqual(await kv.ids("bob"), ["m2"]);
    }
  }
});

Deno.test("Compactor.dropExpired() needs one commit for a mailbox of which a row has expired", async () => {
  await using kv = await FakeKv.open();
  await kv.send(["m1"], { expires: kv.clock.now() + 1000 });
  await kv.store.mailboxes.settle();
  await kv.clock.pass(1000);
  kv.database.committed.length = 0;
  await sweep(kv);
  const drops = kv.database.committed.filter((writes) =>
    writes.some(({ key }) => key[0] === "messages")
  );
  assert.deepEqual(drops.map((writes) => writes.some(({ key }) => key[0] === "expiries")), [true]);
});
