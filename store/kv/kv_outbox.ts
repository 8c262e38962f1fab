/**
 * The {@linkcode Outbox} of the embedded store. What a device is owed follows from its cursor and
 * the mark of the last push beside it; rows in the outbox, kept by settling, say where to look.
 *
 * @module
 */
import type {
  Entry,
  Mailboxes,
  Outbox,
  OutboxPage,
  OwedCause,
  Sleeper,
  Spoken,
  StoreClock,
  StoreListener,
  Waiting,
} from "../store.ts";
import { isOwed } from "../outbox.ts";
import { type Cursor, setReach } from "./cursor.ts";
import type { Write } from "./database.ts";
import type { OwedDevice } from "./debts.ts";
import type { Journal } from "./journal.ts";
import { outboxRange, outboxUser } from "./keys.ts";
import { cursorLine, type Reach } from "./lines.ts";
import type { Mailbox } from "./mailbox.ts";
import type { MailboxTable } from "./mailbox_table.ts";
import type { OwnedDatabase } from "./owned_database.ts";
import type { DeviceName } from "./push_index.ts";
import type { Reader } from "./reader.ts";
import { Tally } from "./tally.ts";
import { parseJson } from "./values.ts";

/** What {@linkcode KvOutbox} works on. */
export interface KvOutboxParts {
  readonly database: OwnedDatabase;
  readonly clock: StoreClock;
  readonly journal: Journal;
  readonly table: MailboxTable;
  readonly reader: Reader;
  /** Who hears of devices that may be owed a push. */
  readonly listener: () => StoreListener | null;
  readonly mailboxes: Pick<Mailboxes, "attach" | "detach"> & {
    write(writes: readonly Write[], line?: string): Promise<void>;
    settle(): Promise<void>;
  };
}

/** Whose push service reaches a device. */
export interface NewReach {
  readonly provider: Reach["provider"];
  /** Whether that is at another address than before. */
  readonly isNew: boolean;
}

/** Who has to be woken. */
export class KvOutbox implements Outbox {
  readonly #parts: KvOutboxParts;
  /** What was counted for a device, so that each look counts only what came since. */
  readonly #tallies = new WeakMap<Cursor, Tally>();
  /** Devices of which the commit that says where a push reaches them is on its way. */
  readonly #moving = new WeakMap<Cursor, Promise<void>>();
  /** That the rows name whom a crash left in the journal; null where nobody has asked, or it failed. */
  #settled: Promise<void> | null = null;

  constructor(parts: KvOutboxParts) {
    this.#parts = parts;
  }

  async look(user: string, device: string): Promise<Waiting | null> {
    const { table, reader, clock } = this.#parts;
    const mailbox = await table.load(user);
    const cursor = mailbox?.cursors.get(device);
    if (!mailbox || cursor?.reach === undefined) return null;
    // Until then the device's row says where it was reached before.
    await this.#moving.get(cursor);
    const tally = this.#tally(cursor, clock.now());
    const upTo = mailbox.last;
    let last: Entry | null = null;
    for await (const entry of reader.from(mailbox, Math.max(tally.upTo, cursor.position))) {
      tally.add(entry, user, clock.now());
      if (entry.position === tally.newest) last = entry;
    }
    tally.passed(upTo);
    const newest = last ?? await this.#newest(mailbox, device, tally);
    const { reach: spoken } = cursor;
    // It was forgotten meanwhile, or nothing reaches it any more.
    if (spoken === undefined || mailbox.cursors.get(device) !== cursor) return null;
    if (tally.position !== cursor.position) return await this.look(user, device);
    if (newest === null && tally.newest > 0) {
      // It has expired since it was counted; what is older may wait still.
      this.#tallies.delete(cursor);
      return await this.look(user, device);
    }
    const isNew = tally.newest > spoken.upTo;
    // Where the rest is nothing to be told of, the outbox need not name the device again.
    if (!isNew) this.#note(mailbox, cursor, { ...spoken, upTo });
    if (newest === null) return null;
    const { messages, expires, position: after } = tally;
    const urgent = tally.urgent > spoken.upTo;
    const { upTo: spokenUpTo, at } = spoken;
    return {
      ...{ messages, newest, isNew, urgent, expires, after, upTo },
      spoken: { upTo: spokenUpTo, at },
    };
  }

  async spoke(user: string, device: string, spoken: Spoken): Promise<void> {
    const mailbox = await this.#parts.table.load(user);
    const cursor = mailbox?.cursors.get(device);
    // What the address before was sent says nothing to the next one.
    if (!mailbox || !cursor || this.#moving.has(cursor)) return;
    this.#note(mailbox, cursor, spoken);
  }

  /**
   * Says whose push service reaches a device, durably and in the commit that says where.
   *
   * @param writes the rows that say where: they are made whatever the mailbox knows
   */
  async setReach({ user, id }: DeviceName, to: NewReach, writes: readonly Write[]): Promise<void> {
    const { table, mailboxes } = this.#parts;
    const mailbox = await table.load(user);
    const cursor = mailbox?.cursors.get(id);
    if (mailbox && cursor) return await this.#move(mailbox, cursor, to, writes);
    // Its rows come first: nobody would ever find the cursor of a device that has none.
    await mailboxes.write(writes);
    // One that has never connected is known from here on, so that what comes waits for it.
    const attachment = await mailboxes.attach(user, id, "oldest");
    if (attachment === null) return;
    mailboxes.detach(user, id, attachment.sent);
    // It may have been put out and loaded anew.
    const loaded = await table.load(user);
    const added = loaded?.cursors.get(id);
    if (loaded && added) await this.#move(loaded, added, to, []);
  }

  /** Says that no push reaches a device. A crash may undo it: whoever pushes sees it once more. */
  async clearReach({ user, id }: DeviceName): Promise<void> {
    const { table, journal } = this.#parts;
    const mailbox = await table.load(user);
    const cursor = mailbox?.cursors.get(id);
    if (!mailbox || !cursor || !setReach(cursor, null)) return;
    table.touch(mailbox);
    journal.note(cursor, mailbox);
  }

  async #move(
    mailbox: Mailbox,
    cursor: Cursor,
    { provider, isNew }: NewReach,
    writes: readonly Write[],
  ): Promise<void> {
    const { table, mailboxes } = this.#parts;
    const { reach: before } = cursor;
    if (!setReach(cursor, provider, isNew)) return await mailboxes.write(writes);
    table.touch(mailbox);
    const line = cursorLine(mailbox.user, cursor.device, cursor, `${mailbox.acknowledged}`);
    const written = mailboxes.write(writes, line);
    this.#moving.set(cursor, written.catch(() => {}));
    try {
      await written;
    } catch (error) {
      // The row that was to be in that commit says what it said before.
      if (writes.length > 0) cursor.reach = before;
      table.touch(mailbox);
      throw error;
    } finally {
      this.#moving.delete(cursor);
    }
    this.tell(mailbox, cursor, "address");
  }

  async list(after: string, limit: number): Promise<OutboxPage> {
    await this.#settleOnce();
    const rows = await this.#parts.database.list(outboxRange(after), limit);
    const last = rows.length < limit ? undefined : rows.at(-1);
    return {
      sleepers: rows.flatMap(({ key, value }) =>
        parseJson<readonly OwedDevice[]>(value).map(([device, provider]): Sleeper => ({
          user: outboxUser(key),
          device,
          provider,
        }))
      ),
      next: last === undefined ? null : outboxUser(last.key),
    };
  }

  /** Entries were added to a mailbox: tells of those who are away. */
  committed(mailbox: Mailbox, entries: readonly Entry[], listener: StoreListener): void {
    const { user } = mailbox;
    for (const { device, reach, readers } of mailbox.cursors.values()) {
      if (reach === undefined || readers > 0 || !entries.some((it) => isOwed(it, user))) continue;
      listener.owed?.({ user, device, provider: reach.provider }, "message");
    }
  }

  /** A device has left, or can be reached now: tells of it where it is away and something waits. */
  tell(mailbox: Mailbox, cursor: Cursor, cause: OwedCause): void {
    const { reach, readers, device, position } = cursor;
    if (reach === undefined || readers > 0 || mailbox.last <= position) return;
    const sleeper: Sleeper = { user: mailbox.user, device, provider: reach.provider };
    this.#parts.listener()?.owed?.(sleeper, cause);
  }

  /**
   * A full journal takes longer to settle than a start waits before it lists. A disk that refuses
   * keeps nobody from being listed who is in a row; the rest comes with a later list.
   */
  #settleOnce(): Promise<void> {
    return this.#settled ??= this.#parts.mailboxes.settle().catch(() => {
      this.#settled = null;
    });
  }

  #note(mailbox: Mailbox, cursor: Cursor, { upTo, at }: Spoken): void {
    const { reach } = cursor;
    if (reach === undefined || upTo <= reach.upTo && at === reach.at) return;
    cursor.reach = { provider: reach.provider, upTo: Math.max(upTo, reach.upTo), at };
    this.#parts.table.touch(mailbox);
    this.#parts.journal.note(cursor, mailbox);
  }

  #tally(cursor: Cursor, now: number): Tally {
    const known = this.#tallies.get(cursor);
    if (known !== undefined && known.position === cursor.position && now < known.until) {
      return known;
    }
    const tally = new Tally(cursor.position);
    this.#tallies.set(cursor, tally);
    return tally;
  }

  /** The newest message that was counted before, read again: texts are not kept. Null: it is gone. */
  async #newest(mailbox: Mailbox, device: string, tally: Tally): Promise<Entry | null> {
    if (tally.newest === 0) return null;
    const limit = { messages: 1, bytes: 1 };
    const page = await this.#parts.reader.read(mailbox, device, tally.newest - 1, limit);
    const [entry] = page.entries;
    return entry?.position === tally.newest ? entry : null;
  }
}
