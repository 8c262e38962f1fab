import assert from "node:assert/strict";
import type { DiskFault } from "../../tests/simulation/sim_call.ts";
import { Expiry } from "./expiry.ts";
import { quiet } from "./fake_clock.ts";
import { FakeKv } from "./fake_kv.ts";
import { chunksRange, expiriesRange, expiryKey, expiryUser, mailboxKey } from "./keys.ts";
import { parseLines } from "./lines.ts";
import type { MailboxRow } from "./mailbox_row.ts";
import { parseJson } from "./values.ts";

const FAULTS: readonly DiskFault[] = ["refused", "unanswered"];

const HOUR_MS = 3600 * 1000;

/** Commits in one {@linkcode live}, at most; the tests end where none fails. */
const COMMITS_MAX = 100;

/** Whether writes put (true) or delete (false) each time of `bob`. */
function timesOf(expiry: Expiry, time: number): Map<number, boolean> {
  const writes = expiry.writes("bob", time);
  for (const { key } of writes) assert.deepEqual(key, expiryKey(Number(key[1]), "bob"));
  return new Map(writes.map(({ key, value }) => [Number(key[1]), value !== null]));
}

function move(expiry: Expiry, time: number): void {
  expiry.begin(time);
  expiry.done(time);
}

Deno.test("Expiry.writes() moves the one row, and writes nothing where it is there already", () => {
  const expiry = new Expiry();
  assert.deepEqual(timesOf(expiry, Infinity), new Map());
  assert.deepEqual(timesOf(expiry, 7), new Map([[7, true]]));
  move(expiry, 7);
  assert.equal(expiry.time, 7);
  assert.deepEqual(timesOf(expiry, 7), new Map());
  assert.deepEqual(timesOf(expiry, 5), new Map([[7, false], [5, true]]));
  assert.deepEqual(timesOf(expiry, Infinity), new Map([[7, false]]));
});

Deno.test("Expiry.load() takes what a row says, also one that does not say", () => {
  for (const [loaded, time] of [[7, 7], [null, Infinity], [undefined, Infinity]] as const) {
    const expiry = new Expiry();
    expiry.load(loaded);
    assert.equal(expiry.time, time);
    assert.deepEqual(timesOf(expiry, time), new Map());
  }
});

Deno.test("Expiry.writes() makes sure of all that a commit which threw may have left", () => {
  const expiry = new Expiry();
  move(expiry, 7);
  expiry.begin(5);
  expiry.begin(3);
  assert.equal(expiry.time, 7);
  assert.deepEqual(timesOf(expiry, 7), new Map([[5, false], [3, false], [7, true]]));
  assert.deepEqual(timesOf(expiry, 4), new Map([[7, false], [5, false], [3, false], [4, true]]));
  assert.deepEqual(timesOf(expiry, Infinity), new Map([[7, false], [5, false], [3, false]]));
  move(expiry, 7);
  assert.deepEqual(timesOf(expiry, 7), new Map());
});

/** Checks that the index finds everything that expires, and each mailbox its row in the index. */
function checkIndex(kv: FakeKv, where: string): void {
  const { disk } = kv.database;
  const index = new Map<string, number>();
  for (const { key } of disk.list(expiriesRange(Number.MAX_SAFE_INTEGER))) {
    assert.ok(!index.has(expiryUser(key)), `${where}: ${key.join(" ")} is a second one`);
    index.set(expiryUser(key), Number(key[1]));
  }
  for (const user of ["alice", "bob", "carol"]) {
    const row = disk.get(mailboxKey(user));
    const expires = row === null ? null : parseJson<MailboxRow>(row.value).expires;
    assert.equal(expires, index.get(user) ?? null, `${where}: ${user}`);
    for (const { value } of disk.list(chunksRange(user, 0))) {
      for (const line of parseLines(new TextDecoder().decode(value))) {
        assert.ok(
          line.kind === "entry" && expires !== null && line.entry.expires >= expires,
          where,
        );
      }
    }
  }
}

Deno.test("the index of expiries forgets a commit that threw, of entries that are no rows any more", async () => {
  for (const fault of FAULTS) {
    await using kv = await FakeKv.open();
    const { mailboxes } = kv.store;
    await mailboxes.attach("bob", "phone", "oldest");
    await kv.send(["m1"]);
    kv.database.failOnce(fault);
    await assert.rejects(mailboxes.settle());
    mailboxes.acknowledge("bob", "phone", kv.positionOf("m1"));
    await mailboxes.settle();
    checkIndex(kv, fault);
    assert.deepEqual(kv.database.disk.list(expiriesRange(Number.MAX_SAFE_INTEGER)), []);
  }
});

/** All that moves mailboxes in the index, each step whatever became of the one before. */
async function live(kv: FakeKv): Promise<void> {
  const { mailboxes, users, sweeper } = kv.store;
  const settle = () => mailboxes.settle();
  const send = (id: string, hours: number, to = "bob") =>
    kv.send([id], { to, expires: kv.clock.now() + hours * HOUR_MS });
  const steps: (() => Promise<unknown>)[] = [
    () => send("b1", 8),
    () => send("c1", 8, "carol"),
    settle,
    () => send("b2", 9),
    () => send("b3", 2),
    settle,
    () => send("b4", 1),
    () => send("c2", 3, "carol"),
    () => mailboxes.inspect("bob"),
    settle,
    () => kv.clock.pass(HOUR_MS),
    () => sweeper.sweep(() => Promise.resolve()),
    () => send("b5", 7),
    () => users.remove("carol"),
    () => kv.clock.pass(HOUR_MS),
    () => sweeper.sweep(settle),
  ];
  for (const step of steps) {
    // A commit whose fate cannot be asked goes on asking: nobody hears of it.
    step().catch(() => {});
    await quiet();
  }
}

Deno.test("the index of expiries misses nothing and keeps nobody, whichever commit fails", async () => {
  for (const fault of FAULTS) {
    for (const dies of [false, true]) {
      let failed = true;
      let commit = 0;
      while (failed) {
        commit++;
        assert.ok(commit < COMMITS_MAX, "Living ends");
        await using kv = await FakeKv.open(["alice", "bob", "carol"]);
        const failing = kv.database.commits + commit;
        if (dies) kv.database.dieAt(commit, fault);
        else {
          kv.database.judge = (kind, commits) =>
            kind === "commit" && commits === failing ? fault : "made";
        }
        await live(kv);
        failed = kv.database.commits >= failing;
        kv.database.judge = () => "made";
        if (dies) await kv.reopen();
        const where = `${fault}${dies ? ", dead" : ""} at ${commit}`;
        // What the disk interrupted is finished first.
        await kv.store.users.remove("carol");
        await kv.store.mailboxes.settle();
        checkIndex(kv, where);
        await kv.clock.pass(10 * HOUR_MS);
        await kv.store.sweeper.sweep(() => Promise.resolve());
        checkIndex(kv, where);
        for (const kind of ["messages", "expiries"]) {
          const rows = kv.database.disk.list({ start: [kind], end: [kind, Infinity] });
          assert.deepEqual(rows.map(({ key }) => key.join(" ")), [], where);
        }
      }
      assert.ok(commit > 10, `only ${commit} commits were tried`);
    }
  }
});
