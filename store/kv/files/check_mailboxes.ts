/**
 * Mailboxes: their rows, the messages that became rows, and the indexes over them.
 *
 * @module
 */
import type { Position } from "../../store.ts";
import { Stretches } from "../../stretches.ts";
import { type Amount, amountWith, NOTHING } from "../amount.ts";
import type { Row, Write } from "../database.ts";
import { chunksRange, expiryKey, mailboxKey, outboxKey, outboxUser } from "../keys.ts";
import { parseLines, type StoredEntry } from "../lines.ts";
import type { MailboxRow } from "../mailbox_row.ts";
import { UNKNOWN } from "../debts.ts";
import { joinText, parseJson } from "../values.ts";
import { quote, type RowCheck, type Scene } from "./check_scene.ts";

const encoder = new TextEncoder();

/** The row of a mailbox; what it says of its messages is compared by {@linkcode MessagesCheck}. */
export const checkMailbox: RowCheck = ({ key, value }, scene) => {
  const user = String(key[1]);
  const row = parseJson<MailboxRow>(value);
  scene.counts.mailboxes++;
  const name = `Mailbox of ${quote(user)}`;
  if (!scene.mayBelongTo(user)) scene.tell(`${name} belongs to nobody`);
  Stretches.parse(row.acknowledged);
  if (Math.max(row.last, row.settled, row.born, row.counted) > scene.newest) {
    scene.tell(`${name} is past the newest message of all`);
  }
  for (const [device, { position, sent }] of row.cursors) {
    if (Math.max(position, sent) <= scene.newest) continue;
    scene.tell(`${name} has a cursor of device ${quote(device)} past the newest message of all`);
  }
  const { expires, owed = "", rows } = row;
  const isEmpty = scene.rows.some(chunksRange(user, row.counted), 1).length === 0;
  if (isEmpty && rows.messages + rows.receipts > 0) {
    scene.tell(`${name} counts ${rows.messages} messages in its rows: there are none`);
  }
  if (expires !== null && !scene.has(expiryKey(expires, user))) {
    const index = { key: expiryKey(expires, user), value: new Uint8Array() };
    scene.tell(`${name} is not found when its messages expire`, index);
  }
  if (owed === UNKNOWN || owed === "" || scene.has(outboxKey(user))) return;
  const index = { key: outboxKey(user), value: encoder.encode(owed) };
  scene.tell(`${name} is not in the outbox, and owes a push`, index);
};

/** A row of the outbox. */
export const checkOutbox: RowCheck = ({ key, value }, scene) => {
  const user = outboxUser(key);
  const text = new TextDecoder().decode(value);
  const row = scene.json<MailboxRow>(mailboxKey(user));
  const owed = row?.owed ?? "";
  if (owed === UNKNOWN || owed === text) return;
  const mend: Write = { key, value: owed === "" ? null : encoder.encode(owed) };
  scene.tell(`The outbox says something else of ${quote(user)} than the mailbox`, mend);
};

/** A mailbox whose messages are just read. */
interface Open {
  readonly user: string;
  readonly row: MailboxRow | null;
  last: Position;
  rows: Amount;
}

/**
 * All rows of messages, in order: the parts of one text follow one another, and so do those of one
 * mailbox. {@linkcode end} comes after the last.
 */
export class MessagesCheck {
  readonly #scene: Scene;
  #parts: Row[] = [];
  #open: Open | null = null;

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  /** Takes the next row. */
  take(row: Row): void {
    const [first] = this.#parts;
    if (first !== undefined && (first.key[1] !== row.key[1] || first.key[2] !== row.key[2])) {
      this.#text();
    }
    this.#parts.push(row);
  }

  /** Says that no more rows come. */
  end(): void {
    this.#text();
    this.#close();
  }

  #text(): void {
    const [first] = this.#parts;
    if (first === undefined) return;
    const [parts, user, last] = [this.#parts, String(first.key[1]), Number(first.key[2])];
    this.#parts = [];
    if (this.#open?.user !== user) this.#start(user);
    const what = `Messages of ${quote(user)} up to ${last}`;
    if (this.#open === null) return;
    try {
      if (parts.some(({ key }, index) => key[3] !== index)) {
        throw new Error("Cannot read the text: a part is missing");
      }
      const entries = [...parseLines(joinText(parts))].flatMap((line) =>
        line.kind === "entry" ? [line.entry] : []
      );
      this.#entries(this.#open, entries, last, what);
    } catch {
      this.#scene.tell(`${what} cannot be read`);
    }
  }

  #entries(open: Open, entries: readonly StoredEntry[], upTo: Position, what: string): void {
    this.#scene.counts.messages += entries.length;
    const { user, row } = open;
    for (const entry of entries) {
      const isTheirs = entry.to === user || entry.copied && entry.sender === user;
      if (!isTheirs) return this.#scene.tell(`${what} hold some of somebody else`);
      if (entry.position <= open.last || entry.position > upTo) {
        return this.#scene.tell(`${what} are out of order`);
      }
      open.last = entry.position;
    }
    if (row === null) return;
    if (upTo > row.settled) this.#scene.tell(`${what} are past what the mailbox knows of`);
    const soonest = entries.reduce((least, { expires }) => Math.min(least, expires), Infinity);
    if (soonest < (row.expires ?? Infinity)) {
      this.#scene.tell(`${what} expire before the mailbox is looked at`);
    }
    open.rows = amountWith(open.rows, entries.filter(({ position }) => position > row.counted));
  }

  #start(user: string): void {
    this.#close();
    const row = this.#scene.json<MailboxRow>(mailboxKey(user));
    this.#open = { user, row, last: 0, rows: { ...NOTHING } };
    if (row === null && !this.#scene.mayBelongTo(user)) {
      this.#scene.tell(`Messages of ${quote(user)} belong to nobody`);
    } else if (row === null && !this.#scene.isRemoved(user)) {
      this.#scene.tell(`Messages of ${quote(user)} are in no mailbox`);
    }
  }

  #close(): void {
    if (this.#open === null || this.#open.row === null) return;
    const { user, row, rows } = this.#open;
    const { messages, bytes, receipts } = row.rows;
    if (messages === rows.messages && bytes === rows.bytes && receipts === rows.receipts) return;
    const [said, are] = [`${messages} (${bytes} bytes)`, `${rows.messages} (${rows.bytes} bytes)`];
    this.#scene.tell(
      `Mailbox of ${quote(user)} counts ${said} messages in its rows: there are ${are}`,
    );
  }
}
