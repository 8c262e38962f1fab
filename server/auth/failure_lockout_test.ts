import assert from "node:assert/strict";
import {
  ACCOUNT_FAILURES_MAX,
  ACCOUNT_FAILURES_MS,
  ADDRESS_FAILURES_MAX,
  ADDRESS_FAILURES_MS,
} from "../../limits.ts";
import { FailureLockout } from "./failure_lockout.ts";

/** A lockout with Titan's limits, on a clock that a test moves. */
function lockout(entries = 100) {
  let now = 7_000;
  const made = new FailureLockout({
    account: { failures: ACCOUNT_FAILURES_MAX, ms: ACCOUNT_FAILURES_MS },
    address: { failures: ADDRESS_FAILURES_MAX, ms: ADDRESS_FAILURES_MS },
    exempt: (address) => address === "127.0.0.1",
    entries,
    monotonic: () => now,
  });
  return { lockout: made, pass: (ms: number) => now += ms };
}

/** Fails a number of times and expects to be let in before each. */
function fail(on: FailureLockout, times: number, account: string | undefined, address: string) {
  for (let n = 1; n <= times; n++) {
    assert.equal(on.blocked(account, address), 0, `before failure ${n}`);
    on.failed(account, address);
  }
}

Deno.test("FailureLockout.blocked() makes an account wait after its last allowed failure", () => {
  const { lockout: lock, pass } = lockout();
  fail(lock, ACCOUNT_FAILURES_MAX, "ann", "10.0.0.1");
  assert.equal(lock.blocked("ann", "10.0.0.1"), ACCOUNT_FAILURES_MS);
  assert.equal(lock.blocked("bob", "10.0.0.1"), 0);
  pass(ACCOUNT_FAILURES_MS - 1);
  assert.equal(lock.blocked("ann", "10.0.0.1"), 1);
  pass(1);
  assert.equal(lock.blocked("ann", "10.0.0.1"), 0);
});

Deno.test("FailureLockout.blocked() starts a new count after a lock", () => {
  const { lockout: lock, pass } = lockout();
  fail(lock, ACCOUNT_FAILURES_MAX, "ann", "127.0.0.1");
  pass(ACCOUNT_FAILURES_MS);
  fail(lock, ACCOUNT_FAILURES_MAX, "ann", "127.0.0.1");
  assert.equal(lock.blocked("ann", "127.0.0.1"), ACCOUNT_FAILURES_MS);
});

Deno.test("FailureLockout.blocked() lets nobody lock an account for another address", () => {
  const { lockout: lock } = lockout();
  fail(lock, ACCOUNT_FAILURES_MAX, "ann", "10.0.0.1");
  assert.equal(lock.blocked("ann", "10.0.0.2"), 0);
});

Deno.test("FailureLockout.blocked() makes an address wait, whatever the account", () => {
  const { lockout: lock, pass } = lockout();
  for (let n = 0; n < ADDRESS_FAILURES_MAX - 1; n++) fail(lock, 1, `user${n}`, "10.0.0.1");
  fail(lock, 1, undefined, "10.0.0.1");
  assert.equal(lock.blocked("newcomer", "10.0.0.1"), ADDRESS_FAILURES_MS);
  assert.equal(lock.blocked(undefined, "10.0.0.1"), ADDRESS_FAILURES_MS);
  assert.equal(lock.blocked("newcomer", "10.0.0.2"), 0);
  pass(ADDRESS_FAILURES_MS);
  assert.equal(lock.blocked("newcomer", "10.0.0.1"), 0);
});

Deno.test("FailureLockout.blocked() counts an IPv6 /64 as one address", () => {
  const { lockout: lock } = lockout();
  for (let n = 0; n < ADDRESS_FAILURES_MAX; n++) fail(lock, 1, undefined, `2001:db8::${n}`);
  assert.equal(lock.blocked(undefined, "2001:db8::ffff"), ADDRESS_FAILURES_MS);
  assert.equal(lock.blocked(undefined, "2001:db8:0:1::1"), 0);
});

Deno.test("FailureLockout.blocked() never blocks an exempt address, only accounts from it", () => {
  const { lockout: lock } = lockout();
  fail(lock, ADDRESS_FAILURES_MAX * 2, undefined, "127.0.0.1");
  assert.equal(lock.blocked(undefined, "127.0.0.1"), 0);
  fail(lock, ACCOUNT_FAILURES_MAX, "ann", "127.0.0.1");
  assert.equal(lock.blocked("ann", "127.0.0.1"), ACCOUNT_FAILURES_MS);
});

Deno.test("FailureLockout.failed() forgets failures that lie too far apart", () => {
  const { lockout: lock, pass } = lockout();
  fail(lock, ACCOUNT_FAILURES_MAX - 1, "ann", "127.0.0.1");
  pass(ACCOUNT_FAILURES_MS);
  fail(lock, ACCOUNT_FAILURES_MAX - 1, "ann", "127.0.0.1");
  assert.equal(lock.blocked("ann", "127.0.0.1"), 0);
});

Deno.test("FailureLockout.succeeded() clears the account and not the address", () => {
  const { lockout: lock } = lockout();
  fail(lock, ACCOUNT_FAILURES_MAX - 1, "ann", "10.0.0.1");
  lock.succeeded("ann", "10.0.0.1");
  fail(lock, ACCOUNT_FAILURES_MAX - 1, "ann", "10.0.0.1");
  assert.equal(lock.blocked("ann", "10.0.0.1"), 0);
  fail(lock, ADDRESS_FAILURES_MAX - 2 * (ACCOUNT_FAILURES_MAX - 1), undefined, "10.0.0.1");
  assert.equal(lock.blocked(undefined, "10.0.0.1"), ADDRESS_FAILURES_MS);
});

Deno.test("FailureLockout.enter() lets as many try at once as may fail, in their order", async () => {
  const { lockout: lock } = lockout();
  fail(lock, 1, "ann", "127.0.0.1");
  const entered: number[] = [];
  const leaves: (() => void)[] = [];
  const tries = Array.from({ length: ACCOUNT_FAILURES_MAX + 2 }, async (_, index) => {
    leaves.push(await lock.enter("ann", "127.0.0.1"));
    entered.push(index);
  });
  await Promise.all(tries.slice(0, ACCOUNT_FAILURES_MAX - 1));
  await new Promise((resolve) => setTimeout(resolve));
  assert.equal(entered.length, ACCOUNT_FAILURES_MAX - 1);
  // Another account, and the same at another address, have places of their own.
  (await lock.enter("bob", "127.0.0.1"))();
  (await lock.enter("ann", "10.0.0.1"))();
  // One that failed gives no place back; one that did not does.
  lock.failed("ann", "127.0.0.1");
  leaves.shift()?.();
  await new Promise((resolve) => setTimeout(resolve));
  assert.equal(entered.length, ACCOUNT_FAILURES_MAX - 1);
  leaves.shift()?.();
  await tries[ACCOUNT_FAILURES_MAX - 1];
  while (entered.length < tries.length) {
    leaves.shift()?.();
    await new Promise((resolve) => setTimeout(resolve));
  }
  assert.deepEqual(entered, tries.map((_, index) => index));
});

Deno.test("FailureLockout.enter() lets all who wait go on to hear of a lock", async () => {
  const { lockout: lock } = lockout();
  const results = await Promise.all(Array.from({ length: 50 }, async (_, index) => {
    const leave = await lock.enter(`user${index}`, "10.0.0.1");
    const isBlocked = lock.blocked(`user${index}`, "10.0.0.1") > 0;
    if (!isBlocked) lock.failed(`user${index}`, "10.0.0.1");
    leave();
    return isBlocked;
  }));
  assert.equal(results.filter((isBlocked) => !isBlocked).length, ADDRESS_FAILURES_MAX);
});

Deno.test("FailureLockout.failed() remembers a bounded number of accounts", () => {
  const { lockout: lock } = lockout(3);
  for (const account of ["a", "b", "c"]) fail(lock, ACCOUNT_FAILURES_MAX, account, "127.0.0.1");
  for (const account of ["a", "b", "c"]) assert.ok(lock.blocked(account, "127.0.0.1") > 0);
  fail(lock, 1, "d", "127.0.0.1");
  assert.equal(lock.blocked("a", "127.0.0.1"), 0);
  for (const account of ["b", "c"]) assert.ok(lock.blocked(account, "127.0.0.1") > 0);
});

Deno.test("FailureLockout.failed() takes any name for an account, however long", () => {
  const { lockout: lock } = lockout();
  for (const account of ["constructor", "__proto__", "x".repeat(8_000)]) {
    fail(lock, ACCOUNT_FAILURES_MAX, account, "127.0.0.1");
    assert.equal(lock.blocked(account, "127.0.0.1"), ACCOUNT_FAILURES_MS);
  }
});
