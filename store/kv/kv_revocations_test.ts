import assert from "node:assert/strict";
import { StoreUnavailableError } from "../store.ts";
import { quiet } from "./fake_clock.ts";
import { FakeKv } from "./fake_kv.ts";

/** Keys on disk of what is refused. */
function keysOf(kv: FakeKv): string[] {
  const rows = kv.database.disk.list({ start: ["revoked"], end: ["revokee"] });
  return rows.map(({ key }) => String(key[0]));
}

function sweep(kv: FakeKv): Promise<void> {
  return kv.store.sweeper.sweep(() => Promise.resolve());
}

Deno.test("KvRevocations.get() asks the disk once", async () => {
  await using kv = await FakeKv.open();
  await kv.store.revocations.revokeUser("bob", 7);
  let calls = 0;
  kv.database.judge = () => {
    calls++;
    return "made";
  };
  assert.deepEqual(await kv.store.revocations.get("bob", "t"), { before: 7, token: false });
  assert.equal(calls, 1);
});

Deno.test("KvRevocations.sweep() leaves nothing of tokens that have ended, to the fraction", async () => {
  await using kv = await FakeKv.open([]);
  const { revocations } = kv.store;
  const now = kv.clock.now();
  const tokens = Array.from({ length: 120 }, (_, index) => `t${index}`);
  await Promise.all(tokens.map((token) => revocations.revokeToken(token, now + 10)));
  await revocations.revokeToken("fraction", now + 10.5);
  // Refused twice, until the later time.
  await revocations.revokeToken("t0", now + 20);
  await kv.clock.pass(9);
  await sweep(kv);
  assert.equal(keysOf(kv).length, 2 * 121 + 1);
  await kv.clock.pass(1);
  await sweep(kv);
  assert.deepEqual(keysOf(kv), [
    ...Array(2).fill("revoked_token_expiries"),
    ...Array(2).fill("revoked_tokens"),
  ]);
  assert.equal((await revocations.get("", "fraction")).token, true);
  await kv.clock.pass(1);
  await sweep(kv);
  assert.equal((await revocations.get("", "fraction")).token, false);
  assert.equal((await revocations.get("", "t0")).token, true);
  await kv.clock.pass(9);
  await sweep(kv);
  assert.deepEqual(keysOf(kv), []);
});

Deno.test("KvRevocations keeps no name in clear, not of a user nor of a token", async () => {
  await using kv = await FakeKv.open(["somebody"]);
  await kv.store.revocations.revokeUser("somebody", 7);
  await kv.store.revocations.revokeToken("some-token", kv.clock.now() + 1000);
  await kv.store.users.remove("somebody");
  const rows = kv.database.disk.list({ start: ["revoked"], end: ["revokee"] });
  assert.equal(rows.length, 3);
  for (const { key, value } of rows) {
    const text = key.join(" ") + new TextDecoder().decode(value);
    assert.ok(!/somebody|some-token/.test(text), text);
  }
});

Deno.test("KvRevocations.revokeToken() of many at once takes few commits", async () => {
  await using kv = await FakeKv.open([]);
  const { commits } = kv.database;
  const tokens = Array.from({ length: 200 }, (_, index) => `t${index}`);
  const until = kv.clock.now() + 1000;
  await Promise.all(tokens.map((token) => kv.store.revocations.revokeToken(token, until)));
  assert.ok(kv.database.commits - commits <= 6, `${kv.database.commits - commits} commits`);
});

Deno.test("KvRevocations.revokeUser() resolves when it is on disk, and not where the disk refuses", async () => {
  await using kv = await FakeKv.open([]);
  const { revocations } = kv.store;
  kv.database.hold();
  let isDone = false;
  const revoking = revocations.revokeUser("bob", 7).then(() => isDone = true);
  await quiet();
  assert.equal(isDone, false);
  assert.equal((await revocations.get("bob", "t")).before, 0);
  kv.database.judge = () => "made";
  kv.database.release();
  await revoking;
  kv.database.failOnce("refused");
  await assert.rejects(revocations.revokeUser("bob", 9), StoreUnavailableError);
  assert.equal((await revocations.get("bob", "t")).before, 7);
  await revocations.revokeUser("bob", 9);
  await kv.reopen();
  assert.equal((await kv.store.revocations.get("bob", "t")).before, 9);
});

Deno.test("KvRevocations.sweep() that the disk interrupts is finished by the next one", async () => {
  for (const fault of ["refused", "unanswered"] as const) {
    await using kv = await FakeKv.open([]);
    const until = kv.clock.now() + 10;
    const tokens = Array.from({ length: 70 }, (_, index) => `t${index}`);
    await Promise.all(tokens.map((token) => kv.store.revocations.revokeToken(token, until)));
    await kv.clock.pass(10);
    const first = kv.database.commits + 1;
    kv.database.judge = (kind, commits) => kind === "commit" && commits >= first ? fault : "made";
    const sweeping = sweep(kv);
    sweeping.catch(() => {});
    await quiet();
    await kv.reopen();
    await sweep(kv);
    assert.deepEqual(keysOf(kv), [], fault);
  }
});
