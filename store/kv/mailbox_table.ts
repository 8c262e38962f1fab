/**
 * The mailboxes in memory: loaded when they are needed, put out when they are idle and many.
 *
 * @module
 */
import { TABLE_ENTRIES_MAX } from "../../limits.ts";
import type { Position } from "../store.ts";
import { mailboxKey, userKey } from "./keys.ts";
import { Mailbox } from "./mailbox.ts";
import type { MailboxRow } from "./mailbox_row.ts";
import type { OwnedDatabase } from "./owned_database.ts";
import { parseJson } from "./values.ts";

/** All mailboxes that are in memory. */
export class MailboxTable {
  readonly #database: OwnedDatabase;
  /** The newest position at the start: what a device that was connected then may have seen. */
  readonly #start: Position;
  readonly #committed: () => Position;
  readonly #mailboxes = new Map<string, Mailbox>();
  readonly #loading = new Map<string, Promise<Mailbox | null>>();
  readonly #blocked = new Set<string>();
  #dirty = new Set<Mailbox>();

  /**
   * @param replayed what the journal brought
   * @param start the newest position at the start
   * @param committed the newest committed position, at any time: those after it may be handed out
   * again after a crash, and whatever began past them would miss what gets them then
   */
  constructor(
    database: OwnedDatabase,
    replayed: Iterable<Mailbox>,
    start: Position,
    committed: () => Position,
  ) {
    this.#database = database;
    this.#start = start;
    this.#committed = committed;
    for (const mailbox of replayed) {
      this.#mailboxes.set(mailbox.user, mailbox);
      this.#dirty.add(mailbox);
    }
  }

  /** How many are in memory. */
  get size(): number {
    return this.#mailboxes.size;
  }

  /** The mailbox where it is in memory as a whole. */
  loaded(user: string): Mailbox | undefined {
    const mailbox = this.#mailboxes.get(user);
    return mailbox?.isLoaded === true ? mailbox : undefined;
  }

  /** The mailbox where it is in memory, also while its user is being removed. */
  inMemory(user: string): Mailbox | undefined {
    return this.#mailboxes.get(user);
  }

  /** The mailbox, or null where there is no such user. */
  load(user: string): Mailbox | null | Promise<Mailbox | null> {
    if (this.#blocked.has(user)) return null;
    return this.loaded(user) ?? this.#loading.get(user) ?? this.#startLoading(user);
  }

  /** Says that something changed in a mailbox that its row does not say yet. */
  touch(mailbox: Mailbox): void {
    this.#dirty.add(mailbox);
  }

  /** The mailboxes that were touched since the last call. */
  takeTouched(): ReadonlySet<Mailbox> {
    const touched = this.#dirty;
    this.#dirty = new Set();
    return touched;
  }

  /** From here on nobody finds the user's mailbox; the answer ends that. */
  block(user: string): () => void {
    const mailbox = this.#mailboxes.get(user);
    if (mailbox !== undefined) mailbox.isLoaded = false;
    this.#blocked.add(user);
    return () => {
      if (mailbox !== undefined && this.#mailboxes.has(user)) mailbox.isLoaded = true;
      this.#blocked.delete(user);
    };
  }

  /** Puts a mailbox out: its user was removed. */
  remove(user: string): void {
    const mailbox = this.#mailboxes.get(user);
    if (mailbox === undefined) return;
    mailbox.isLoaded = false;
    this.#mailboxes.delete(user);
    this.#dirty.delete(mailbox);
  }

  /** Puts idle mailboxes out, the ones loaded longest ago first, while there are too many. */
  evict(): void {
    let excess = this.#mailboxes.size - TABLE_ENTRIES_MAX;
    for (const mailbox of this.#mailboxes.values()) {
      if (excess <= 0) return;
      if (!mailbox.isIdle || this.#dirty.has(mailbox)) continue;
      mailbox.isLoaded = false;
      this.#mailboxes.delete(mailbox.user);
      excess--;
    }
  }

  #startLoading(user: string): Promise<Mailbox | null> {
    const loading = this.#read(user).finally(() => this.#loading.delete(user));
    this.#loading.set(user, loading);
    return loading;
  }

  async #read(user: string): Promise<Mailbox | null> {
    const [userRow, row] = await this.#database.read([userKey(user), mailboxKey(user)]);
    const mailbox = this.#mailboxes.get(user) ?? new Mailbox(user);
    if (userRow === null || userRow === undefined) {
      this.remove(user);
      return null;
    }
    const value = row === null || row === undefined ? null : parseJson<MailboxRow>(row.value);
    mailbox.load(value, this.#committed());
    mailbox.interrupt(this.#start);
    this.#mailboxes.set(user, mailbox);
    return mailbox;
  }
}
