/**
 * The {@linkcode StoreFiles} of the embedded store.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import type { Finding, StoredRow, StoreFiles, StoreSnapshot } from "../../store_files.ts";
import { StoreUnavailableError } from "../../store.ts";
import { checkRows } from "./check_rows.ts";
import { COMMIT_BYTES_MAX, type Key, type Write, WRITES_MAX } from "../database.ts";
import { DenoDatabase } from "../deno_database.ts";
import { epochKey, journalFilesKey, journalKey, ownerKey } from "../keys.ts";
import { DenoJournalDirectory, journalPath, journalSlots } from "../journal_files/mod.ts";
import { byteWrites } from "../values.ts";
import { keyBytes } from "./key_bytes.ts";
import { Snapshot } from "./snapshot.ts";

/** Rows of one life of a file, which no other file needs. */
const OWN_KEYS: ReadonlySet<string> = new Set(
  [ownerKey, epochKey, journalFilesKey].map((key) => key.join("\n")),
);

/** Changes of one commit while a file is filled: nobody waits for it, so many at once. */
const FILL_WRITES_MAX = 5 * WRITES_MAX;

/** Bytes of the keys of one commit: Deno KV takes 80 KiB. */
const FILL_KEYS_BYTES_MAX = 64 * 1024;

/** How long to wait for whoever is just closing a file, in milliseconds. */
const LOCK_MS_MAX = 5000;

/** What else SQLite may keep beside a database. */
const BESIDE = ["-wal", "-shm", "-journal"];

/** The files of the embedded store: one each. */
export const kvFiles: StoreFiles = {
  open: (path) => new KvSnapshot(Snapshot.open(path)),
  fill,
  isThere,
  mend,
  replace,
};

/** A moment of a file. */
class KvSnapshot implements StoreSnapshot {
  readonly count: number;
  readonly #rows: Snapshot;

  constructor(rows: Snapshot) {
    this.#rows = rows;
    this.count = rows.count();
  }

  *rows(): Generator<StoredRow> {
    // A file that is filled has no others beside it: all of its journal is in rows.
    for (const { number, text } of this.#rows.records) {
      for (const { key, value } of byteWrites(text, (part) => journalKey(number, part))) {
        if (value !== null) yield { key, value };
      }
    }
    for (const { key, value } of this.#rows.all()) {
      if (!isOwn(key)) yield { key, value };
    }
  }

  check(found: (finding: Finding) => void, note: (rows: number) => void = () => {}) {
    return checkRows(this.#rows, found, note);
  }

  release(): void {
    try {
      this.#rows.release();
    } catch {
      // Whoever writes next does it.
      this[Symbol.dispose]();
    }
  }

  [Symbol.dispose](): void {
    this.#rows[Symbol.dispose]();
  }
}

async function fill(path: string, rows: AsyncIterable<StoredRow>): Promise<void> {
  const database = await telling(() => DenoDatabase.open(path));
  try {
    let writes: Write[] = [];
    let [bytes, keysBytes] = [0, 0];
    for await (const { key, value } of rows) {
      if (isOwn(key)) continue;
      const keySize = keyBytes(key).length;
      const isFull = writes.length === FILL_WRITES_MAX ||
        bytes + keySize + value.length > COMMIT_BYTES_MAX ||
        keysBytes + keySize > FILL_KEYS_BYTES_MAX;
      if (isFull) {
        await write(database, writes);
        writes = [];
        [bytes, keysBytes] = [0, 0];
      }
      writes.push({ key, value });
      bytes += keySize + value.length;
      keysBytes += keySize;
    }
    if (writes.length > 0) await write(database, writes);
  } finally {
    database.close();
  }
  await telling(() => foldLog(path));
}

async function isThere(path: string): Promise<boolean> {
  if (journalSlots(path).length > 0) return true;
  try {
    return (await Deno.stat(path)).size > 0;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function mend(path: string, findings: readonly Finding[]): Promise<void> {
  await assertFree(path);
  const database = await telling(() => DenoDatabase.open(path));
  try {
    for (const { mend } of findings) if (mend.length > 0) await write(database, mend);
  } finally {
    database.close();
  }
}

async function replace(path: string, filled: string): Promise<void> {
  await assertFree(path);
  try {
    foldLog(path);
  } catch {
    // It is damaged, which may be why it is replaced.
  }
  // A log that is left would be taken for one of the new file.
  for (const end of BESIDE) await removeFile(path + end);
  await Deno.rename(filled, path);
  // The new one does not name them.
  for (const slot of journalSlots(path)) await removeFile(journalPath(path, slot));
}

/**
 * Makes sure that no server writes the journal: the lock of the directory may have been removed.
 *
 * @throws {StoreUnavailableError} one does.
 */
async function assertFree(path: string): Promise<void> {
  const directory = new DenoJournalDirectory(path);
  for (const slot of journalSlots(path)) {
    try {
      (await directory.open(slot))?.close();
    } catch (error) {
      // One that cannot be opened is in nobody's way.
      if (error instanceof StoreUnavailableError) throw error;
    }
  }
}

function isOwn(key: Key): boolean {
  return OWN_KEYS.has(key.join("\n"));
}

async function write(database: DenoDatabase, writes: readonly Write[]): Promise<void> {
  await telling(() => database.commit([], writes));
}

/** Tells of what Deno KV and the disk refuse as the store does: a full disk is a TypeError there. */
async function telling<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof StoreUnavailableError) throw cause;
    throw new StoreUnavailableError("Cannot write the store", { cause });
  }
}

/** Brings all that SQLite keeps beside a database into it, and syncs it. */
function foldLog(path: string): void {
  const database = new DatabaseSync(path, { timeout: LOCK_MS_MAX });
  try {
    const mode = database.prepare("PRAGMA journal_mode = DELETE").get()?.["journal_mode"];
    if (mode !== "delete") throw new StoreUnavailableError("Cannot close the store: it is in use");
  } finally {
    database.close();
  }
}

async function removeFile(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
