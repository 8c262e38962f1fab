import assert from "node:assert/strict";
import { checkPushes, owedNow } from "./push_checker.ts";
import type { LifeRecord, PushHistory, PushRecord, SentRecord } from "./push_history.ts";

const MINUTE_MS = 60_000;

/** A life that was killed 10 s after it began. */
function life(ready: number, parts: Partial<LifeRecord> = {}): LifeRecord {
  return { aheadMs: 0, ready, ended: ready + 10_000, isStopped: false, ...parts };
}

function sent(seq: number, at: number, parts: Partial<SentRecord> = {}): SentRecord {
  return { seq, urgent: true, sentAt: at, acceptedAt: at + 5, ...parts };
}

function push(newest: number, at: number, parts: Partial<PushRecord> = {}): PushRecord {
  const answeredAt = at + 5;
  return {
    token: "aa",
    newest,
    urgent: true,
    at,
    life: 0,
    state: "accepted",
    answeredAt,
    ...parts,
  };
}

function history(
  messages: readonly SentRecord[],
  pushes: readonly PushRecord[],
  parts: { lives?: LifeRecord[]; acknowledged?: number[] } = {},
): PushHistory {
  const { lives = [life(0), life(20_000)], acknowledged = [] } = parts;
  const receiver = { user: "ann", token: "aa", sent: [...messages] };
  return {
    receivers: [{ ...receiver, acknowledged: new Set(acknowledged) }],
    pushes: [...pushes],
    lives,
  };
}

/** The names of those who are owed. */
function owed(run: PushHistory, serverNow: number): string[] {
  return owedNow(run, serverNow).map(({ user }) => user);
}

/** The rules that were broken. */
function broken(run: PushHistory): string[] {
  return checkPushes(run).violations.map(({ rule }) => rule);
}

Deno.test("checkPushes() finds a message that neither a push speaks for nor the device has", () => {
  assert.deepEqual(broken(history([sent(1, 10), sent(2, 20)], [push(2, 30)])), []);
  assert.deepEqual(broken(history([sent(1, 10), sent(2, 20)], [push(1, 30)])), ["owed"]);
  assert.deepEqual(broken(history([sent(1, 10)], [])), ["owed"]);
  assert.deepEqual(broken(history([sent(1, 10)], [], { acknowledged: [1] })), []);
  assert.deepEqual(broken(history([sent(1, 10, { acceptedAt: undefined })], [])), []);
});

Deno.test("checkPushes() counts no push that was refused, or held when its server died", () => {
  const gone = { answeredAt: undefined };
  const refused = push(1, 20, { ...gone, state: "refused" });
  const held = push(1, 20, { ...gone, state: "held" });
  assert.deepEqual(broken(history([sent(1, 10)], [refused])), ["owed"]);
  assert.deepEqual(broken(history([sent(1, 10)], [held])), ["owed"]);
  assert.deepEqual(broken(history([sent(1, 10)], [refused, push(1, 1000)])), []);
});

Deno.test("checkPushes() takes a second push for the same only where a crash cost the first", () => {
  const again = push(1, 25_000, { life: 1 });
  const late = sent(1, 9000);
  assert.deepEqual(broken(history([late], [push(1, 9990), again])), []);
  assert.deepEqual(broken(history([late], [push(1, 8000), push(1, 9999)])), ["twice"]);
  const third = { ...again, at: 27_000 };
  assert.deepEqual(broken(history([late], [push(1, 9100), again, third])), ["twice"]);
  const stopped = [life(0, { isStopped: true }), life(20_000)];
  assert.deepEqual(broken(history([late], [push(1, 9990), again], { lives: stopped })), ["twice"]);
  const held = push(1, 9100, { state: "held", answeredAt: undefined });
  assert.deepEqual(broken(history([late], [held, again])), []);
});

Deno.test("checkPushes() knows by later commits that a push was written", () => {
  const messages = [sent(1, 1000), sent(2, 5000)];
  const again = push(1, 25_000, { life: 1 });
  const rest = push(2, 30_000, { life: 1 });
  assert.deepEqual(broken(history(messages, [push(1, 4900), again, rest])), []);
  assert.deepEqual(broken(history(messages, [push(1, 4000), again, rest])), ["twice"]);
});

Deno.test("checkPushes() counts what came twice", () => {
  const again = push(1, 25_000, { life: 1 });
  const { figures } = checkPushes(history([sent(1, 9000)], [push(1, 9900), again]));
  assert.deepEqual([figures.duplicates, figures.repeats, figures.twiceMax], [1, 0, 1]);
  assert.equal(figures.unwrittenMsMax, 95);
});

Deno.test("checkPushes() finds pushes that come too soon, by the server's clock", () => {
  const hurry = [sent(1, 10), sent(2, 500)];
  assert.deepEqual(broken(history(hurry, [push(1, 20), push(2, 900)])), ["often"]);
  assert.deepEqual(broken(history(hurry, [push(1, 20), push(2, 1020)])), []);
  const messages = [sent(1, 10), sent(2, 5000, { urgent: false }), sent(3, 9000)];
  const soon = push(2, 5100, { urgent: false });
  const rest = push(3, 9100);
  assert.deepEqual(broken(history(messages, [push(1, 20), soon, rest])), ["often"]);
  const ahead = [life(0), life(20_000, { aheadMs: 21 * MINUTE_MS })];
  const then = push(3, 25_000, { urgent: false, life: 1 });
  assert.deepEqual(broken(history(messages, [push(1, 20), then], { lives: ahead })), []);
});

Deno.test("checkPushes() finds pushes for what nobody sent, and to nobody", () => {
  assert.deepEqual(broken(history([sent(1, 10)], [push(1, 20), push(2, 3000)])), ["nonsense"]);
  const stranger = push(1, 30, { token: "bb" });
  assert.deepEqual(broken(history([sent(1, 10)], [push(1, 20), stranger])), ["nonsense"]);
});

Deno.test("owedNow() leaves out whose ordinary messages may still wait", () => {
  const run = history([sent(1, 10), sent(2, 100, { urgent: false })], [push(1, 20)]);
  assert.deepEqual(owed(run, 10_000), []);
  assert.deepEqual(owed(run, 21 * MINUTE_MS), ["ann"]);
  assert.deepEqual(owed(history([sent(1, 10, { urgent: false })], []), 100), ["ann"]);
  const urgent = history([sent(1, 10, { urgent: false }), sent(2, 20)], [push(1, 15)]);
  assert.deepEqual(owed(urgent, 100), ["ann"]);
});
