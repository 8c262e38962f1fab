/**
 * The group-commit writer. Everything that arrives while a commit is under way goes into the next
 * one; a commit writes one journal segment, so its cost does not grow with users or stored messages.
 *
 * @module
 */
import { Batch } from "./batch.ts";
import { type Position, type StoreClock, StoreUnavailableError } from "../store.ts";
import { type Write, WRITES_MAX } from "./database.ts";
import { CursorNotes, type Cursors } from "./cursor_notes.ts";
import type { Cursor } from "./cursor.ts";
import type { Mailbox } from "./mailbox.ts";
import { LostOwnerError } from "./owned_database.ts";
import { SEGMENT_BYTES_MAX, type Segments, type WrittenSegment } from "./segments.ts";

/** Bytes of lines in one commit, by the estimate of {@linkcode entryBytes}. */
const BATCH_BYTES_MAX = 512 * 1024;

/** Bytes of the lines of cursors in one commit, at most; the rest wait for the next. */
const CURSORS_BYTES_MAX = SEGMENT_BYTES_MAX - BATCH_BYTES_MAX - 4096;

/**
 * Entries that an idle disk gets before the turn of the event loop is over: one turn may bring what
 * all sockets have, and disk and clients would wait for each other.
 */
const EARLY_ENTRIES = 128;

/** How long to wait before asking again what became of a commit that failed, in milliseconds. */
const FATE_DELAY_MS = 100;

/** A segment that is on disk. */
export interface Segment {
  readonly number: number;
  /** Rows of the database that it has. */
  readonly parts: number;
  /** The newest position handed out when it was written. */
  readonly last: Position;
  /** What of it may be in memory. */
  readonly bytes: number;
}

/** One commit on its way. */
interface Commit {
  readonly batch: Batch;
  readonly cursors: Cursors;
  readonly segment: { number: number; parts: number; last: Position; bytes: number };
  ms: number;
}

/** What a commit took. */
export interface CommitCost {
  /** Milliseconds until the disk had it. */
  readonly ms: number;
  /** Bytes of the segment. */
  readonly bytes: number;
}

/** What the journal tells its owner. */
export interface JournalHandler {
  /** The batch is on disk; called before its `done` resolves. */
  committed(batch: Batch, cost: CommitCost): void;
  /** The batch is not on disk and never will be; called before its `done` rejects. */
  failed(batch: Batch): void;
}

/** The journal, open for writing. */
export class Journal {
  readonly #disk: Segments;
  readonly #clock: StoreClock;
  readonly #handler: JournalHandler;
  readonly #cursors: CursorNotes;
  #queue: Batch[] = [];
  #running: Promise<void> | null = null;
  /** The one commit on its way. */
  #writing: Promise<Commit | null> | null = null;
  #position: Position;
  #segment: number;
  #segments: Segment[];
  #backlogBytes = 0;
  #unsettledBytes: number;
  #closed = false;
  #isDoubtful = false;

  constructor(
    disk: Segments,
    clock: StoreClock,
    handler: JournalHandler,
    start: { position: Position; segments: readonly Segment[]; segment: number },
  ) {
    this.#disk = disk;
    this.#clock = clock;
    this.#handler = handler;
    this.#cursors = new CursorNotes(clock, () => this.#start());
    this.#position = start.position;
    this.#segment = start.segment;
    this.#segments = [...start.segments];
    this.#unsettledBytes = sumBytes(start.segments);
  }

  /** Bytes that wait for a commit or are in one. */
  get backlogBytes(): number {
    return this.#backlogBytes;
  }

  /** Whether it was closed before the disk told what became of a commit. */
  get isDoubtful(): boolean {
    return this.#isDoubtful;
  }

  /** Bytes of the segments that were not cut off: what is in memory until it is settled. */
  get unsettledBytes(): number {
    return this.#unsettledBytes;
  }

  /** The newest position handed out. */
  get position(): Position {
    return this.#position;
  }

  /** The number of the newest segment. */
  get segment(): number {
    return this.#segment;
  }

  /** The segments on disk that were not cut off, oldest first. */
  get segments(): readonly Segment[] {
    return this.#segments;
  }

  /** Hands out the next position. */
  nextPosition(): Position {
    return ++this.#position;
  }

  /**
   * The batch that the next commit writes, with so many bytes of it taken for the caller.
   *
   * @throws {RangeError} they do not fit in any commit.
   */
  batch(bytes: number): Batch {
    if (bytes > BATCH_BYTES_MAX) {
      throw new RangeError(`Cannot append: ${bytes} bytes are more than ${BATCH_BYTES_MAX}`);
    }
    if (this.#closed) throw new StoreUnavailableError("Cannot write: the store is closed");
    this.#backlogBytes += bytes;
    // What is in the queue is whole: who got a batch has added to it in the same turn.
    if ((this.#queue[0]?.entries.length ?? 0) >= EARLY_ENTRIES) this.#writeNext();
    let batch = this.#queue.at(-1);
    if (batch === undefined || isFull(batch, bytes)) {
      batch = new Batch();
      this.#queue.push(batch);
      this.#start();
    }
    batch.bytes += bytes;
    return batch;
  }

  /** Has a cursor written soon. */
  note(cursor: Cursor, mailbox: Mailbox): void {
    this.#cursors.note(cursor, mailbox);
  }

  /** Resolves when everything that was added before is on disk, or failed. */
  async flush(): Promise<void> {
    this.#cursors.hurry();
    this.#start();
    while (this.#running !== null) await this.#running;
  }

  /**
   * Makes changes of rows that say of mailboxes what the journal says too, after the commit under
   * way: a start takes what it finds in the journal for newer.
   */
  async writeRows(writes: readonly Write[]): Promise<void> {
    await this.#writing;
    await this.#disk.writeRows(writes);
  }

  /** Forgets segments up to a number: they were deleted. */
  cut(upTo: number): void {
    this.#segments = this.#segments.filter(({ number }) => number > upTo);
    this.#unsettledBytes = sumBytes(this.#segments);
    this.#disk.cut(upTo);
  }

  /** Writes what is left, and refuses everything after. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cursors.close();
    await this.flush();
  }

  #start(): void {
    this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    // What this turn of the event loop still brings shares the first commit.
    await null;
    let written: Commit | null = null;
    do {
      // The disk is given its next work before anybody is told of the last.
      const next = this.#writeNext();
      if (written !== null) this.#tell(written);
      written = await next;
      if (next !== null) this.#writing = null;
    } while (written !== null || this.#writing !== null || this.#hasWork);
    this.#running = null;
  }

  /** Starts the next commit, unless one is on its way. */
  #writeNext(): Promise<Commit | null> | null {
    return this.#writing ??= this.#hasWork ? this.#write(this.#take()) : null;
  }

  get #hasWork(): boolean {
    return this.#queue.length > 0 || this.#cursors.isDue;
  }

  /** What goes into the next commit. */
  #take(): Commit {
    const batch = this.#queue.shift() ?? new Batch();
    const { cursors, lines } = this.#cursors.take(CURSORS_BYTES_MAX);
    batch.lines.push(lines);
    const segment = { number: ++this.#segment, parts: 0, last: 0, bytes: 0 };
    return { batch, cursors, segment, ms: 0 };
  }

  async #write(commit: Commit): Promise<Commit | null> {
    const { batch, segment } = commit;
    // Joined, for a text that grew by addition takes twice as long to encode.
    const text = batch.lines.join("");
    const startedAt = this.#clock.monotonic();
    let written: WrittenSegment | null;
    try {
      written = await this.#disk.write(segment.number, text, batch.writes);
    } catch (error) {
      written = await this.#find(segment.number, error);
      if (written === null) {
        this.#fail(commit, error);
        return null;
      }
    }
    Object.assign(segment, written);
    commit.ms = this.#clock.monotonic() - startedAt;
    return commit;
  }

  #tell({ batch, segment, ms }: Commit): void {
    segment.last = batch.entries.at(-1)?.position ?? this.#segments.at(-1)?.last ?? 0;
    this.#segments.push(segment);
    this.#unsettledBytes += segment.bytes;
    this.#backlogBytes -= batch.bytes;
    this.#handler.committed(batch, { ms, bytes: segment.bytes });
    batch.finish();
  }

  /** A commit that threw may have been made after all; only the disk can tell. */
  async #find(segment: number, error: unknown): Promise<WrittenSegment | null> {
    if (error instanceof LostOwnerError) return null;
    for (;;) {
      try {
        return await this.#disk.find(segment);
      } catch {
        if (this.#closed) {
          this.#isDoubtful = true;
          return null;
        }
        await new Promise<void>((resolve) => this.#clock.after(FATE_DELAY_MS, resolve));
      }
    }
  }

  #fail({ batch, cursors }: Commit, cause: unknown): void {
    this.#cursors.putBack(cursors);
    this.#backlogBytes -= batch.bytes;
    this.#handler.failed(batch);
    const isLost = cause instanceof LostOwnerError;
    const message = "Cannot commit: the disk refused";
    batch.finish(isLost ? cause : new StoreUnavailableError(message, { cause }));
  }
}

/** Whether a batch takes no more, or not so many bytes more. */
function isFull(batch: Batch, bytes: number): boolean {
  return batch.bytes + bytes > BATCH_BYTES_MAX || batch.writes.length >= WRITES_MAX;
}

function sumBytes(segments: readonly Segment[]): number {
  return segments.reduce((sum, { bytes }) => sum + bytes, 0);
}
