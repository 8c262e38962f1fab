/**
 * The {@linkcode Mailboxes} of the embedded store: log-structured, so that accepting a message
 * costs the same whoever it is for and however much is stored.
 *
 * @module
 */
import type {
  AppendOptions,
  AsidePage,
  AsidePlace,
  Attachment,
  Draft,
  Entry,
  ExpiredHandler,
  Mailboxes,
  MailboxState,
  Outcome,
  Page,
  Position,
  ReadLimit,
  StoreFigures,
  StoreListener,
} from "../store.ts";
import { Admission } from "./admission.ts";
import { Asides } from "./asides.ts";
import { Background } from "./background.ts";
import { Cids } from "./cids.ts";
import type { Cursor } from "./cursor.ts";
import type { Write } from "./database.ts";
import type { Batch } from "./batch.ts";
import { type CommitCost, Journal } from "./journal.ts";
import { outboxKey } from "./keys.ts";
import type { KvMailboxesParts } from "./kv_mailboxes_parts.ts";
import { KvOutbox } from "./kv_outbox.ts";
import { Lanes } from "./lane.ts";
import { cursorLine, forgottenLine, removedLine } from "./lines.ts";
import type { Mailbox } from "./mailbox.ts";
import { MailboxTable } from "./mailbox_table.ts";
import { News } from "./news.ts";
import { closedError } from "./guarded_database.ts";
import { Reader } from "./reader.ts";

/** Bytes that a line which is not an entry's takes of a commit, at most. */
const LINE_BYTES_MAX = 1024;

/** All mailboxes of the embedded store. */
export class KvMailboxes implements Mailboxes {
  readonly #parts: KvMailboxesParts;
  readonly #journal: Journal;
  readonly #table: MailboxTable;
  readonly #cids: Cids;
  readonly #admission: Admission;
  readonly #background: Background;
  readonly #attaching = new Lanes();
  readonly #reader: Reader;
  readonly #asides: Asides;
  readonly outbox: KvOutbox;
  #listener: StoreListener | null = null;
  /** The newest committed position. */
  #committed: Position;
  #closed = false;

  constructor(parts: KvMailboxesParts) {
    const { database, segments, clock, limits, replayed, failed } = parts;
    this.#parts = parts;
    this.#journal = new Journal(segments, clock, {
      committed: (batch, cost) => this.#onCommitted(batch, cost),
      failed: (batch) => this.#onFailed(batch),
    }, replayed);
    const journal = this.#journal;
    const mailboxes = replayed.mailboxes.values();
    this.#committed = replayed.position;
    const committed = () => this.#committed;
    this.#table = new MailboxTable(database, mailboxes, replayed.position, committed);
    this.#cids = new Cids(database, () => this.#background.loadCids(), clock.now());
    for (const entry of replayed.withCid) this.#cids.add(entry, true);
    this.#reader = new Reader(database, clock);
    const shared = { database, clock, limits, journal, table: this.#table, cids: this.#cids };
    this.#background = new Background({ ...shared, reader: this.#reader, committed, failed });
    const recount = (mailbox: Mailbox) => this.#background.recount(mailbox);
    this.#admission = new Admission({ ...shared, recount });
    this.#asides = new Asides(database, this.#table, (job) => this.#background.run(job));
    const listener = () => this.#listener;
    this.outbox = new KvOutbox({ ...shared, reader: this.#reader, mailboxes: this, listener });
  }

  /** See {@linkcode Store.listen}. */
  listen(listener: StoreListener): void {
    this.#listener = listener;
  }

  append(drafts: readonly Draft[], options: AppendOptions = {}): Promise<readonly Outcome[]> {
    if (this.#closed) return Promise.reject(closedError());
    return this.#admission.append(drafts, options);
  }

  attach(user: string, device: string, start: "oldest" | "newest"): Promise<Attachment | null> {
    const isKnown = this.#table.loaded(user)?.cursors.has(device) === true;
    // Which device is the first is known only once those before it are on disk, or are not.
    if (isKnown) return this.#attach(user, device, start);
    return this.#attaching.run(user, () => this.#attach(user, device, start));
  }

  async #attach(user: string, device: string, start: "oldest" | "newest") {
    this.#assertOpen();
    let mailbox = await this.#table.load(user);
    while (mailbox?.isLoaded === false) mailbox = await this.#table.load(user);
    if (mailbox === null) return null;
    const known = mailbox.cursors.get(device);
    const cursor = known ?? mailbox.newCursor(device, start);
    const { position, sent } = cursor;
    mailbox.cursors.set(device, cursor);
    cursor.readers++;
    cursor.live = true;
    this.#table.touch(mailbox);
    try {
      await this.#writeLine(cursorLine(user, device, cursor, `${mailbox.acknowledged}`));
    } catch (error) {
      this.#leave(mailbox, cursor);
      if (known === undefined && cursor.readers === 0) mailbox.withdraw(device);
      throw error;
    }
    const pending = await this.#reader.pending(mailbox, device, position);
    return { cursor: position, sent, tail: mailbox.last, pending };
  }

  detach(user: string, device: string, sent: Position): void {
    const mailbox = this.#table.loaded(user);
    const cursor = mailbox?.cursors.get(device);
    if (mailbox === undefined || cursor === undefined) return;
    cursor.sent = Math.max(cursor.sent, sent);
    this.#leave(mailbox, cursor);
    this.#table.touch(mailbox);
    this.#journal.note(cursor, mailbox);
    this.outbox.tell(mailbox, cursor, "left");
  }

  async read(user: string, device: string, after: Position, limit: ReadLimit): Promise<Page> {
    this.#assertOpen();
    const mailbox = this.#table.loaded(user) ?? await this.#table.load(user);
    if (mailbox === null) return { entries: [], upTo: after, end: true };
    return await this.#reader.read(mailbox, device, after, limit);
  }

  acknowledge(user: string, device: string, upTo: Position): Position {
    const mailbox = this.#table.loaded(user);
    const cursor = mailbox?.cursors.get(device);
    if (mailbox === undefined || cursor === undefined) return 0;
    const before = mailbox.acknowledged.endAfter(cursor.position);
    if (mailbox.advance(cursor, Math.min(upTo, this.#committed))) {
      this.#table.touch(mailbox);
      this.#journal.note(cursor, mailbox);
      this.#background.passed(mailbox);
    }
    return before;
  }

  async setAside(user: string, device: string, entry: Entry): Promise<void> {
    this.#assertOpen();
    await this.#asides.set(user, device, entry);
  }

  async readAside(user: string, after: AsidePlace | null, limit: ReadLimit): Promise<AsidePage> {
    this.#assertOpen();
    return await this.#asides.read(user, after, limit);
  }

  async inspect(user: string): Promise<MailboxState | null> {
    this.#assertOpen();
    const mailbox = await this.#table.load(user);
    if (mailbox === null) return null;
    await this.#background.recount(mailbox);
    if (!mailbox.isLoaded) return await this.inspect(user);
    const { messages, bytes } = mailbox.held;
    return { messages, bytes, cursors: mailbox.positions() };
  }

  async forget(user: string, device: string): Promise<void> {
    this.#assertOpen();
    const mailbox = await this.#table.load(user);
    if (mailbox === null) return;
    // Where it is gone from memory, an earlier try may have failed at the disk: it is written again.
    if (mailbox.forget(device)) this.#background.passed(mailbox);
    this.#table.touch(mailbox);
    await this.#writeLine(forgottenLine(user, device, mailbox.born));
  }

  /** Makes some changes, with whatever else goes with the next commit. @param line goes with them */
  async write(writes: readonly Write[], line = ""): Promise<void> {
    this.#assertOpen();
    await this.#writeLine(line, writes);
  }

  /** Settles everything that is committed, whatever its age. */
  settle(): Promise<void> {
    return this.#background.settle();
  }

  /** See {@linkcode Store.figures}. */
  figures(): StoreFigures {
    const { backlogBytes, unsettledBytes } = this.#journal;
    return { backlogBytes, unsettledBytes, mailboxes: this.#table.size };
  }

  /** See {@linkcode Sweeper.sweep}. */
  async sweep(expired: ExpiredHandler): Promise<void> {
    this.#assertOpen();
    await this.#background.sweep(expired);
  }

  /**
   * Ends a mailbox, durably: from here on there is no such user.
   *
   * @param writes what ends the user beside it, in the same commit
   * @param finish deletes what is left of it, which may be much
   * @returns false where there is no such user
   */
  async remove(
    user: string,
    writes: readonly Write[],
    finish: () => Promise<void>,
  ): Promise<boolean> {
    this.#assertOpen();
    return await this.#background.run(async () => {
      const mailbox = await this.#table.load(user);
      if (mailbox === null) return false;
      const unblock = this.#table.block(user);
      const { position } = this.#journal;
      try {
        const index = mailbox.expiry.writes(user, Infinity);
        const outbox = { key: outboxKey(user), value: null };
        await this.#writeLine(removedLine(user), [...writes, ...index, outbox]);
        this.#table.remove(user);
        // Those behind the line stay, as they do when the journal is replayed.
        this.#cids.forget(user, position);
        await finish();
      } finally {
        unblock();
      }
      return true;
    });
  }

  /** Writes what is still only in memory and refuses everything after. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#background.stop();
    await this.#journal.close();
    // What may be on disk, and is not in memory, must be found by the next start.
    if (!this.#journal.isDoubtful) await this.#background.end().catch(this.#parts.failed);
  }

  #assertOpen(): void {
    if (this.#closed) throw closedError();
  }

  #leave(mailbox: Mailbox, cursor: Cursor): void {
    cursor.readers = Math.max(0, cursor.readers - 1);
    cursor.live = cursor.readers > 0;
    if (!cursor.live) this.#reader.forget(mailbox);
  }

  async #writeLine(line: string, writes: readonly Write[] = []): Promise<void> {
    const bytes = writes.reduce((sum, { value }) => sum + (value?.length ?? 0), LINE_BYTES_MAX);
    const batch = this.#journal.batch(bytes);
    batch.lines.push(line);
    batch.writes.push(...writes);
    await batch.done;
  }

  #onCommitted(batch: Batch, cost: CommitCost): void {
    this.#listener?.wrote?.({ ...cost, entries: batch.entries });
    const news = new News(this.#table);
    for (const entry of batch.entries) {
      this.#cids.committed(entry);
      news.add(entry.to, entry);
      if (entry.copied) news.add(entry.sender, entry);
      this.#committed = entry.position;
    }
    this.#background.committed();
    if (this.#listener === null) return;
    for (const [mailbox, { after, entries }] of news.pieces) {
      this.#listener.committed({ user: mailbox.user, after, entries });
      this.outbox.committed(mailbox, entries, this.#listener);
    }
  }

  #onFailed(batch: Batch): void {
    this.#listener?.refused?.();
    for (const entry of batch.entries) this.#admission.release(entry);
  }
}
