import assert from "node:assert/strict";
import { FakeDatabase } from "./fake_database.ts";
import { idsOf, makeEntries, makeEntry } from "./fake_entries.ts";
import { countersKey, journalKey } from "./keys.ts";
import { cursorLine, entryLine, forgottenLine, removedLine, type StoredEntry } from "./lines.ts";
import { OwnedDatabase } from "./owned_database.ts";
import { replay, type Replayed } from "./replay.ts";
import { jsonValue, textWrites } from "./values.ts";

/** Rows that are read at once: `replay.ts`. */
const PAGE_ROWS = 32;

/** Replays segments of some lines, numbered from one on. */
async function replaySegments(
  segments: readonly string[],
  counters?: { segment: number; position: number },
): Promise<Replayed> {
  const owned = await OwnedDatabase.take(new FakeDatabase(), {}, () => {});
  for (const [index, text] of segments.entries()) {
    await owned.write(textWrites(text, (part) => journalKey(index + 1, part)));
  }
  if (counters) await owned.write([{ key: countersKey, value: jsonValue(counters) }]);
  return await replay(owned, []);
}

/** The unsettled entries of a mailbox. */
function tailOf({ mailboxes }: Replayed, user: string): StoredEntry[] {
  const mailbox = mailboxes.get(user);
  const entries: StoredEntry[] = [];
  for (let index = 0;; index++) {
    const entry = mailbox?.at(index);
    if (entry === undefined) return entries;
    entries.push(entry);
  }
}

function linesOf(entries: readonly StoredEntry[]): string {
  return entries.map(entryLine).join("");
}

function cursor(device: string, position: number, live = false): string {
  return cursorLine("bob", device, { position, sent: position, live }, `0-${position}`);
}

Deno.test("replay() of an empty database begins at nothing", async () => {
  const { mailboxes, ...rest } = await replaySegments([]);
  assert.equal(mailboxes.size, 0);
  assert.deepEqual(rest, { withCid: [], segments: [], segment: 0, position: 0 });
});

Deno.test("replay() reads segments of several parts, however pages cut them", async () => {
  const body = "語".repeat(30_000);
  for (let singles = PAGE_ROWS - 3; singles <= PAGE_ROWS + 1; singles++) {
    const small = makeEntries(Array.from({ length: singles }, (_, index) => index + 1));
    const large = makeEntry(singles + 1, { body });
    const after = makeEntry(singles + 2);
    const entries = [...small, large, after];
    const replayed = await replaySegments(entries.map(entryLine));
    assert.deepEqual(tailOf(replayed, "bob"), entries, `${singles} rows before it`);
    assert.deepEqual(replayed.segments.map(({ parts }) => parts), [
      ...small.map(() => 1),
      2,
      1,
    ]);
    assert.equal(replayed.segment, entries.length);
    assert.equal(replayed.position, singles + 2);
  }
});

Deno.test("replay() begins behind what was cut, and takes its numbers on", async () => {
  const entries = makeEntries([1, 2, 3]);
  const replayed = await replaySegments(entries.map(entryLine), { segment: 2, position: 2 });
  assert.deepEqual(idsOf(tailOf(replayed, "bob")), ["m3"]);
  assert.deepEqual(replayed.segments.map(({ number, parts, last }) => ({ number, parts, last })), [
    { number: 3, parts: 1, last: 3 },
  ]);
  const cut = await replaySegments([], { segment: 9, position: 70 });
  assert.deepEqual([cut.segment, cut.position, cut.segments], [9, 70, []]);
});

Deno.test("replay() never goes below the counter of positions", async () => {
  const segments = ["", "", linesOf([makeEntry(5)])];
  const { position, segments: read } = await replaySegments(segments, { segment: 2, position: 9 });
  assert.equal(position, 9);
  assert.deepEqual(read.map(({ last }) => last), [9]);
});

Deno.test("replay() reads a commit that brought no line", async () => {
  const replayed = await replaySegments(["", linesOf([makeEntry(1)])]);
  assert.deepEqual(replayed.segments.map(({ last }) => last), [0, 1]);
});

Deno.test("replay() puts a copied entry into both mailboxes", async () => {
  const replayed = await replaySegments([linesOf([makeEntry(1, { copied: true }), makeEntry(2)])]);
  assert.deepEqual(idsOf(tailOf(replayed, "bob")), ["m1", "m2"]);
  assert.deepEqual(idsOf(tailOf(replayed, "alice")), ["m1"]);
});

Deno.test("replay() takes the last cursor of a device", async () => {
  const { mailboxes } = await replaySegments([
    cursor("phone", 1) + cursor("web", 2) +
    cursor("phone", 3),
  ]);
  const bob = mailboxes.get("bob");
  assert.equal(bob?.cursors.get("phone")?.position, 3);
  assert.equal(bob?.cursors.get("web")?.position, 2);
  assert.equal(`${bob?.acknowledged}`, "0-3");
});

Deno.test("replay() takes it that a connected device was sent everything", async () => {
  const { mailboxes } = await replaySegments([
    cursor("phone", 0, true) + cursor("web", 0),
    linesOf([makeEntry(1)]),
  ]);
  const bob = mailboxes.get("bob");
  assert.deepEqual(bob?.cursors.get("phone")?.sent, 1);
  assert.deepEqual(bob?.cursors.get("phone")?.live, false);
  assert.deepEqual(bob?.cursors.get("web")?.sent, 0);
});

Deno.test("replay() forgets a device at its line, and knows one that came back", async () => {
  const lines = cursor("phone", 1) + forgottenLine("bob", "phone", 4);
  const { mailboxes } = await replaySegments([lines]);
  const bob = mailboxes.get("bob");
  assert.deepEqual([...bob?.cursors.keys() ?? []], []);
  assert.deepEqual([...bob?.forgotten ?? []], ["phone"]);
  assert.equal(bob?.born, 4);
  const back = (await replaySegments([lines + cursor("phone", 4)])).mailboxes.get("bob");
  assert.equal(back?.cursors.get("phone")?.position, 4);
  assert.deepEqual([...back?.forgotten ?? []], []);
});

Deno.test("replay() drops all that stands before a user's end", async () => {
  const before = linesOf([
    makeEntry(1, { copied: true, cid: "a" }),
    makeEntry(2, { sender: "bob", to: "alice", cid: "b" }),
  ]) + cursor("phone", 1);
  const after = linesOf([makeEntry(3), makeEntry(4, { sender: "bob", to: "alice", cid: "c" })]);
  const replayed = await replaySegments([before, removedLine("bob") + after]);
  assert.deepEqual(idsOf(tailOf(replayed, "bob")), ["m3"]);
  assert.equal(replayed.mailboxes.get("bob")?.cursors.size, 0);
  assert.deepEqual(idsOf(tailOf(replayed, "alice")), ["m1", "m2", "m4"]);
  assert.deepEqual(idsOf(replayed.withCid), ["m1", "m4"]);
});

Deno.test("replay() throws at a segment that lost a part", async () => {
  const owned = await OwnedDatabase.take(new FakeDatabase(), {}, () => {});
  const [first, second] = textWrites(
    entryLine(makeEntry(1, { body: "語".repeat(30_000) })),
    (part) => journalKey(1, part),
  );
  assert.ok(first && second);
  await owned.write([first]);
  await assert.rejects(replay(owned, []));
});
