import assert from "node:assert/strict";
import { TABLE_ENTRIES_MAX } from "../../limits.ts";
import { FakeDatabase } from "./fake_database.ts";
import { makeEntry } from "./fake_entries.ts";
import { mailboxKey, userKey } from "./keys.ts";
import { Mailbox } from "./mailbox.ts";
import { MailboxTable } from "./mailbox_table.ts";
import { OwnedDatabase } from "./owned_database.ts";
import { jsonValue } from "./values.ts";

/** The newest committed position at the start, and now. */
const START = 5;
const COMMITTED = 9;

async function open(replayed: readonly Mailbox[] = []) {
  const database = new FakeDatabase();
  const owned = await OwnedDatabase.take(database, {}, () => {});
  for (const id of ["alice", "bob"]) {
    await owned.write([{ key: userKey(id), value: jsonValue({ id, registered: 0 }) }]);
  }
  return { database, owned, table: new MailboxTable(owned, replayed, START, () => COMMITTED) };
}

Deno.test("MailboxTable.load() reads a mailbox once, however many ask", async () => {
  const { table, database } = await open();
  let reads = 0;
  database.judge = () => {
    reads++;
    return "made";
  };
  assert.equal(table.loaded("bob"), undefined);
  const [first, second] = await Promise.all([table.load("bob"), table.load("bob")]);
  assert.ok(first);
  assert.equal(first, second);
  assert.equal(table.load("bob"), first);
  assert.equal(table.loaded("bob"), first);
  assert.equal(first.born, COMMITTED);
  assert.equal(reads, 1);
});

Deno.test("MailboxTable.load() answers null where there is no user, and looks again", async () => {
  const { table, owned } = await open();
  assert.equal(await table.load("carol"), null);
  await owned.write([{ key: userKey("carol"), value: jsonValue({ id: "carol", registered: 0 }) }]);
  assert.ok(await table.load("carol"));
});

Deno.test("MailboxTable.load() fails where the disk does, and then works", async () => {
  const { table, database } = await open();
  database.judge = () => "refused";
  await assert.rejects(async () => await table.load("bob"));
  database.judge = () => "made";
  assert.ok(await table.load("bob"));
});

Deno.test("MailboxTable.load() puts a mailbox's row under what the journal brought", async () => {
  const replayed = new Mailbox("bob");
  replayed.replay(makeEntry(4));
  const gone = new Mailbox("carol");
  gone.replay(makeEntry(5, { to: "carol" }));
  const { table, owned } = await open([replayed, gone]);
  const earlier = new Mailbox("bob");
  earlier.load(null, 0);
  const state = { position: 1, sent: 1, live: true };
  earlier.cursors.set("phone", { device: "phone", ...state, reach: undefined, readers: 1 });
  await owned.write([{ key: mailboxKey("bob"), value: jsonValue(earlier.toRow()) }]);
  assert.equal(table.loaded("bob"), undefined);
  const mailbox = await table.load("bob");
  assert.equal(mailbox, replayed);
  assert.equal(mailbox.at(0)?.id, "m4");
  assert.deepEqual(mailbox.cursors.get("phone"), {
    device: "phone",
    position: 1,
    sent: START,
    live: false,
    reach: undefined,
    readers: 0,
  });
  assert.equal(await table.load("carol"), null);
});

Deno.test("MailboxTable.takeTouched() gives what was touched since, replayed ones first", async () => {
  const replayed = new Mailbox("bob");
  const { table } = await open([replayed]);
  assert.deepEqual([...table.takeTouched()], [replayed]);
  assert.deepEqual([...table.takeTouched()], []);
  table.touch(replayed);
  assert.deepEqual([...table.takeTouched()], [replayed]);
});

Deno.test("MailboxTable.block() hides a mailbox until it ends, or for good once removed", async () => {
  const { table } = await open();
  const mailbox = await table.load("bob");
  assert.ok(mailbox);
  const unblock = table.block("bob");
  assert.deepEqual([table.load("bob"), table.loaded("bob")], [null, undefined]);
  unblock();
  assert.equal(table.loaded("bob"), mailbox);
  const end = table.block("bob");
  table.touch(mailbox);
  table.remove("bob");
  end();
  assert.equal(table.loaded("bob"), undefined);
  assert.equal(mailbox.isLoaded, false);
  assert.deepEqual([...table.takeTouched()], []);
});

Deno.test("MailboxTable.evict() puts out the oldest that are idle, down to the limit", async () => {
  const mailboxes = Array.from({ length: TABLE_ENTRIES_MAX + 2 }, (_, index) => {
    const mailbox = new Mailbox(`user${index}`);
    mailbox.load(null, 0);
    return mailbox;
  });
  const [busy, touched, ...rest] = mailboxes;
  assert.ok(busy && touched);
  busy.reserve(makeEntry(1), 0);
  const { table } = await open(mailboxes);
  table.takeTouched();
  table.touch(touched);
  table.evict();
  const isOut = ({ user }: Mailbox) => table.loaded(user) === undefined;
  assert.deepEqual([busy, touched].map(isOut), [false, false]);
  assert.deepEqual(rest.filter(isOut), rest.slice(0, 2));
  assert.ok(rest.slice(0, 2).every(({ isLoaded }) => !isLoaded));
});
