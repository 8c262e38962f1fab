import assert from "node:assert/strict";
import type { StoreLimits } from "../store.ts";
import { idsOf, makeEntries, makeEntry, TEST_TIME } from "./fake_entries.ts";
import type { StoredEntry } from "./lines.ts";
import type { Cursor } from "./cursor.ts";
import { Mailbox } from "./mailbox.ts";

const LIMITS: StoreLimits = { mailboxMessages: 3, mailboxBytes: 100, backlogBytes: 1000 };

/** A mailbox with devices at some positions, none of them connected. */
function makeMailbox(devices: Readonly<Record<string, number>> = {}): Mailbox {
  const mailbox = new Mailbox("bob");
  mailbox.load(null, 0);
  for (const [device, position] of Object.entries(devices)) {
    mailbox.cursors.set(device, {
      device,
      position,
      sent: position,
      live: false,
      reach: undefined,
      readers: 0,
    });
  }
  return mailbox;
}

/** Entries go through a mailbox as they do in a commit. */
function append(mailbox: Mailbox, entries: readonly StoredEntry[]): void {
  for (const entry of entries) mailbox.reserve(entry, TEST_TIME);
  for (const entry of entries) mailbox.add(entry);
}

function tailOf(mailbox: Mailbox): string[] {
  return idsOf(mailbox.toSettle(Infinity));
}

function cursorOf(mailbox: Mailbox, device: string): Cursor {
  const cursor = mailbox.cursors.get(device);
  assert.ok(cursor);
  return cursor;
}

Deno.test("Mailbox.advance() trims what every device has acknowledged", () => {
  const mailbox = makeMailbox({ phone: 0, web: 0 });
  append(mailbox, makeEntries([1, 2, 3]));
  assert.equal(mailbox.advance(cursorOf(mailbox, "phone"), 3), true);
  assert.deepEqual(tailOf(mailbox), ["m1", "m2", "m3"]);
  mailbox.advance(cursorOf(mailbox, "web"), 2);
  assert.deepEqual(tailOf(mailbox), ["m3"]);
  assert.equal(mailbox.held.messages, 1);
  assert.ok(mailbox.acknowledged.has(3) && !mailbox.acknowledged.has(4));
});

Deno.test("Mailbox.advance() never moves a cursor back (I3)", () => {
  const mailbox = makeMailbox({ phone: 2 });
  const cursor = cursorOf(mailbox, "phone");
  assert.equal(mailbox.advance(cursor, 2), false);
  assert.equal(mailbox.advance(cursor, 1), false);
  assert.deepEqual([cursor.position, mailbox.moves], [2, 0]);
});

Deno.test("Mailbox.at() and indexAfter() find entries after many were trimmed", () => {
  const mailbox = makeMailbox({ phone: 0 });
  const positions = Array.from({ length: 100 }, (_, index) => 2 * index + 1);
  append(mailbox, makeEntries(positions));
  for (let upTo = 0; upTo <= 200; upTo++) {
    mailbox.advance(cursorOf(mailbox, "phone"), upTo);
    const next = positions.find((position) => position > upTo);
    assert.equal(mailbox.at(mailbox.indexAfter(upTo))?.position, next, `after ${upTo}`);
    assert.equal(mailbox.held.messages, positions.filter((at) => at > upTo).length);
  }
  assert.equal(mailbox.isSettled, true);
});

Deno.test("Mailbox.settle() moves entries to the rows and changes nothing of what it holds", () => {
  const mailbox = makeMailbox({ phone: 0 });
  append(mailbox, makeEntries([1, 2, 3]));
  const { held } = mailbox;
  mailbox.settle(mailbox.toSettle(2), 2);
  assert.deepEqual(tailOf(mailbox), ["m3"]);
  assert.equal(mailbox.settled, 2);
  assert.equal(mailbox.rows.messages, 2);
  assert.deepEqual(mailbox.held, held);
});

Deno.test("Mailbox.settle() counts right what was acknowledged or came while it was written", () => {
  const mailbox = makeMailbox({ phone: 0 });
  append(mailbox, makeEntries([1, 2]));
  const entries = mailbox.toSettle(2);
  mailbox.advance(cursorOf(mailbox, "phone"), 1);
  append(mailbox, [makeEntry(3)]);
  mailbox.settle(entries, 2);
  assert.deepEqual(tailOf(mailbox), ["m3"]);
  // The row still has the acknowledged one, until it is compacted.
  assert.equal(mailbox.rows.messages, 2);
  mailbox.drop(entries);
  assert.equal(mailbox.held.messages, 1);
});

Deno.test("Mailbox.settle() never takes the settled position back", () => {
  const mailbox = makeMailbox();
  mailbox.settle([], 5);
  mailbox.settle([], 3);
  assert.equal(mailbox.settled, 5);
});

Deno.test("Mailbox.isFull() counts messages to the limit, on their way or not", () => {
  const mailbox = makeMailbox();
  const entries = makeEntries([1, 2, 3], { body: "x" });
  for (const entry of entries) {
    assert.equal(mailbox.isFull(entry, LIMITS), false);
    mailbox.reserve(entry, TEST_TIME);
  }
  const next = makeEntry(4, { body: "x" });
  assert.equal(mailbox.isFull(next, LIMITS), true);
  mailbox.release(makeEntry(3, { body: "x" }));
  assert.equal(mailbox.isFull(next, LIMITS), false);
});

Deno.test("Mailbox.isFull() counts bytes to the limit and refuses one past it", () => {
  const mailbox = makeMailbox();
  append(mailbox, [makeEntry(1, { bytes: 60 })]);
  assert.equal(mailbox.isFull(makeEntry(2, { bytes: 40 }), LIMITS), false);
  assert.equal(mailbox.isFull(makeEntry(2, { bytes: 41 }), LIMITS), true);
});

Deno.test("Mailbox.isFull() counts receipts apart, twice as many", () => {
  const mailbox = makeMailbox();
  const receipts = makeEntries([1, 2, 3, 4, 5, 6], { kind: "receipt", bytes: 90 });
  append(mailbox, receipts.slice(1));
  assert.equal(mailbox.isFull(makeEntry(7, { kind: "receipt" }), LIMITS), false);
  append(mailbox, receipts.slice(0, 1));
  assert.equal(mailbox.isFull(makeEntry(7, { kind: "receipt" }), LIMITS), true);
  assert.equal(mailbox.isFull(makeEntry(7, { bytes: 100 }), LIMITS), false);
  assert.deepEqual(mailbox.held, { messages: 0, bytes: 0, receipts: 6 });
});

Deno.test("Mailbox.isExact() holds until an entry expires, a cursor moves or a row goes", () => {
  const spare = { messages: 1, bytes: 10, receipts: 0 };
  const rows = { messages: 3, bytes: 30, receipts: 0 };
  const recount = () => {
    const mailbox = makeMailbox({ phone: 0, web: 0 });
    mailbox.recounted(rows, 0, { until: TEST_TIME + 10, spare });
    assert.equal(mailbox.isExact(TEST_TIME + 9), true);
    assert.equal(mailbox.held.messages, 2);
    return mailbox;
  };
  assert.equal(recount().isExact(TEST_TIME + 10), false);
  const changes: ((mailbox: Mailbox) => void)[] = [
    (mailbox) => mailbox.advance(cursorOf(mailbox, "phone"), 1),
    (mailbox) => mailbox.forget("phone"),
    (mailbox) => mailbox.drop([]),
  ];
  for (const change of changes) {
    const mailbox = recount();
    change(mailbox);
    assert.equal(mailbox.isExact(TEST_TIME), false);
    assert.equal(mailbox.held.messages, 3);
  }
  const mailbox = recount();
  mailbox.reserve(makeEntry(9, { expires: TEST_TIME + 5 }), TEST_TIME);
  assert.equal(mailbox.isExact(TEST_TIME + 4), true);
  assert.equal(mailbox.isExact(TEST_TIME + 5), false);
});

Deno.test("Mailbox.rowsWithout() leaves alone what was not counted", () => {
  const mailbox = makeMailbox();
  mailbox.recounted({ messages: 2, bytes: 20, receipts: 0 }, 5, null);
  const entries = makeEntries([4, 5, 6], { bytes: 10 });
  assert.deepEqual(mailbox.rowsWithout(entries), { messages: 1, bytes: 10, receipts: 0 });
  mailbox.drop(entries);
  assert.equal(mailbox.rows.messages, 1);
});

Deno.test("Mailbox.forget() frees what only the forgotten device waited for", () => {
  const mailbox = makeMailbox({ phone: 0, web: 2 });
  append(mailbox, makeEntries([1, 2, 3]));
  mailbox.forget("phone");
  assert.deepEqual(tailOf(mailbox), ["m3"]);
});

Deno.test("Mailbox.forget() of the last device keeps gone what it had acknowledged", () => {
  const mailbox = makeMailbox({ phone: 2 });
  append(mailbox, [makeEntry(3)]);
  mailbox.forget("phone");
  assert.deepEqual([mailbox.born, mailbox.lowestCursor()], [2, 2]);
  assert.deepEqual(tailOf(mailbox), ["m3"]);
});

Deno.test("Mailbox.load() takes a row that is older than what the journal brought", () => {
  const mailbox = new Mailbox("bob");
  for (const entry of makeEntries([4, 5, 6])) mailbox.replay(entry);
  const state = { position: 5, sent: 5, live: false };
  mailbox.cursors.set("phone", { device: "phone", ...state, reach: undefined, readers: 0 });
  mailbox.forgotten = new Set(["web"]);
  const old = { position: 1, sent: 1, live: false };
  mailbox.load({
    settled: 4,
    last: 4,
    acknowledged: "0-3",
    born: 0,
    counted: 0,
    rows: { messages: 2, bytes: 20, receipts: 0 },
    expires: 99,
    cursors: [["phone", old], ["web", old], ["desk", old]],
  }, 6);
  assert.deepEqual(tailOf(mailbox), ["m5", "m6"]);
  assert.deepEqual([mailbox.last, mailbox.settled, `${mailbox.acknowledged}`], [6, 4, "0-3"]);
  assert.deepEqual([...mailbox.cursors.keys()].sort(), ["desk", "phone"]);
  assert.equal(cursorOf(mailbox, "phone").position, 5);
  assert.equal(mailbox.held.messages, 4);
  assert.equal(mailbox.expiry.time, 99);
  assert.equal(mailbox.isLoaded, true);
});

Deno.test("Mailbox.load() of a new mailbox begins before its first entry, or at the end", () => {
  const mailbox = new Mailbox("bob");
  mailbox.replay(makeEntry(7));
  mailbox.load(null, 9);
  assert.deepEqual([mailbox.born, mailbox.settled], [6, 6]);
  const empty = new Mailbox("bob");
  empty.load(null, 9);
  assert.deepEqual([empty.born, empty.settled], [9, 9]);
});

Deno.test("Mailbox.toRow() says what load() takes back", () => {
  const mailbox = makeMailbox({ phone: 0 });
  append(mailbox, makeEntries([1, 2, 3]));
  mailbox.advance(cursorOf(mailbox, "phone"), 1);
  mailbox.settle(mailbox.toSettle(3), 3);
  mailbox.expiry.done(99);
  const loaded = new Mailbox("bob");
  loaded.load(JSON.parse(JSON.stringify(mailbox.toRow())), 3);
  assert.deepEqual(loaded.toRow(), mailbox.toRow());
  assert.deepEqual(loaded.held, mailbox.held);
});

Deno.test("Mailbox.newCursor() begins at the oldest entry, or behind the newest of a device that is late", () => {
  const mailbox = makeMailbox();
  append(mailbox, makeEntries([3, 4]));
  assert.deepEqual(mailbox.newCursor("phone", "newest"), {
    device: "phone",
    position: 0,
    sent: 0,
    live: true,
    reach: undefined,
    readers: 0,
  });
  assert.deepEqual([...mailbox.cursors.keys()], []);
  const late = makeMailbox({ phone: 3, web: 2 });
  append(late, makeEntries([3, 4]));
  assert.equal(late.newCursor("desk", "oldest").position, 2);
  assert.equal(late.newCursor("desk", "newest").position, 4);
});

Deno.test("Mailbox.interrupt() takes it that a connected device was sent everything", () => {
  const mailbox = makeMailbox({ phone: 1, web: 1 });
  cursorOf(mailbox, "phone").live = true;
  mailbox.interrupt(5);
  assert.deepEqual([cursorOf(mailbox, "phone").sent, cursorOf(mailbox, "web").sent], [5, 1]);
  assert.equal(cursorOf(mailbox, "phone").live, false);
});

Deno.test("Mailbox.isIdle is false while something waits or somebody reads", () => {
  const mailbox = makeMailbox({ phone: 0 });
  assert.equal(mailbox.isIdle, true);
  const entry = makeEntry(1);
  mailbox.reserve(entry, TEST_TIME);
  assert.equal(mailbox.isIdle, false);
  mailbox.add(entry);
  mailbox.settle([entry], 1);
  assert.equal(mailbox.isIdle, true);
  cursorOf(mailbox, "phone").readers = 1;
  assert.equal(mailbox.isIdle, false);
});
