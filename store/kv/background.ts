/**
 * What goes on behind the calls: settling every few seconds, compacting, sweeping, counting. One
 * job at a time runs, because all of them write the same rows.
 *
 * @module
 */
import { UNSETTLED_BYTES_MAX } from "../../limits.ts";
import type { ExpiredHandler, Position, StoreClock } from "../store.ts";
import type { Cids } from "./cids.ts";
import { Compactor } from "./compactor.ts";
import type { Journal } from "./journal.ts";
import { Lane } from "./lane.ts";
import type { Mailbox } from "./mailbox.ts";
import type { MailboxTable } from "./mailbox_table.ts";
import type { OwnedDatabase } from "./owned_database.ts";
import type { Reader } from "./reader.ts";
import { Settler } from "./settler.ts";

/** How often the journal is settled, in milliseconds. What is settled is at least as old. */
const SETTLE_MS = 2000;

/** How long the last settling may take, in milliseconds: whoever stops the server waits for it. */
const END_MS_MAX = 500;

/** What {@linkcode Background} works on. */
export interface BackgroundParts {
  readonly database: OwnedDatabase;
  readonly clock: StoreClock;
  readonly journal: Journal;
  readonly table: MailboxTable;
  readonly cids: Cids;
  readonly reader: Reader;
  /** The newest committed position, at any time. */
  readonly committed: () => Position;
  /** Hears of background work that failed; it is tried again. */
  readonly failed: (error: unknown) => void;
}

/** The background work of the embedded store. */
export class Background {
  readonly #parts: BackgroundParts;
  readonly #lane = new Lane();
  readonly #settler: Settler;
  readonly #compactor: Compactor;
  /** The newest committed position when the journal was last settled. */
  #aged: Position;
  #cancel: (() => void) | null = null;
  #stopped = false;
  #isOver = false;
  #isEarly = false;
  #loading: "no" | "yes" | "failed" = "no";

  constructor(parts: BackgroundParts) {
    this.#parts = parts;
    const isOver = () => this.#isOver;
    this.#compactor = new Compactor({ ...parts, isOver });
    const passed = (mailbox: Mailbox) => this.#compactor.note(mailbox);
    this.#settler = new Settler({ ...parts, passed, isOver });
    this.#aged = parts.committed();
    this.#settleLater();
  }

  /** Says that the lowest cursor of a mailbox moved. */
  passed(mailbox: Mailbox): void {
    this.#compactor.note(mailbox);
  }

  /** Runs a job that writes what the background work writes too. */
  run<T>(job: () => Promise<T>): Promise<T> {
    return this.#lane.run(job);
  }

  /** Settles everything that is committed, whatever its age. */
  settle(): Promise<void> {
    return this.#lane.run(() => this.#settler.settle(this.#parts.committed()));
  }

  /** Counts exactly what waits in a mailbox. */
  recount(mailbox: Mailbox): Promise<void> {
    return this.#lane.run(async () => {
      // Its user may have been removed meanwhile: nothing of it may be written back.
      if (!mailbox.isLoaded) return;
      await this.#settler.settleMailbox(mailbox);
      const { moves } = mailbox;
      const lowest = mailbox.lowestCursor();
      const { rows, exact } = await this.#parts.reader.count(mailbox);
      mailbox.recounted(rows, lowest, moves === mailbox.moves ? exact : null);
    });
  }

  /** See {@linkcode Sweeper.sweep}. */
  async sweep(expired: ExpiredHandler): Promise<void> {
    await this.settle();
    while (!this.#stopped && await this.#expire(expired));
    await this.#lane.run(() => this.#compactor.compact());
    const { cids, clock } = this.#parts;
    while (!this.#stopped && await this.#lane.run(() => cids.sweep(clock.now())));
  }

  /** Something was committed: where much waits to be settled, that is not put off. */
  committed(): void {
    const { journal } = this.#parts;
    if (this.#isEarly || this.#stopped || journal.unsettledBytes < UNSETTLED_BYTES_MAX / 4) return;
    this.#isEarly = true;
    this.settle().catch((error) => {
      if (!this.#stopped) this.#parts.failed(error);
    }).finally(() => {
      this.#isEarly = false;
    });
  }

  /** A cid was looked up: loads them all, if that is not done already, between the other jobs. */
  loadCids(): void {
    if (this.#loading !== "no" || this.#stopped) return;
    this.#loading = "yes";
    this.#loadCids().then(() => {
      this.#loading = "no";
    }, (error) => {
      // A disk that refuses is not asked at once again, but at the earliest when settling is due.
      this.#loading = "failed";
      if (!this.#stopped) this.#parts.failed(error);
    });
  }

  /** Ends the work: no timer runs any more. A job that runs is finished, or {@linkcode end}ed. */
  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
  }

  /**
   * Settles everything, as far as it gets in a time that is short beside what a full load leaves.
   * The next start reads the rest from the journal, as after a crash.
   */
  async end(): Promise<void> {
    const cancel = this.#parts.clock.after(END_MS_MAX, () => this.#isOver = true);
    try {
      await this.settle();
    } finally {
      cancel();
      this.#isOver = true;
    }
  }

  /** Drops what has expired. The handler is told between two jobs, so that it may append. */
  async #expire(expired: ExpiredHandler): Promise<boolean> {
    const due = await this.#compactor.findExpired();
    const { reader } = this.#parts;
    const untold = new Map(reader.missed);
    for (const entry of due.untold) untold.set(entry.id, entry);
    if (untold.size > 0) await expired([...untold.values()]);
    reader.told(untold.keys());
    await this.#lane.run(() => this.#compactor.dropExpired(due));
    return due.more;
  }

  async #loadCids(): Promise<void> {
    const { cids } = this.#parts;
    while (!this.#stopped && await this.#lane.run(() => cids.load()));
  }

  #settleLater(): void {
    if (this.#stopped) return;
    this.#cancel = this.#parts.clock.after(SETTLE_MS, () => {
      this.#settleAged().catch((error) => {
        if (!this.#stopped) this.#parts.failed(error);
      }).finally(() => this.#settleLater());
    });
  }

  async #settleAged(): Promise<void> {
    if (this.#loading === "failed") this.#loading = "no";
    const aged = this.#aged;
    this.#aged = this.#parts.committed();
    await this.#lane.run(() => this.#settler.settle(aged));
    await this.#lane.run(() => this.#compactor.compact());
    this.#parts.table.evict();
  }
}
