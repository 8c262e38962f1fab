/**
 * Files of the embedded store for tests: with all kinds of rows in them, and some damage.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { makeDraft } from "../fake_entries.ts";
import type { Finding } from "../../store_files.ts";
import type { Write } from "../database.ts";
import { DenoDatabase } from "../deno_database.ts";
import { DenoJournalDirectory } from "../journal_files/mod.ts";
import { KvStore } from "../kv_store.ts";
import { kvFiles } from "./kv_files.ts";

const HOUR_MS = 3_600_000;

/** Opens the store of a file. */
export async function openStore(path: string, epoch = "first"): Promise<KvStore> {
  return await KvStore.open(await DenoDatabase.open(path), {
    clock: { now: () => 1000, monotonic: () => 0, after: () => () => {} },
    limits: { mailboxMessages: 1000, mailboxBytes: 1e6, backlogBytes: 1e6 },
    owner: { instance: "test" },
    epoch,
    lost: () => assert.fail("somebody else opened the store"),
    failed: (error) => assert.fail(`the store failed: ${error}`),
  }, new DenoJournalDirectory(path));
}

/** Puts some of everything into a store: settled, and in the journal. */
export async function fillStore({ users, devices, mailboxes, revocations }: KvStore) {
  for (const id of ["alice", "bob", "carol"]) {
    assert.ok(await users.create({ id, registered: 0, email: `${id}@example.org` }));
    const push = { provider: "fcm", token: `token of ${id}`, registered: 0 } as const;
    const phone = { user: id, id: "phone", seen: 0, push };
    assert.equal((await devices.change(id, "phone", 10, () => phone)).kind, "changed");
  }
  await mailboxes.attach("carol", "tablet", "oldest");
  const draft = (id: string) =>
    makeDraft(id, { time: 1000, expires: 1000 + HOUR_MS, cid: `cid ${id}`, fingerprint: "f" });
  await mailboxes.append(["m1", "m2", "m3"].map(draft));
  await revocations.revokeUser("mallory", 5);
  await revocations.revokeToken("leaked", HOUR_MS);
  await mailboxes.settle();
  await mailboxes.setAside("bob", "phone", { ...draft("aside"), position: 1 });
  await mailboxes.append([draft("m4")]);
  mailboxes.acknowledge("bob", "phone", 1);
}

/** A file with some of everything, closed in good order. Disposing of it removes it. */
export async function makeFile() {
  const directory = await Deno.makeTempDir({ prefix: "titan-" });
  const path = join(directory, "titan.kv");
  {
    await using store = await openStore(path);
    await fillStore(store);
  }
  return {
    path,
    /** Writes past the store. */
    async damage(writes: readonly Write[]): Promise<void> {
      const database = await DenoDatabase.open(path);
      assert.ok(await database.commit([], writes));
      database.close();
    },
    /** What a check finds. */
    async findings(): Promise<readonly Finding[]> {
      using snapshot = kvFiles.open(path);
      const findings: Finding[] = [];
      await snapshot.check((finding) => findings.push(finding));
      return findings;
    },
    [Symbol.asyncDispose]: () => Deno.remove(directory, { recursive: true }),
  };
}

/** Puts rows with these bytes for keys into a file, past Deno KV. */
export function insertRows(path: string, keys: readonly (readonly number[])[]): void {
  const database = new DatabaseSync(path);
  const sql = "INSERT INTO kv (k, v, v_encoding, version, seq) VALUES (?, ?, 3, 1, 1)";
  for (const key of keys) database.prepare(sql).run(Uint8Array.from(key), new Uint8Array(1));
  database.close();
}

/** Makes some pages in the middle of a file that nobody uses unreadable. */
export function spoilPages(path: string): void {
  const database = new DatabaseSync(path);
  database.exec("PRAGMA journal_mode = DELETE");
  database.close();
  using file = Deno.openSync(path, { read: true, write: true });
  const middle = Math.floor(file.statSync().size / 4096 / 2);
  file.seekSync(middle * 4096, Deno.SeekMode.Start);
  file.writeSync(new Uint8Array(2 * 4096).fill(0x55));
}
