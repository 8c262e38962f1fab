/**
 * What all parts of a shared store work on: changes of mailboxes, one at a time here and by
 * compare-and-set against other servers, and what waits to be written.
 *
 * @module
 */
import type { Position, StoreClock, StoreLimits, StoreListener } from "../../store.ts";
import type { WatchedDatabase } from "../database.ts";
import { GuardedDatabase } from "../guarded_database.ts";
import { mailboxKey } from "../keys.ts";
import { Lanes } from "../lane.ts";
import type { StoredEntry } from "../lines.ts";
import { Head, sleeperOf } from "./head.ts";
import { type Local, Locals } from "./locals.ts";
import { SharedPeers } from "./peers.ts";
import { SharedReader } from "./shared_reader.ts";
import { transact, Transaction, type TransactionWorld } from "./transaction.ts";

/** How long cursors wait for each other, in milliseconds. */
const FLUSH_MS = 25;

/** How long to wait where the database refused, in milliseconds. */
const FLUSH_AGAIN_MS = 1000;

/** Mailboxes that are written at once. */
const FLUSHES_MAX = 16;

/** Entries that are told at once. */
const NEWS_MAX = 64;

/** Random bytes of an id. */
const ID_BYTES = 16;

/** What a shared store is given of the world. */
export interface SharedWorld {
  /** What it knows of time. */
  readonly clock: StoreClock;
  /** Fills bytes with chance, and answers them. */
  readonly random: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>;
  /** The limits to keep. */
  readonly limits: StoreLimits;
  /** Background work failed; it is tried again. */
  readonly failed: (error: unknown) => void;
}

/** The middle of a shared store. */
export class Mailroom {
  readonly database: GuardedDatabase;
  readonly clock: StoreClock;
  readonly limits: StoreLimits;
  readonly reader: SharedReader;
  readonly locals: Locals;
  readonly peers: SharedPeers;
  /** What this server is called. */
  readonly instance: string;
  listener: StoreListener | null = null;
  /** Mailboxes that have rows which wait for nobody. */
  readonly due = new Set<string>();
  readonly #random: SharedWorld["random"];
  readonly #failed: SharedWorld["failed"];
  readonly #lanes = new Lanes();
  readonly #transactions: TransactionWorld;
  readonly #unwritten = new Set<string>();
  /** Users with a device that is somewhere else now, and whose connection here may not know. */
  readonly #replaced = new Set<string>();
  #cancelFlush: (() => void) | null = null;
  /** The last position that this server gave out. */
  #last: Position = 0;
  #isClosed = false;

  /** {@linkcode open} begins. */
  constructor(watched: WatchedDatabase, { clock, random, limits, failed }: SharedWorld) {
    this.#random = random;
    this.#failed = failed;
    this.clock = clock;
    this.limits = limits;
    this.database = new GuardedDatabase(watched);
    const { database } = this;
    this.reader = new SharedReader(database, clock);
    this.instance = this.newId();
    this.locals = new Locals(this.instance, (user) => this.#writeSoon(user));
    this.peers = new SharedPeers({
      instance: this.instance,
      database,
      watched,
      clock,
      newId: () => this.newId(),
      woken: (user) => this.catchUp(user),
      heard: (text) => this.listener?.heard?.(text),
      attached: () => this.locals.attached(),
      failed,
    });
    this.#transactions = {
      database,
      chance: () => new DataView(random(new Uint8Array(4)).buffer).getUint32(0) / 2 ** 32,
      wait: (ms) => new Promise((done) => clock.after(ms, done)),
      load: async (user, row) => await this.#revive(this.locals.merge(Head.parse(user, row))),
      wakes: (heads) => this.peers.wakes(heads),
      made: (head) => {
        this.locals.written(head);
        if (head.hasWaste) this.due.add(head.user);
      },
    };
  }

  /** A name that nothing else has. */
  newId(): string {
    return this.#random(new Uint8Array(ID_BYTES)).toHex();
  }

  /**
   * Makes a change that is about some users; see {@linkcode transact}.
   *
   * @param told called with what came of it, before the next change of these users begins
   */
  change<T>(
    users: Iterable<string>,
    work: (transaction: Transaction) => Promise<T>,
    told: (result: T) => void = () => {},
  ): Promise<T> {
    return this.#lanes.runAll(users, async () => {
      const result = await transact(this.#transactions, work);
      told(result);
      return result;
    });
  }

  /**
   * A position past all of some mailboxes, and past all that this server gave out before: so what it
   * stored later is later, in whichever mailboxes it is (a logical clock).
   */
  nextPosition(...heads: readonly Head[]): Position {
    this.#last = Math.max(this.#last, ...heads.map(({ last }) => last)) + 1;
    return this.#last;
  }

  /** Sees mailboxes as they are now, for what no commit relies on. */
  glance(): Pick<Transaction, "head"> {
    return new Transaction(this.#transactions);
  }

  /** The head of a mailbox as it is now; null where there is no such user. */
  async view(user: string): Promise<Head | null> {
    const [row] = await this.database.read([mailboxKey(user)]);
    if (!row) return null;
    const head = await this.#transactions.load(user, row);
    this.locals.seen(head);
    return head;
  }

  /** Tells the connections of a user what came to the mailbox by other servers. */
  catchUp(user: string): Promise<void> {
    return this.#lanes.runAll([user], async () => {
      const local = this.locals.get(user);
      const isHere = local !== undefined && local.readers.size + local.gone.size > 0;
      const seen = isHere ? await this.view(user) : null;
      this.#replaced.delete(user);
      if (!isHere) return;
      // Whose devices were here is no longer, and another user of the name has none here.
      if (seen?.born !== local.head.born) return this.locals.void(user);
      const isMissed = [...local.readers.keys()].some((it) => seen.cursors.get(it)?.at === null);
      const head = isMissed ? await this.#putBack(seen, local) : seen;
      if (head === null) return;
      this.#tellOfGone(head, local);
      if (local.readers.size === 0) return;
      for (const device of local.readers.keys()) {
        const at = head.cursors.get(device)?.at ?? null;
        if (at === null || at === this.instance) continue;
        this.#replaced.add(user);
        this.listener?.replaced?.(user, device);
      }
      await this.#tell(head, local);
    });
  }

  /** Whoever woke this server for devices that had just left took them to be here, and told nobody. */
  #tellOfGone(head: Head, { gone }: Local): void {
    for (const [device, last] of gone) {
      gone.delete(device);
      const cursor = head.cursors.get(device);
      if (cursor === undefined || head.last <= Math.max(last, cursor.position)) continue;
      const sleeper = sleeperOf(head.user, cursor);
      if (sleeper !== null) this.listener?.owed?.(sleeper, "message");
    }
  }

  async #tell(head: Head, local: Local): Promise<void> {
    const { user, last } = head;
    let entries: StoredEntry[] = [];
    const tell = () => {
      const newest = entries.at(-1);
      if (newest === undefined) return;
      this.listener?.committed({ user, after: local.told, entries });
      local.told = newest.position;
      entries = [];
    };
    for await (const entry of this.reader.from(head, local.told)) {
      if (entries.push(entry) === NEWS_MAX) tell();
    }
    tell();
    local.told = Math.max(local.told, last);
  }

  /** Looks once more at users whose connections may not have heard that they were replaced. */
  async catchUpReplaced(): Promise<void> {
    for (const user of [...this.#replaced]) await this.catchUp(user);
  }

  /** Writes what waits to be written. */
  async flush(): Promise<void> {
    this.#cancelFlush?.();
    this.#cancelFlush = null;
    const users = [...this.#unwritten];
    const write = async () => {
      for (let user = users.pop(); user !== undefined; user = users.pop()) await this.#write(user);
    };
    await Promise.all(Array.from({ length: FLUSHES_MAX }, write));
  }

  /** Writes what waits, and ends. What the store stands on stays open. */
  async close(): Promise<void> {
    this.#isClosed = true;
    try {
      this.locals.leaveAll();
      await this.flush().finally(() => this.peers.stop());
    } finally {
      this.#cancelFlush?.();
      this.database.refuse();
    }
  }

  /** Devices at servers that are gone are nowhere, and may have been sent everything. */
  async #revive(head: Head): Promise<Head> {
    for (const { device, at } of head.cursors.values()) {
      if (at === null || at === this.instance || await this.peers.isAlive(at)) continue;
      head.leave(device, at, Infinity);
      // It may be there all the same: the clocks of servers differ.
      head.wakes.add(at);
    }
    return head;
  }

  /** Others took this server for gone: its devices are here all the same. */
  async #putBack({ user, born }: Head, { readers }: Local): Promise<Head | null> {
    return await transact(this.#transactions, async (transaction) => {
      const head = await transaction.head(user);
      if (head?.born !== born) return null;
      for (const device of readers.keys()) {
        const cursor = head.cursors.get(device);
        if (cursor?.at !== null) continue;
        cursor.at = this.instance;
        transaction.change(head);
      }
      return head;
    });
  }

  #writeSoon(user: string, ms = FLUSH_MS): void {
    this.#unwritten.add(user);
    if (this.#isClosed) return;
    this.#cancelFlush ??= this.clock.after(ms, () => {
      this.flush().catch((error) => this.#failed(error));
    });
  }

  async #write(user: string): Promise<void> {
    this.#unwritten.delete(user);
    try {
      await this.change([user], async (transaction) => {
        const head = await transaction.head(user);
        if (head?.born !== this.locals.get(user)?.head.born) this.locals.void(user);
        else if (head !== null && this.locals.hasNotes(user)) transaction.change(head);
      });
    } catch (error) {
      this.#writeSoon(user, FLUSH_AGAIN_MS);
      throw error;
    }
  }
}
