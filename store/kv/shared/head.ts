/**
 * The head of a mailbox: one row of which every change checks the version. So whoever changes a
 * mailbox, at whichever server, has seen all that came before.
 *
 * @module
 */
import { Stretches } from "../../stretches.ts";
import type { Position, Sleeper, Spoken } from "../../store.ts";
import { type Amount, count, NOTHING } from "../amount.ts";
import { type Cursor, setReach } from "../cursor.ts";
import type { Row, Write } from "../database.ts";
import { Debts, owedBy } from "../debts.ts";
import { Expiry } from "../expiry.ts";
import { mailboxKey } from "../keys.ts";
import type { Reach, StoredEntry } from "../lines.ts";
import { jsonValue, parseJson } from "../values.ts";

/** Where a device stands, and which server has its connection. */
export interface HeadCursor extends Pick<Cursor, "device" | "position" | "sent" | "reach"> {
  /** The server where it is attached; null where it is nowhere. */
  at: string | null;
}

/** What is stored of a device's cursor. */
interface StoredCursor {
  readonly position: Position;
  readonly sent: Position;
  readonly at: string | null;
  readonly reach?: Reach | undefined;
}

/** Servers of which a head says up to where they wrote; more at once write one mailbox rarely. */
const WRITERS_MAX = 8;

/** The row. */
interface HeadRow {
  readonly born: string;
  readonly last: Position;
  readonly floor: Position;
  /** As `Stretches` write it. */
  readonly acknowledged: string;
  readonly held: Readonly<Amount>;
  readonly expires: number | null;
  readonly owed: string;
  readonly cursors: readonly (readonly [device: string, StoredCursor])[];
  /** Servers and the newest position that each of them wrote, the last to write last. */
  readonly writers?: readonly (readonly [instance: string, position: Position])[];
}

/** What is known of a mailbox beside its entries. It does no input or output. */
export class Head {
  readonly user: string;
  /** Tells this mailbox from an earlier one of the same name. */
  readonly born: string;
  /** What the row was read or written at; null where there is none yet. */
  version: string | null;
  /** The position of the newest entry. */
  last: Position = 0;
  /** What some device has acknowledged, forgotten ones too. */
  readonly acknowledged = new Stretches();
  /** What the rows hold, also what waits for nobody. */
  readonly held: Amount = { ...NOTHING };
  /** The same when the head was read. */
  readonly heldRead: Amount = { ...NOTHING };
  /** Nothing in the rows expires before; Infinity: nothing. */
  expires = Infinity;
  readonly cursors = new Map<string, HeadCursor>();
  /** Servers that have to look at the mailbox. */
  readonly wakes = new Set<string>();
  #floor: Position = 0;
  #floorRead: Position = 0;
  readonly #expiry = new Expiry();
  readonly #debts = new Debts();
  readonly #writers = new Map<string, Position>();

  private constructor(user: string, born: string, version: string | null) {
    this.user = user;
    this.born = born;
    this.version = version;
  }

  /** The head of a new user. @param last the newest position of an earlier user of that name */
  static create(user: string, born: string, last: Position): Head {
    const head = new Head(user, born, null);
    head.last = head.#floor = last;
    return head;
  }

  /** What a row says. */
  static parse(user: string, { value, version }: Row): Head {
    const row = parseJson<HeadRow>(value);
    const head = new Head(user, row.born, version);
    head.last = row.last;
    head.#floor = head.#floorRead = row.floor;
    head.acknowledged.addAll(Stretches.parse(row.acknowledged));
    Object.assign(head.held, row.held);
    Object.assign(head.heldRead, row.held);
    head.expires = row.expires ?? Infinity;
    head.#expiry.load(row.expires);
    head.#debts.load(row.owed);
    for (const [instance, position] of row.writers ?? []) head.#writers.set(instance, position);
    for (const [device, { position, sent, at, reach }] of row.cursors) {
      head.cursors.set(device, { device, position, sent, at, reach });
    }
    return head;
  }

  /** Everything up to here every device had acknowledged at some time: it waits for nobody. */
  get floor(): Position {
    return this.#floor;
  }

  /** Whether rows wait for nobody that did when the head was read. */
  get hasWaste(): boolean {
    return this.#floor > this.#floorRead && this.held.messages + this.held.receipts > 0;
  }

  /** The writes that make the row, and the indexes, say what this head does. */
  writes(): Write[] {
    const owed = owedBy(this.cursors.values(), this.last);
    const row: HeadRow = {
      born: this.born,
      last: this.last,
      floor: this.#floor,
      acknowledged: `${this.acknowledged}`,
      held: this.held,
      expires: this.expires === Infinity ? null : this.expires,
      owed,
      cursors: [...this.cursors].map(([device, { position, sent, at, reach }]) => [
        device,
        { position, sent, at, reach },
      ]),
      writers: [...this.#writers],
    };
    return [
      { key: mailboxKey(this.user), value: jsonValue(row) },
      ...this.#expiry.writes(this.user, this.expires),
      ...this.#debts.writes(this.user, owed),
    ];
  }

  /** The writes that take it away. */
  deletes(): Write[] {
    return [
      { key: mailboxKey(this.user), value: null },
      ...this.#expiry.writes(this.user, Infinity),
      ...this.#debts.writes(this.user, ""),
    ];
  }

  /** Takes in a new entry. */
  add(entry: StoredEntry): void {
    this.last = entry.position;
    count(this.held, entry, 1);
    this.expires = Math.min(this.expires, entry.expires);
    this.wakeAll();
  }

  /** A server wrote the newest entry. */
  sign(instance: string): void {
    this.#writers.delete(instance);
    this.#writers.set(instance, this.last);
    const [oldest] = this.#writers.keys();
    if (this.#writers.size > WRITERS_MAX && oldest !== undefined) this.#writers.delete(oldest);
  }

  /** Whether an entry is the newest that a server wrote. */
  isSigned(instance: string, position: Position): boolean {
    return this.#writers.get(instance) === position;
  }

  /** Has every server look that has a device of the user. */
  wakeAll(): void {
    for (const { at } of this.cursors.values()) if (at !== null) this.wakes.add(at);
  }

  /** Entries are no longer rows. */
  drop(entries: Iterable<StoredEntry>): void {
    for (const entry of entries) count(this.held, entry, -1);
  }

  /** The device is at a server now; see {@linkcode Mailboxes.attach}. */
  attach(device: string, start: "oldest" | "newest", at: string): HeadCursor {
    const cursor = this.cursors.get(device) ?? this.#newCursor(device, start);
    if (cursor.at !== null && cursor.at !== at) {
      // Nobody said that it left there, so it may have been sent everything.
      cursor.sent = this.last;
      this.wakes.add(cursor.at);
    }
    cursor.at = at;
    return cursor;
  }

  /**
   * The device is no longer at a server, if it was there.
   *
   * @param at null: it stays where it is
   * @param sent up to where it was sent entries
   */
  leave(device: string, at: string | null, sent: Position): void {
    const cursor = this.cursors.get(device);
    if (cursor === undefined) return;
    cursor.sent = Math.max(cursor.sent, Math.min(sent, this.last));
    if (cursor.at === at) cursor.at = null;
  }

  /**
   * Moves a cursor forward; a lower position changes nothing (I3).
   *
   * @returns up to where everything had been acknowledged by some device before
   */
  acknowledge(device: string, upTo: Position): Position {
    const cursor = this.cursors.get(device);
    if (cursor === undefined) return 0;
    const before = this.acknowledged.endAfter(cursor.position);
    // Nobody can have read what is not there yet, and what comes must not be skipped (I3).
    const reached = Math.min(upTo, this.last);
    this.acknowledged.add(cursor.position, reached);
    cursor.position = Math.max(cursor.position, reached);
    cursor.sent = Math.max(cursor.sent, cursor.position);
    this.#raise();
    return before;
  }

  /** Drops a cursor. @returns whether there was one */
  forget(device: string): boolean {
    const cursor = this.cursors.get(device);
    if (cursor === undefined) return false;
    if (cursor.at !== null) this.wakes.add(cursor.at);
    this.cursors.delete(device);
    this.#raise();
    return true;
  }

  /**
   * Says whose push service reaches a device, which becomes known; null: none does.
   *
   * @param isNew whether that is at another address than before
   * @returns who is owed a push now: something waits, and the service or the address is another one
   */
  setReach(device: string, provider: Reach["provider"] | null, isNew = false): Sleeper | null {
    let cursor = this.cursors.get(device);
    if (cursor === undefined && provider !== null) cursor = this.#newCursor(device, "oldest");
    if (
      cursor === undefined || !setReach(cursor, provider, isNew) || this.last <= cursor.position
    ) {
      return null;
    }
    return sleeperOf(this.user, cursor);
  }

  /** Notes that a push spoke. */
  spoke(device: string, { upTo, at }: Spoken): void {
    const reach = this.cursors.get(device)?.reach;
    if (reach === undefined) return;
    const after = { provider: reach.provider, upTo: Math.max(upTo, reach.upTo), at };
    Object.assign(this.cursors.get(device) ?? {}, { reach: after });
  }

  #newCursor(device: string, start: "oldest" | "newest"): HeadCursor {
    const position = this.cursors.size > 0 && start === "newest" ? this.last : this.#floor;
    const cursor = { device, position, sent: position, at: null, reach: undefined };
    this.cursors.set(device, cursor);
    return cursor;
  }

  #raise(): void {
    if (this.cursors.size === 0) return;
    const positions = [...this.cursors.values()].map(({ position }) => position);
    this.#floor = Math.max(this.#floor, Math.min(...positions));
  }
}

/** A device that a push can reach and that is nowhere attached; null where it is not so. */
export function sleeperOf(user: string, { device, reach, at }: HeadCursor): Sleeper | null {
  return reach === undefined || at !== null ? null : { user, device, provider: reach.provider };
}
