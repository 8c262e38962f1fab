/**
 * Changes by compare-and-set: what a change was decided on is checked in the commit that makes it,
 * and where somebody else was faster it is decided anew.
 *
 * @module
 */
import { StoreBusyError, StoreUnavailableError } from "../../store.ts";
import {
  type Check,
  type Key,
  KEYS_READ_MAX,
  type ListsRows,
  type Range,
  type ReadsRows,
  type Row,
  type Write,
  type WritesRows,
} from "../database.ts";
import type { GuardedDatabase } from "../guarded_database.ts";
import { mailboxKey } from "../keys.ts";
import type { Head } from "./head.ts";

/** Checks in one commit: what the hosted database takes. */
export const CHECKS_MAX = 10;

/** How often a change is tried; with the pauses this is some 20 s. */
const TRIES_MAX = 100;

/** How often a change is tried whose commits throw. */
const FAILURES_MAX = 5;

/** The first pause is at most this long, in milliseconds, and the longest this. */
const PAUSE_MS_MIN = 2;
const PAUSE_MS_MAX = 250;

/** What transactions share. */
export interface TransactionWorld {
  readonly database: GuardedDatabase;
  /** A number from 0 to 1, 1 left out. */
  readonly chance: () => number;
  /** Waits so many milliseconds. */
  readonly wait: (ms: number) => Promise<void>;
  /** Makes a head of a row; brings it up to date with what is only in memory. */
  readonly load: (user: string, row: Row) => Promise<Head>;
  /** The writes that wake other servers, after the mailboxes of these heads changed. */
  readonly wakes: (heads: Iterable<Head>) => Write[];
  /** A head is on the disk. */
  readonly made: (head: Head) => void;
}

/** One try of a change. */
export class Transaction implements ReadsRows, ListsRows, WritesRows {
  readonly #world: TransactionWorld;
  readonly #rows = new Map<string, Row | null>();
  readonly #checks: Check[] = [];
  readonly #writes: Write[] = [];
  readonly #heads = new Map<string, Head | null>();
  readonly #changed = new Set<Head>();
  /** Says afterwards whether the commit was made, for one that threw; null: nobody can say. */
  isMade: (() => Promise<boolean>) | null = null;

  /** Begins a try. */
  constructor(world: TransactionWorld) {
    this.#world = world;
  }

  /** Whether there is nothing to commit. */
  get isEmpty(): boolean {
    return this.#writes.length === 0 && this.#changed.size === 0;
  }

  /** Reads rows; the commit checks that they are still the same. */
  async read(keys: readonly Key[]): Promise<readonly (Row | null)[]> {
    const unread = keys.filter((key) => !this.#rows.has(nameOf(key)));
    const rows = await this.peek(unread);
    for (const [index, key] of unread.entries()) {
      const row = rows[index] ?? null;
      this.#rows.set(nameOf(key), row);
      this.#checks.push({ key, version: row?.version ?? null });
    }
    return keys.map((key) => this.#rows.get(nameOf(key)) ?? null);
  }

  /** Reads rows that the commit need not check: another row changes whenever they do. */
  async peek(keys: readonly Key[]): Promise<readonly (Row | null)[]> {
    const rows: (Row | null)[] = [];
    for (let start = 0; start < keys.length; start += KEYS_READ_MAX) {
      rows.push(...await this.#world.database.read(keys.slice(start, start + KEYS_READ_MAX)));
    }
    return rows;
  }

  /** Lists rows, which the commit does not check either. */
  list(range: Range, limit: number): Promise<readonly Row[]> {
    return this.#world.database.list(range, limit);
  }

  /** Adds changes to the commit. */
  write(writes: readonly Write[]): Promise<void> {
    this.#writes.push(...writes);
    return Promise.resolve();
  }

  /** The head of a user's mailbox; null where there is no such user. */
  async head(user: string): Promise<Head | null> {
    const known = this.#heads.get(user);
    if (known !== undefined) return known;
    const [row] = await this.read([mailboxKey(user)]);
    const head = row ? await this.#world.load(user, row) : null;
    this.#heads.set(user, head);
    return head;
  }

  /** The commit writes a head, as it is then. */
  change(head: Head): void {
    this.#changed.add(head);
  }

  /** The commit wakes whom a head names, and does not write it. */
  wake(head: Head): void {
    this.#writes.push(...this.#world.wakes([head]));
  }

  /** Nothing is to be changed after all. */
  discard(): void {
    this.#writes.length = 0;
    this.#changed.clear();
  }

  /** @returns false where somebody else was faster, and nothing was changed */
  async commit(): Promise<boolean> {
    const { database, wakes, made } = this.#world;
    if (this.#checks.length > CHECKS_MAX) {
      throw new RangeError(`Cannot commit: ${this.#checks.length} checks are too many`);
    }
    const heads = [...this.#changed];
    const writes = [...this.#writes, ...heads.flatMap((head) => head.writes()), ...wakes(heads)];
    const version = await database.commit(this.#checks, writes);
    if (version === null) return false;
    for (const head of heads) {
      head.version = version;
      made(head);
    }
    return true;
  }
}

/** A commit that threw, and may have been made all the same. */
interface Doubt<T> {
  readonly result: T;
  readonly isMade: () => Promise<boolean>;
}

/**
 * Makes a change. A commit that throws is tried again where the change says how to see whether it
 * was made ({@linkcode Transaction.isMade}).
 *
 * @param work decides it; called again where somebody else was faster
 * @throws {StoreBusyError} somebody else was faster every time.
 * @throws {StoreUnavailableError} the disk refused.
 */
export async function transact<T>(
  world: TransactionWorld,
  work: (transaction: Transaction) => Promise<T>,
): Promise<T> {
  const doubts: Doubt<T>[] = [];
  let failures = 0;
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    if (tries > 0) await world.wait(pause(tries, world.chance()));
    const transaction = new Transaction(world);
    try {
      const result = await work(transaction);
      // Only now: what was not made before these reads can no longer be without this commit failing.
      for (const doubt of doubts) if (await doubt.isMade()) return doubt.result;
      if (transaction.isEmpty) return result;
      const { isMade } = transaction;
      if (isMade !== null) doubts.push({ result, isMade });
      if (await transaction.commit()) return result;
      if (isMade !== null) doubts.pop();
    } catch (error) {
      const isOver = doubts.length === 0 || !(error instanceof StoreUnavailableError);
      if (isOver || ++failures >= FAILURES_MAX) throw error;
      world.database.assertOpen();
    }
  }
  throw new StoreBusyError("Cannot write: too many others change the same");
}

function pause(tries: number, chance: number): number {
  const most = Math.min(PAUSE_MS_MAX, PAUSE_MS_MIN * 2 ** tries);
  return Math.ceil(most * chance);
}

function nameOf(key: Key): string {
  return JSON.stringify(key);
}
