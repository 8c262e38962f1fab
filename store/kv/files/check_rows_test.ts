import assert from "node:assert/strict";
import type { Key, Write } from "../database.ts";
import {
  chunksRange,
  cidKey,
  deviceKey,
  emailKey,
  expiriesRange,
  journalKey,
  mailboxKey,
  outboxKey,
  pushKey,
  removalKey,
  revokedTokenKey,
  userKey,
} from "../keys.ts";
import { jsonValue, parseJson } from "../values.ts";
import { fillStore, insertRows, makeFile, openStore, spoilPages } from "./fake_files.ts";
import { kvFiles } from "./kv_files.ts";
import { Snapshot } from "./snapshot.ts";

const NOTHING = new Uint8Array();
const ADDRESS = { provider: "fcm", token: "token of bob" } as const;

type File = Awaited<ReturnType<typeof makeFile>>;

/** Changes the JSON of a row. */
function changed(
  path: string,
  key: Key,
  change: (value: Record<string, unknown>) => object,
): Write {
  using rows = Snapshot.open(path);
  const row = rows.get(key);
  assert.ok(row, `no row ${key}`);
  return { key, value: jsonValue(change(parseJson(row.value))) };
}

/** The key of the only row of a range. */
function only(path: string, range: Parameters<Snapshot["some"]>[0]): Key {
  using rows = Snapshot.open(path);
  const found = rows.some(range, 10);
  assert.equal(found.length, 1);
  return found[0]?.key ?? [];
}

/** The first cid of a file. */
function anyCid(path: string): Key {
  using rows = Snapshot.open(path);
  return rows.some({ start: ["cids"], end: ["cids", Infinity] }, 1)[0]?.key ?? [];
}

const DAMAGE: readonly {
  readonly name: string;
  readonly writes: (path: string) => Write[];
  readonly problems: readonly RegExp[];
  readonly mendable: boolean;
}[] = [
  {
    name: "an e-mail address that is not in the index",
    writes: () => [{ key: emailKey("bob@example.org", "bob"), value: null }],
    problems: [/^User "bob" is not found by the e-mail address$/],
    mendable: true,
  },
  {
    name: "an e-mail address of nobody",
    writes: () => [{ key: emailKey("x@example.org", "bob"), value: NOTHING }],
    problems: [/^An e-mail address finds user "bob", who has not got it$/],
    mendable: true,
  },
  {
    name: "a push address that is not in the index",
    writes: () => [{ key: pushKey(ADDRESS), value: null }],
    problems: [/^Device "phone" of "bob" is not found by its push address$/],
    mendable: true,
  },
  {
    name: "a push address of nobody",
    writes: () => [{ key: deviceKey("bob", "phone"), value: null }],
    problems: [/^A push address finds device "phone" of "bob", which has not got it$/],
    mendable: true,
  },
  {
    name: "a push address of two devices",
    writes: (path) => [
      changed(path, deviceKey("alice", "phone"), (device) => ({
        ...device,
        push: { ...ADDRESS, registered: 0 },
      })),
    ],
    problems: [/^Device "phone" of "alice" has the push address of another/, /token|push address/],
    mendable: false,
  },
  {
    name: "a device of nobody",
    writes: () => [{
      key: deviceKey("dave", "phone"),
      value: jsonValue({ user: "dave", id: "phone", seen: 0 }),
    }],
    problems: [/^Device "phone" of "dave" belongs to nobody$/],
    mendable: true,
  },
  {
    name: "an expiry that is not in the index",
    writes: (path) => [{ key: only(path, expiriesRange(1e15)), value: null }],
    problems: [/^Mailbox of "bob" is not found when its messages expire$/],
    mendable: true,
  },
  {
    name: "a debt that is not in the outbox",
    writes: () => [{ key: outboxKey("bob"), value: null }],
    problems: [/^Mailbox of "bob" is not in the outbox, and owes a push$/],
    mendable: true,
  },
  {
    name: "a debt of nobody",
    writes: () => [{ key: outboxKey("alice"), value: jsonValue([["phone", "fcm"]]) }],
    problems: [/^The outbox says something else of "alice" than the mailbox$/],
    mendable: true,
  },
  {
    name: "a refused token that is gone",
    writes: () => [{ key: revokedTokenKey("leaked"), value: null }],
    problems: [/^A time stands for a refused token that is not there$/],
    mendable: true,
  },
  {
    name: "a cursor past the newest message",
    writes: (path) => [
      changed(path, mailboxKey("bob"), (row) => ({
        ...row,
        cursors: [["phone", { position: 99, sent: 99, live: false }]],
      })),
    ],
    problems: [/^Mailbox of "bob" has a cursor of device "phone" past the newest message of all$/],
    mendable: false,
  },
  {
    name: "messages that are gone",
    writes: (path) => {
      using rows = Snapshot.open(path);
      return rows.some(chunksRange("bob", 0), 9).map(({ key }) => ({ key, value: null }));
    },
    problems: [/^Mailbox of "bob" counts \d messages in its rows: there are none$/],
    mendable: false,
  },
  {
    name: "messages that cannot be read",
    writes: () => [{ key: ["messages", "bob", 2, 0], value: new Uint8Array([1, 2, 3]) }],
    problems: [/^Messages of "bob" up to 2 cannot be read$/],
    mendable: false,
  },
  {
    name: "messages of nobody",
    writes: () => [{ key: ["messages", "dave", 2, 0], value: NOTHING }],
    problems: [/^Messages of "dave" belong to nobody$/],
    mendable: false,
  },
  {
    name: "a cid that nobody forgets",
    writes: () => [{
      key: cidKey("mark", "cid"),
      value: jsonValue({ id: "m", time: 1, fingerprint: "", expires: 2 }),
    }],
    problems: [/^A cid is in no list by which it is forgotten in time$/],
    mendable: false,
  },
  {
    name: "a cid that is damaged",
    writes: (path) => [{ key: anyCid(path), value: NOTHING }],
    problems: [/^A row of the kind "cids" cannot be read$/],
    mendable: false,
  },
  {
    name: "a journal that cannot be read",
    writes: () => [{ key: journalKey(1e6, 0), value: new TextEncoder().encode("what?") }],
    problems: [/^The journal cannot be read: a server would not start$/],
    mendable: false,
  },
  {
    name: "a user who cannot be read",
    writes: () => [{ key: userKey("eve"), value: NOTHING }],
    problems: [/^A row of the kind "users" cannot be read$/],
    mendable: false,
  },
  {
    name: "rows of another program",
    writes: () => [1, 2, 3].map((part) => ({ key: ["games", part], value: NOTHING })),
    problems: [/^Rows of the kind "games" are not known here$/],
    mendable: false,
  },
];

/** Expects a check to find these problems, and no others. */
async function expectProblems(file: File, problems: readonly RegExp[]): Promise<void> {
  const found = (await file.findings()).map(({ problem }) => problem);
  assert.equal(found.length, problems.length, found.join("\n"));
  for (const [index, problem] of problems.entries()) assert.match(found[index] ?? "", problem);
}

Deno.test("checkRows() finds nothing in a good file, and counts what is there", async () => {
  await using file = await makeFile();
  using snapshot = kvFiles.open(file.path);
  const counts = await snapshot.check(({ problem }) => assert.fail(problem));
  assert.deepEqual(counts, { users: 3, devices: 3, mailboxes: 3, messages: 4 });
});

for (const { name, writes, problems, mendable } of DAMAGE) {
  Deno.test(`checkRows() finds ${name}`, async () => {
    await using file = await makeFile();
    await file.damage(writes(file.path));
    await expectProblems(file, problems);
    const findings = await file.findings();
    assert.equal(findings.every(({ mend }) => mend.length > 0), mendable);
    if (!mendable) return;
    await kvFiles.mend(file.path, findings);
    await expectProblems(file, []);
  });
}

Deno.test("checkRows() finds nothing in a file that a server is writing", async () => {
  await using file = await makeFile();
  await using store = await openStore(file.path);
  await store.users.remove("alice");
  await store.users.create({ id: "alice", registered: 0 });
  await expectProblems(file, []);
  await store.users.remove("bob");
  await expectProblems(file, []);
  await store.users.remove("alice");
  await store.users.remove("carol");
  await fillStore(store);
  await expectProblems(file, []);
});

Deno.test("checkRows() knows that a removal goes on at the next start", async () => {
  await using file = await makeFile();
  await file.damage([
    { key: userKey("bob"), value: null },
    { key: emailKey("bob@example.org", "bob"), value: null },
    { key: mailboxKey("bob"), value: null },
    { key: outboxKey("bob"), value: null },
    { key: removalKey("bob"), value: NOTHING },
  ]);
  await expectProblems(file, []);
  {
    await using _store = await openStore(file.path);
  }
  await expectProblems(file, []);
});

Deno.test("checkRows() tells of pages that SQLite cannot use, and mends nothing there", async () => {
  await using file = await makeFile();
  const users = Array.from({ length: 500 }, (_, n) => `${n}`.padStart(200, "u"));
  for (let from = 0; from < users.length; from += 100) {
    await file.damage(
      users.slice(from, from + 100).map((id) => ({
        key: userKey(id),
        value: jsonValue({ id, email: `${id}@example.org` }),
      })),
    );
  }
  spoilPages(file.path);
  const findings = await file.findings();
  assert.match(findings[0]?.problem ?? "", /^SQLite says: /);
  assert.match(findings.at(-1)?.problem ?? "", /^The rest cannot be read: /);
  assert.ok(findings.every(({ mend }) => mend.length === 0));
});

Deno.test("checkRows() tells of rows that are none of Titan's, and looks at the others", async () => {
  await using file = await makeFile();
  await file.damage([{ key: emailKey("bob@example.org", "bob"), value: null }]);
  insertRows(file.path, [[0x02, 0x61]]);
  await expectProblems(file, [
    /^A row is none of Titan's$/,
    /^User "bob" is not found by the e-mail address$/,
  ]);
});
