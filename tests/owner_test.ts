/**
 * One process owns a data directory: a second one is refused, and one that lost it writes nothing.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { DenoDatabase } from "../store/kv/deno_database.ts";
import { DenoJournalDirectory, type JournalDirectory } from "../store/kv/journal_files/mod.ts";
import { KvStore } from "../store/kv/kv_store.ts";
import { LostOwnerError } from "../store/kv/owned_database.ts";
import { type Draft, StoreUnavailableError } from "../store/mod.ts";
import { TestClient } from "./harness/client.ts";
import { startServer } from "./harness/server_process.ts";
import { runTitan } from "./harness/titan_process.ts";

const NOW = Date.UTC(2026, 0, 1);

Deno.test("two servers - the second on a data directory is refused and the first goes on", async () => {
  await using first = await startServer();
  const { dataDir } = first;
  await using alice = await TestClient.connect(first.url, { token: await first.token("alice") });

  const second = await runTitan({
    dataDir,
    args: ["serve"],
    env: { PORT: "0", TITAN_LOG: "json" },
  });
  assert.equal(second.code, 1);
  assert.equal(
    second.stderr,
    `titan: Cannot use the data directory "${dataDir}": process ${first.pid} uses it\n`,
  );
  assert.equal(second.stdout, "");

  await alice.sendMessage("alice", "still here");
  assert.equal((await alice.received(1))[0]?.message, "still here");
});

Deno.test("two servers - a directory is free again when its server was killed", async () => {
  await using first = await startServer();
  const { dataDir } = first;
  {
    await using alice = await TestClient.connect(first.url, {
      token: await first.token("alice"),
      acknowledge: false,
    });
    await alice.sendMessage("alice", "kept");
    await first.stop("SIGKILL");
  }
  await using second = await startServer({ dataDir });
  await using alice = await TestClient.connect(second.url, { token: await second.token("alice") });
  assert.equal((await alice.received(1))[0]?.message, "kept");
});

// The lock of the directory keeps this from happening between two servers; a file system without
// locks, or a second tool, does not.
Deno.test("KvStore - one that lost its file hears of it and writes nothing any more", async () => {
  const directory = await Deno.makeTempDir({ prefix: "titan-owner-" });
  const path = join(directory, "titan.kv");
  let lost = 0;
  try {
    const old = await open(path, () => lost++);
    await old.users.create({ id: "bob", registered: NOW });
    const attachment = await old.mailboxes.attach("bob", "phone", "oldest");
    assert.ok(attachment);
    await append(old, "before");

    const taken = await open(path, () => assert.fail("the newer owner lost the file"));
    assert.equal(lost, 0, "nobody looks before the next write");
    await assert.rejects(append(old, "after"), isLost);
    assert.ok(lost > 0);
    await assert.rejects(old.users.create({ id: "eve", registered: NOW }), isLost);
    await assert.rejects(old.mailboxes.attach("bob", "tablet", "oldest"), isLost);
    await assert.rejects(old.users.remove("bob"), isLost);
    // What it still does on its own account: a cursor, settling, and what closing writes.
    old.mailboxes.acknowledge("bob", "phone", attachment.tail + 1000);
    await old.mailboxes.settle().catch(() => {});
    await old[Symbol.asyncDispose]();

    await append(taken, "by the new owner");
    await taken[Symbol.asyncDispose]();
    const third = await open(path, () => assert.fail("nobody else is there"));
    assert.equal(await third.users.get("eve"), null);
    const reread = await third.mailboxes.attach("bob", "phone", "oldest");
    const page = await third.mailboxes.read("bob", "phone", 0, { messages: 10, bytes: 10_000 });
    assert.deepEqual(page.entries.map(({ id }) => id), ["before", "by the new owner"]);
    assert.equal(reread?.cursor, attachment.cursor);
    const state = await third.mailboxes.inspect("bob");
    assert.deepEqual([...state?.cursors.keys() ?? []], ["phone"]);
    await third[Symbol.asyncDispose]();
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("KvStore - one whose journal is in files keeps them, and whoever comes is refused", async () => {
  const directory = await Deno.makeTempDir({ prefix: "titan-owner-" });
  const path = join(directory, "titan.kv");
  const never = () => assert.fail("nobody lost the file");
  try {
    const first = await open(path, never, new DenoJournalDirectory(path));
    await first.users.create({ id: "bob", registered: NOW });
    await append(first, "one");
    for (const files of [new DenoJournalDirectory(path), null]) {
      await assert.rejects(open(path, never, files), StoreUnavailableError);
    }
    // It did not even notice.
    await append(first, "two");
    await first[Symbol.asyncDispose]();
    const next = await open(path, never, new DenoJournalDirectory(path));
    const page = await next.mailboxes.read("bob", "phone", 0, { messages: 10, bytes: 10_000 });
    assert.deepEqual(page.entries.map(({ id }) => id), ["one", "two"]);
    await next[Symbol.asyncDispose]();
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

/** Whether an error says that somebody else has the file, itself or by its cause. */
function isLost(error: unknown): boolean {
  if (error instanceof LostOwnerError) return true;
  return error instanceof StoreUnavailableError && isLost(error.cause);
}

async function open(
  path: string,
  lost: () => void,
  files: JournalDirectory | null = null,
): Promise<KvStore> {
  const database = await DenoDatabase.open(path);
  const options = {
    clock: { now: () => NOW, monotonic: () => 0, after: () => () => {} },
    limits: { mailboxMessages: 100, mailboxBytes: 100_000, backlogBytes: 100_000 },
    owner: { instance: "test" },
    epoch: "test",
    lost,
    failed: () => {},
  };
  try {
    return await KvStore.open(database, options, files);
  } catch (error) {
    database.close();
    throw error;
  }
}

async function append({ mailboxes }: KvStore, id: string): Promise<void> {
  const draft: Draft = {
    id,
    kind: "message",
    sender: "alice",
    from: "alice",
    to: "bob",
    device: "phone",
    time: NOW,
    expires: NOW + 3600 * 1000,
    receipt: false,
    urgent: false,
    body: `"${id}"`,
    bytes: id.length + 2,
  };
  assert.deepEqual(await mailboxes.append([draft]), [{ kind: "accepted" }]);
}
