/**
 * The database of one moment, read past Deno KV. Deno KV reads at most 500 rows of one moment, so a
 * copy made through it while others write would be of many moments. SQLite itself keeps one moment
 * for a reader, also of another process, and makes no writer wait for it (WAL mode).
 *
 * @module
 */
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { StoreUnavailableError } from "../../store.ts";
import type { Database, Key, Range, Row } from "../database.ts";
import type { SegmentRecord } from "../journal_files/mod.ts";
import { countersKey, journalFilesKey, journalKey, journalRange } from "../keys.ts";
import type { Counters } from "../settler.ts";
import { parseJson } from "../values.ts";
import { keyBytes, keyOf } from "./key_bytes.ts";
import { isInFiles, type JournalState, readUnsettled } from "./unsettled_records.ts";

/** The newest of Deno KV's own changes of its tables: what is here was written for it. */
const MIGRATION = 3;

/** How Deno KV marks a value that is bytes: Titan writes no others. */
const BYTES = 3;

/** How long to wait for a lock that somebody holds for a moment, in milliseconds. */
const LOCK_MS_MAX = 5000;

/** How often the moment is taken anew, where the journal goes on to other files meanwhile. */
const MOMENTS_MAX = 20;

const EACH = "SELECT k, v, v_encoding, version FROM kv";

/** Rows read at once of all: 8 MiB at most. */
const ROWS_READ_MAX = 128;

/**
 * All rows as of the moment at which it was opened. It only reads. It must be let go soon: as long
 * as it is open, the log beside the database (`-wal`) grows with all that is written.
 */
export class Snapshot implements Pick<Database, "read" | "list">, Disposable {
  readonly #database: DatabaseSync;
  readonly #path: string;
  readonly #one: StatementSync;
  readonly #some: StatementSync;
  readonly #next: StatementSync;
  /** What of the journal is in files, oldest first. */
  #records: readonly SegmentRecord[] = [];

  private constructor(database: DatabaseSync, path: string) {
    this.#path = path;
    this.#database = database;
    this.#one = database.prepare(`${EACH} WHERE k = ?`);
    this.#some = database.prepare(`${EACH} WHERE k >= ? AND k < ? ORDER BY k LIMIT ?`);
    this.#next = database.prepare(`${EACH} WHERE k >= ? ORDER BY k LIMIT ${ROWS_READ_MAX}`);
  }

  /**
   * Takes the moment. What was committed before the call is in it.
   *
   * @param path of the file, which must exist. In a process that has it open by SQLite nobody may
   *   open it in another way: closing that would end SQLite's locks (POSIX)
   * @throws {StoreUnavailableError} it cannot be read, or is none of Titan's.
   */
  static open(path: string): Snapshot {
    for (let moments = 1; moments <= MOMENTS_MAX; moments++) {
      const snapshot = Snapshot.#take(path);
      try {
        if (telling(() => snapshot.#readJournal())) return snapshot;
      } catch (error) {
        snapshot[Symbol.dispose]();
        throw error;
      }
      snapshot[Symbol.dispose]();
    }
    throw new StoreUnavailableError("Cannot read the store: its journal does not hold still");
  }

  static #take(path: string): Snapshot {
    return telling(() => {
      const database = readerOf(path);
      try {
        // The first read takes the moment.
        const row = database.prepare("SELECT version FROM migration_state").get();
        if (row?.["version"] !== MIGRATION) {
          throw new Error("Another version of Deno wrote it");
        }
        return new Snapshot(database, path);
      } catch (error) {
        database.close();
        throw error;
      }
    });
  }

  /** What of the journal is in files, oldest first. */
  get records(): readonly SegmentRecord[] {
    return this.#records;
  }

  /** @returns false where files may have been written over since the moment */
  #readJournal(): boolean {
    const state = this.#journalState();
    const unsettled = readUnsettled(this.#path, state);
    const missing = unsettled?.missing ?? null;
    // What came after the moment is on disk by now, and stays there until it is settled.
    const isLater = missing === null || isInFiles(this.#path, state.slots, missing);
    using later = Snapshot.#take(this.#path);
    const { settled, named } = later.#journalState();
    // Not by the slots: one may have been given up, and taken again for another file.
    if (settled !== state.settled || named !== state.named) return false;
    if (unsettled === null) throw unreadable("a file of its journal is missing or damaged");
    if (!isLater && later.get(journalKey(missing, 0)) === null) {
      throw unreadable(`segment ${missing} of its journal is missing`);
    }
    this.#records = unsettled.records;
    return true;
  }

  /** With the version of the row that names the files. */
  #journalState(): JournalState & { readonly named: string | undefined } {
    const [files, counters] = [this.get(journalFilesKey), this.get(countersKey)];
    const { start, end } = journalRange(0);
    const newest = this.#database.prepare(`${EACH} WHERE k >= ? AND k < ? ORDER BY k DESC LIMIT 1`)
      .get(keyBytes(start), keyBytes(end));
    return {
      slots: files === null ? [] : parseJson<number[]>(files.value),
      settled: counters === null ? 0 : parseJson<Counters>(counters.value).segment,
      newest: newest === undefined ? 0 : Number(rowOf(newest).key[1]),
      named: files?.version,
    };
  }

  /** As {@linkcode Database.read}. */
  read(keys: readonly Key[]): Promise<readonly (Row | null)[]> {
    return Promise.resolve(keys.map((key) => this.get(key)));
  }

  /** As {@linkcode Database.list}, in any number: it is always one moment. */
  list({ start, end }: Range, limit: number): Promise<readonly Row[]> {
    return Promise.resolve(this.some({ start, end }, limit));
  }

  /** As {@linkcode list}, at once. @throws {StoreUnavailableError} */
  some({ start, end }: Range, limit: number): readonly Row[] {
    const bounds = [keyBytes(start), keyBytes(end)];
    return telling(() => this.#some.all(...bounds, limit)).map(rowOf);
  }

  /** One row, or null. @throws {StoreUnavailableError} */
  get(key: Key): Row | null {
    const found = telling(() => this.#one.get(keyBytes(key)));
    return found === undefined ? null : rowOf(found);
  }

  /**
   * All rows in order. Not by `iterate()`: where SQLite fails on the way, Deno's ends as if there
   * were no more rows.
   *
   * @param foreign hears of rows that are none of Titan's, which are left out; without it they throw
   * @throws {StoreUnavailableError}
   */
  *all(foreign?: (error: StoreUnavailableError) => void): Generator<Row> {
    let start: Uint8Array = new Uint8Array();
    for (;;) {
      const rows = telling(() => this.#next.all(start));
      for (const found of rows) {
        const row = foreign === undefined ? rowOf(found) : knownRow(found, foreign);
        if (row !== null) yield row;
      }
      const last = rows.at(-1)?.["k"];
      if (rows.length < ROWS_READ_MAX || !(last instanceof Uint8Array)) return;
      // No key is between the two.
      start = Uint8Array.of(...last, 0);
    }
  }

  /** Rows in all, and segments in files. */
  count(): number {
    return this.#records.length +
      Number(telling(() => this.#database.prepare("SELECT count(*) n FROM kv").get())?.["n"]);
  }

  /** What SQLite finds wrong with its own pages; empty where nothing is. */
  damage(): readonly string[] {
    const check = this.#database.prepare("PRAGMA quick_check(20)");
    // What it finds before it fails itself is wanted, too: that much `iterate()` has, and no error.
    const found = Array.from(check.iterate(), (row) => String(row["quick_check"]));
    if (found.length === 0) return [telling(() => String(check.get()?.["quick_check"]))];
    return found.filter((text) => text !== "ok");
  }

  /**
   * Lets go, and first does what its being open has put off. All that was written meanwhile is only
   * in the log. Whoever writes next would copy it into the database and sync that, for 80 ms after a
   * backup of a million messages under full load, in which nobody gets an answer.
   *
   * Meanwhile another reader holds this later moment. So there is nothing that whoever writes could
   * copy, and SQLite, which syncs only when the whole log is copied, leaves that to us.
   *
   * @throws {Error} it cannot be done; then whoever writes does it, and nothing is lost
   */
  release(): void {
    const path = this.#path;
    // Closed last: closing it ends the locks of all SQLite's connections in this process (POSIX).
    using file = Deno.openSync(path);
    using writer = new DatabaseSync(path);
    using later = readerOf(path);
    const checkpoint = writer.prepare("PRAGMA wal_checkpoint(PASSIVE)");
    later.prepare("SELECT version FROM migration_state").get();
    // From here the first who asks copies the log: that should be us.
    this.#database.exec("COMMIT");
    checkpoint.get();
    file.syncDataSync();
    this.#database.close();
  }

  [Symbol.dispose](): void {
    if (this.#database.isOpen) this.#database.close();
  }
}

/** Somebody who only reads, all of it as of the first read. */
function readerOf(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { readOnly: true, timeout: LOCK_MS_MAX });
  database.exec("BEGIN");
  return database;
}

function rowOf(found: Record<string, SQLInputValue>): Row {
  const { k, v, v_encoding: encoding, version } = found;
  if (!(k instanceof Uint8Array) || !(v instanceof Uint8Array) || encoding !== BYTES) {
    throw new StoreUnavailableError("Cannot read the store: a row is none of Titan's");
  }
  return { key: telling(() => keyOf(k)), value: v, version: String(version) };
}

/** A row, or null where it is none of Titan's. */
function knownRow(
  found: Record<string, SQLInputValue>,
  foreign: (error: StoreUnavailableError) => void,
): Row | null {
  try {
    return rowOf(found);
  } catch (error) {
    if (!(error instanceof StoreUnavailableError)) throw error;
    foreign(error);
    return null;
  }
}

function unreadable(why: string): StoreUnavailableError {
  return new StoreUnavailableError(`Cannot read the store: ${why}`);
}

/** Tells of what SQLite refuses as the store does. Its messages hold nothing that is stored. */
function telling<T>(call: () => T): T {
  try {
    return call();
  } catch (cause) {
    if (cause instanceof StoreUnavailableError) throw cause;
    throw new StoreUnavailableError("Cannot read the store", { cause });
  }
}
