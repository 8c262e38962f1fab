import assert from "node:assert/strict";
import { StoreUnavailableError } from "../store.ts";
import { FakeClock, quiet } from "./fake_clock.ts";
import { FakeDatabase } from "./fake_database.ts";
import { idsOf, makeEntry } from "./fake_entries.ts";
import { type Batch, entryBytes } from "./batch.ts";
import { Journal } from "./journal.ts";
import { journalKey, userKey } from "./keys.ts";
import { entryLine, parseLines, type StoredEntry } from "./lines.ts";
import type { Cursor } from "./cursor.ts";
import { Mailbox } from "./mailbox.ts";
import { OwnedDatabase } from "./owned_database.ts";
import { Segments } from "./segments.ts";
import { joinText } from "./values.ts";

/** Bytes of one commit, and how long cursors and questions wait: `journal.ts`. */
const BATCH_BYTES = 512 * 1024;
const CURSOR_DELAY_MS = 25;
const RETRY_DELAY_MS = 1000;
const FATE_DELAY_MS = 100;

/** A journal on a fake database, and what it told. */
class World {
  readonly database = new FakeDatabase();
  readonly clock = new FakeClock();
  /** Ids that a commit brought, a list a commit, and those of commits that failed. */
  readonly committed: string[][] = [];
  readonly failed: string[][] = [];
  /** Called in the turn in which a commit is told of. */
  told: () => void = () => {};
  readonly journal: Journal;

  private constructor(database: FakeDatabase, segments: Segments) {
    this.database = database;
    this.journal = new Journal(segments, this.clock, {
      committed: (batch) => {
        this.committed.push(idsOf(batch.entries));
        this.told();
      },
      failed: (batch) => void this.failed.push(idsOf(batch.entries)),
    }, { position: 0, segment: 0, segments: [] });
  }

  static async open(): Promise<World> {
    const database = new FakeDatabase();
    const owned = await OwnedDatabase.take(database, {}, () => {});
    const { segments } = await Segments.open(owned, null);
    return new World(database, segments);
  }

  /** Adds an entry to the next commit; the promise is the commit's. */
  add(part: Partial<StoredEntry> = {}): Promise<void> {
    const entry = makeEntry(this.journal.nextPosition(), part);
    const batch: Batch = this.journal.batch(entryBytes(entry));
    batch.addEntry(entry);
    return batch.done;
  }

  /** The text of a segment on disk, or null. */
  text(segment: number): string | null {
    const parts = this.database.disk.list({
      start: journalKey(segment, 0),
      end: journalKey(segment, Infinity),
    });
    return parts.length === 0 ? null : joinText(parts);
  }

  /** The devices whose cursors a segment has. */
  devices(segment: number): string[] {
    return [...parseLines(this.text(segment) ?? "")].flatMap((line) =>
      line.kind === "cursor" ? [line.device] : []
    );
  }
}

/** A mailbox of `bob` with so many devices that are at a position. */
function makeCursors(
  count: number,
  user = "bob",
  position = 1,
): { mailbox: Mailbox; cursors: Cursor[] } {
  const mailbox = new Mailbox(user);
  mailbox.load(null, 0);
  const cursors = Array.from({ length: count }, (_, index) => {
    const device = `d${index}`;
    const cursor = {
      device,
      position,
      sent: position,
      live: true,
      reach: undefined,
      readers: 1,
    };
    mailbox.cursors.set(device, cursor);
    return cursor;
  });
  return { mailbox, cursors };
}

/** Whether a promise is settled once nothing else goes on. */
async function isPending(promise: Promise<unknown>): Promise<boolean> {
  let pending = true;
  const settled = () => void (pending = false);
  promise.then(settled, settled);
  await quiet();
  return pending;
}

Deno.test("Journal.batch() puts what comes in one turn into one commit", async () => {
  const world = await World.open();
  await Promise.all([world.add(), world.add(), world.add()]);
  assert.deepEqual(world.committed, [["m1", "m2", "m3"]]);
  assert.equal(world.text(1), [1, 2, 3].map((at) => entryLine(makeEntry(at))).join(""));
  assertSegment(world, { number: 1, parts: 1, last: 3 });
});

Deno.test("Journal.batch() puts what comes during a commit into the next one", async () => {
  const world = await World.open();
  world.database.hold();
  const first = world.add();
  await quiet();
  const later = [world.add(), world.add()];
  await quiet();
  assert.equal(world.database.held.length, 1);
  world.database.release();
  await first;
  assert.deepEqual(world.committed, [["m1"]]);
  await quiet();
  world.database.release();
  await Promise.all(later);
  assert.deepEqual(world.committed, [["m1"], ["m2", "m3"]]);
  assert.deepEqual(world.journal.segments.map(({ last }) => last), [1, 3]);
});

Deno.test("Journal.batch() gives an idle disk 128 entries before the turn is over", async () => {
  const world = await World.open();
  world.database.hold();
  const early = Array.from({ length: 128 }, () => world.add());
  assert.equal(world.database.held.length, 0);
  const later = Array.from({ length: 70 }, () => world.add());
  assert.equal(world.database.held.length, 1);
  await quiet();
  assert.equal(world.database.held.length, 1, "One commit at a time");
  world.database.release();
  await Promise.all(early);
  assert.deepEqual(world.committed.map(({ length }) => length), [128]);
  await quiet();
  world.database.release();
  await Promise.all(later);
  assert.deepEqual(world.committed.map(({ length }) => length), [128, 70]);
  assert.deepEqual(world.journal.segments.map(({ last }) => last), [128, 198]);
});

Deno.test("Journal.batch() commits what its handler adds while it is told", async () => {
  const world = await World.open();
  let more: Promise<void>[] = [];
  world.told = () => {
    world.told = () => {};
    more = Array.from({ length: 129 }, () => world.add());
  };
  await world.add();
  await Promise.all(more);
  assert.deepEqual(world.committed.map(({ length }) => length), [1, 128, 1]);
});

Deno.test("Batch.done resolves only after the commit, and after its handler (I1)", async () => {
  const world = await World.open();
  world.database.hold();
  const done = world.add();
  assert.equal(await isPending(done), true);
  assert.deepEqual(world.committed, []);
  const told = done.then(() => world.committed.length);
  world.database.release();
  assert.equal(await told, 1);
});

Deno.test("Journal fails exactly what was in a commit that was refused", async () => {
  const world = await World.open();
  world.database.hold();
  const [first, second] = [world.add(), world.add()];
  await quiet();
  const third = world.add();
  const rejected = Promise.all(
    [first, second].map((done) => assert.rejects(done, StoreUnavailableError)),
  );
  world.database.release("refused");
  await rejected;
  await quiet();
  assert.deepEqual(world.failed, [["m1", "m2"]]);
  world.database.release();
  await third;
  assert.deepEqual(world.committed, [["m3"]]);
  assert.equal(world.text(1), null);
  assert.deepEqual(world.journal.segments.map(({ number }) => number), [2]);
  assert.equal(world.journal.backlogBytes, 0);
});

Deno.test("Journal takes a commit that threw and was made for what it is", async () => {
  const world = await World.open();
  world.database.failOnce("unanswered");
  await world.add();
  assert.deepEqual([world.committed, world.failed], [[["m1"]], []]);
  assertSegment(world, { number: 1, parts: 1, last: 1 });
});

Deno.test("Journal asks until the disk says what became of a commit that threw", async () => {
  for (const fault of ["refused", "unanswered"] as const) {
    const world = await World.open();
    const dead = () => "refused" as const;
    world.database.hold();
    const done = world.add();
    const outcome = done.then(() => "made", () => "failed");
    await quiet();
    world.database.judge = dead;
    world.database.release(fault);
    for (let question = 0; question < 3; question++) {
      assert.equal(await isPending(done), true);
      await world.clock.pass(FATE_DELAY_MS);
    }
    world.database.judge = () => "made";
    await world.clock.pass(FATE_DELAY_MS);
    assert.equal(await outcome, fault === "refused" ? "failed" : "made");
  }
});

Deno.test("Journal fails at once what another owner of the file prevented", async () => {
  const world = await World.open();
  await OwnedDatabase.take(new FakeDatabase(world.database.disk), {}, () => {});
  await assert.rejects(world.add(), StoreUnavailableError);
  assert.deepEqual(world.failed, [["m1"]]);
  assert.equal(world.clock.timers, 0);
});

Deno.test("Journal.note() has a cursor that waited ride with a commit that goes anyway", async () => {
  const world = await World.open();
  const { mailbox, cursors: [cursor] } = makeCursors(1);
  assert.ok(cursor);
  world.journal.note(cursor, mailbox);
  await world.add();
  assert.deepEqual(world.devices(1), []);
  world.database.hold();
  const [, second] = [world.add(), await quiet(), world.add()];
  await world.clock.pass(CURSOR_DELAY_MS);
  world.database.release();
  await quiet();
  world.database.release();
  await second;
  assert.deepEqual([world.devices(2), world.devices(3)], [[], ["d0"]]);
  const commits = world.database.commits;
  await world.clock.pass(10 * RETRY_DELAY_MS);
  assert.equal(world.database.commits, commits);
});

Deno.test("Journal.note() has a cursor go alone after 25 ms, at its newest position", async () => {
  const world = await World.open();
  const { mailbox, cursors: [cursor] } = makeCursors(1);
  assert.ok(cursor);
  world.journal.note(cursor, mailbox);
  await world.clock.pass(CURSOR_DELAY_MS - 1);
  assert.equal(world.text(1), null);
  cursor.position = 7;
  world.journal.note(cursor, mailbox);
  await world.clock.pass(1);
  const state = { position: 7, sent: 1, live: true };
  assert.deepEqual([...parseLines(world.text(1) ?? "")], [
    { kind: "cursor", user: "bob", device: "d0", state, acknowledged: "" },
  ]);
  assert.equal(world.clock.timers, 0);
});

Deno.test("Journal retries cursors of a failed commit later, and not in a hot loop", async () => {
  const world = await World.open();
  const { mailbox, cursors: [cursor] } = makeCursors(1);
  assert.ok(cursor);
  world.database.judge = (kind) => kind === "commit" ? "refused" : "made";
  world.journal.note(cursor, mailbox);
  await world.clock.pass(CURSOR_DELAY_MS);
  const { commits } = world.database;
  await world.clock.pass(RETRY_DELAY_MS - 1);
  assert.equal(world.database.commits, commits);
  world.database.judge = () => "made";
  await world.clock.pass(1);
  assert.deepEqual(world.devices(world.journal.segment), ["d0"]);
  assert.equal(world.clock.timers, 0);
});

Deno.test("Journal writes no line of a device that was forgotten since", async () => {
  const world = await World.open();
  const { mailbox, cursors } = makeCursors(2);
  for (const cursor of cursors) world.journal.note(cursor, mailbox);
  mailbox.forget("d0");
  await world.clock.pass(CURSOR_DELAY_MS);
  assert.deepEqual(world.devices(1), ["d1"]);
});

Deno.test("Journal writes no line of a user who was removed since", async () => {
  const world = await World.open();
  const { mailbox, cursors: [cursor] } = makeCursors(1);
  assert.ok(cursor);
  world.journal.note(cursor, mailbox);
  mailbox.isLoaded = false;
  await world.clock.pass(CURSOR_DELAY_MS);
  assert.equal(world.text(1), "");
});

Deno.test("Journal writes as many cursors in a commit as there is room for, and the next in the next", async () => {
  for (const [name, acknowledged] of [["bob", 0], ["b".repeat(128), 16]] as const) {
    const world = await World.open();
    const { mailbox, cursors } = makeCursors(3000, name);
    for (let gap = 0; gap < acknowledged; gap++) mailbox.acknowledged.add(gap * 1e9, gap * 1e9 + 1);
    for (const cursor of cursors) world.journal.note(cursor, mailbox);
    await world.clock.pass(CURSOR_DELAY_MS);
    const commits = world.journal.segment;
    assert.ok(commits > 1, `${commits} commits`);
    const written = Array.from({ length: commits }, (_, index) => world.devices(index + 1)).flat();
    assert.deepEqual(written, cursors.map(({ device }) => device));
  }
});

function assertSegment(world: World, expected: { number: number; parts: number; last: number }) {
  const [segment, ...others] = world.journal.segments;
  assert.ok(segment !== undefined && others.length === 0);
  const { bytes, ...rest } = segment;
  assert.deepEqual(rest, expected);
  assert.ok(bytes > 0);
  assert.equal(world.journal.unsettledBytes, bytes);
}

Deno.test("Journal.batch() fills a commit to 512 KiB and begins the next one past it", async () => {
  const world = await World.open();
  const batch = world.journal.batch(BATCH_BYTES - 1);
  assert.equal(world.journal.batch(1), batch);
  assert.notEqual(world.journal.batch(1), batch);
  assert.equal(world.journal.backlogBytes, BATCH_BYTES + 1);
  await world.journal.flush();
  assert.equal(world.journal.segment, 2);
  assert.equal(world.journal.backlogBytes, 0);
});

Deno.test("Journal.batch() begins a commit where 100 other writes are in one", async () => {
  const world = await World.open();
  const [first, second] = Array.from({ length: 101 }, (_, index) => {
    const batch = world.journal.batch(1);
    batch.writes.push({ key: userKey(`u${index}`), value: new Uint8Array() });
    return batch;
  }).filter((batch, index, all) => all.indexOf(batch) === index);
  assert.deepEqual([first?.writes.length, second?.writes.length], [100, 1]);
  await world.journal.flush();
  assert.deepEqual(world.database.violations, []);
});

Deno.test("Journal.batch() refuses what fits in no commit, and takes nothing of it", async () => {
  const world = await World.open();
  assert.throws(() => world.journal.batch(BATCH_BYTES + 1), RangeError);
  assert.equal(world.journal.backlogBytes, 0);
  assert.ok(world.journal.batch(BATCH_BYTES));
  await world.journal.flush();
});

Deno.test("entryBytes() is never less than the line of an entry with the longest fields", () => {
  const id = "語".repeat(42);
  const short = "語".repeat(21);
  const print = "f".repeat(64);
  const entry = makeEntry(Number.MAX_SAFE_INTEGER, {
    id: "0".repeat(36),
    sender: id,
    from: id,
    to: id,
    device: short,
    cid: short,
    fingerprint: print,
    time: 2 ** 52,
    expires: 2 ** 52,
    body: "語".repeat(16 * 1024),
  });
  assert.ok(entryBytes(entry) >= new TextEncoder().encode(entryLine(entry)).length);
});

Deno.test("Journal writes a full commit in parts, within the limits of the database", async () => {
  const world = await World.open();
  const { mailbox, cursors } = makeCursors(3000, "b".repeat(128));
  for (let gap = 0; gap < 16; gap++) mailbox.acknowledged.add(gap * 1e9, gap * 1e9 + 1);
  for (const cursor of cursors) world.journal.note(cursor, mailbox);
  const body = "語".repeat(16 * 1024);
  const all = Array.from({ length: 10 }, () => world.add({ body }));
  await Promise.all([...all, world.journal.flush()]);
  assert.deepEqual(world.committed[0]?.length, 10);
  const entries = [...parseLines(world.text(1) ?? "")].filter(({ kind }) => kind === "entry");
  assert.equal(entries.length, 10);
  assert.ok(world.devices(1).length > 10);
  assert.ok((world.journal.segments[0]?.parts ?? 0) >= 8);
  assert.deepEqual(world.database.violations, []);
});

Deno.test("Journal.cut() forgets the segments up to a number", async () => {
  const world = await World.open();
  for (let index = 0; index < 3; index++) await world.add();
  world.journal.cut(2);
  assert.deepEqual(world.journal.segments.map(({ number }) => number), [3]);
});

Deno.test("Journal.close() writes what waits, cursors too, and refuses what comes after", async () => {
  const world = await World.open();
  const { mailbox, cursors: [cursor] } = makeCursors(1);
  assert.ok(cursor);
  world.journal.note(cursor, mailbox);
  const done = world.add();
  const closed = world.journal.close();
  assert.throws(() => world.journal.batch(1), StoreUnavailableError);
  await Promise.all([done, closed]);
  assert.deepEqual(world.devices(1), ["d0"]);
  assert.deepEqual(world.committed, [["m1"]]);
  assert.equal(world.clock.timers, 0);
});

Deno.test("Journal.close() ends where the disk refuses cursors to the last", async () => {
  const world = await World.open();
  const { mailbox, cursors: [cursor] } = makeCursors(1);
  assert.ok(cursor);
  world.journal.note(cursor, mailbox);
  world.database.judge = () => "refused";
  await world.journal.close();
  assert.equal(world.clock.timers, 0);
});
