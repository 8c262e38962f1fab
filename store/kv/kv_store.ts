/**
 * The embedded store: one file, owned by one process.
 *
 * @module
 */
import type {
  ExpiredHandler,
  Store,
  StoreClock,
  StoreFigures,
  StoreLimits,
  StoreListener,
  Sweeper,
} from "../store.ts";
import type { Database } from "./database.ts";
import { epochKey } from "./keys.ts";
import { KvDevices } from "./kv_devices.ts";
import type { JournalDirectory } from "./journal_files/mod.ts";
import { KvMailboxes } from "./kv_mailboxes.ts";
import type { KvMailboxesParts } from "./kv_mailboxes_parts.ts";
import type { KvOutbox } from "./kv_outbox.ts";
import { KvRevocations } from "./kv_revocations.ts";
import { KvUsers } from "./kv_users.ts";
import { Lanes } from "./lane.ts";
import { OwnedDatabase } from "./owned_database.ts";
import { finishRemovals } from "./removal.ts";
import { replay } from "./replay.ts";
import { Segments } from "./segments.ts";
import { jsonValue, parseJson } from "./values.ts";

/** Options for {@linkcode KvStore.open}. */
export interface KvStoreOptions {
  /** What it knows of time. */
  readonly clock: StoreClock;
  /** The limits to keep. */
  readonly limits: StoreLimits;
  /** What the owner's record says of this process. */
  readonly owner: Readonly<Record<string, string | number>>;
  /** What to call the content where it has no {@linkcode Store.epoch} yet. */
  readonly epoch: string;
  /** Another process took the file over: this one must end. */
  readonly lost: () => void;
  /** Background work failed; it is tried again. */
  readonly failed: (error: unknown) => void;
}

/** A {@linkcode Store} on a {@linkcode Database}. */
export class KvStore implements Store {
  readonly mailboxes: KvMailboxes;
  readonly users: KvUsers;
  readonly devices: KvDevices;
  readonly revocations: KvRevocations;
  readonly outbox: KvOutbox;
  readonly sweeper: Sweeper;
  readonly epoch: string;
  readonly #parts: KvMailboxesParts;
  #closing: Promise<void> | null = null;

  private constructor(parts: KvMailboxesParts, epoch: string) {
    const { database, clock } = parts;
    const mailboxes = new KvMailboxes(parts);
    this.#parts = parts;
    this.epoch = epoch;
    this.mailboxes = mailboxes;
    const lanes = new Lanes();
    this.users = new KvUsers(database, mailboxes, lanes);
    this.devices = new KvDevices(database, mailboxes, lanes);
    const revocations = new KvRevocations(database, mailboxes);
    this.revocations = revocations;
    this.outbox = mailboxes.outbox;
    this.sweeper = {
      async sweep(expired: ExpiredHandler) {
        await mailboxes.sweep(expired);
        await revocations.sweep(clock.now());
      },
    };
  }

  /**
   * Takes the database over, finishes what a crash interrupted and reads the journal.
   *
   * @param directory where files of the journal are; left out, all of it is in the database
   * @throws {StoreUnavailableError} the disk refused; another process has it; or files are missing.
   */
  static async open(
    database: Database,
    options: KvStoreOptions,
    directory: JournalDirectory | null = null,
  ): Promise<KvStore> {
    const { clock, limits, failed, owner, lost } = options;
    await Segments.assertFree(database, directory);
    const owned = await OwnedDatabase.take(database, owner, lost);
    const { segments, records } = await Segments.open(owned, directory);
    try {
      const replayed = await replay(owned, records);
      await finishRemovals(owned);
      const parts = { database: owned, segments, clock, limits, replayed, failed };
      const epoch = await epochOf(owned, options.epoch);
      return new KvStore(parts, epoch);
    } catch (error) {
      await segments.close();
      throw error;
    }
  }

  listen(listener: StoreListener): void {
    this.mailboxes.listen(listener);
  }

  async probe(): Promise<void> {
    await this.mailboxes.write([]);
  }

  figures(): StoreFigures {
    return this.mailboxes.figures();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.mailboxes.close().finally(() => this.#closeFiles());
    return this.#closing;
  }

  async #closeFiles(): Promise<void> {
    const { segments, database } = this.#parts;
    await segments.close();
    database.close();
  }
}

/** What the content is called; where it has no name it gets one. */
async function epochOf(database: OwnedDatabase, unnamed: string): Promise<string> {
  const [row] = await database.read([epochKey]);
  if (row) return parseJson<{ epoch: string }>(row.value).epoch;
  await database.write([{ key: epochKey, value: jsonValue({ epoch: unnamed }) }]);
  return unnamed;
}
