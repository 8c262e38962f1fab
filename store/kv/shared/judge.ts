/**
 * Says what becomes of the drafts of one commit.
 *
 * @module
 */
import { CID_MS_MIN } from "../../../limits.ts";
import type { Draft, Outcome, Position } from "../../store.ts";
import { isCopied } from "../admission.ts";
import { type Amount, fits } from "../amount.ts";
import { chunkWrites } from "../chunks.ts";
import type { Cid } from "../cids.ts";
import type { Write } from "../database.ts";
import { cidKey, senderMark } from "../keys.ts";
import { place, type StoredEntry } from "../lines.ts";
import { jsonValue, parseJson } from "../values.ts";
import type { Head } from "./head.ts";
import type { Mailroom } from "./mailroom.ts";
import { senderKey } from "./shared_keys.ts";
import type { Transaction } from "./transaction.ts";

/** How long the database keeps what is over by the clock of a server, in milliseconds. */
const EXPIRE_LATER_MS = 3600 * 1000;

/** How long a sender's row is kept after the last cid, in milliseconds: longer than a commit takes. */
const SENDER_MS = 3600 * 1000;

/** What a {@linkcode Judge} uses. */
export type JudgeRoom = Pick<Mailroom, "reader" | "limits" | "clock" | "nextPosition">;

/** What a mailbox gets. */
export interface Piece {
  /** The position of its newest entry before. */
  readonly after: Position;
  readonly entries: StoredEntry[];
}

/** What one commit does. */
export class Judge {
  /** What each mailbox gets, in order of position. */
  readonly pieces = new Map<Head, Piece>();
  /** All entries that are accepted. */
  readonly entries: StoredEntry[] = [];
  readonly #room: JudgeRoom;
  /** What becomes of the commit's cids, and of those that were there. */
  readonly #transaction: Transaction;
  /** Who knows the mailboxes. */
  readonly #mailboxes: Pick<Transaction, "head">;
  readonly #cids = new Map<string, Cid>();
  /** Senders of whom the commit writes a cid. */
  readonly #senders = new Set<string>();

  /** @param mailboxes left out: the transaction */
  constructor(
    room: JudgeRoom,
    transaction: Transaction,
    mailboxes: Pick<Transaction, "head"> = transaction,
  ) {
    this.#room = room;
    this.#transaction = transaction;
    this.#mailboxes = mailboxes;
  }

  /** Reads what is known of the drafts' cids. To be called first. */
  async readCids(drafts: readonly Draft[]): Promise<void> {
    const keys = new Map(drafts.flatMap((draft) => {
      const name = nameOf(draft);
      return name === null ? [] : [[name.join("\n"), cidKey(...name)] as const];
    }));
    if (keys.size === 0) return;
    const senders = new Set(drafts.filter(({ cid }) => cid !== undefined).map(markOf));
    // First: whatever changes a cid after it is read here changes this, too.
    await this.#transaction.read([...senders].map(senderKey));
    const rows = await this.#transaction.peek([...keys.values()]);
    for (const [index, name] of [...keys.keys()].entries()) {
      const row = rows[index];
      if (row) this.#cids.set(name, parseJson<Cid>(row.value));
    }
  }

  /** Judges the next draft, and takes it in where it is accepted. */
  async judge(draft: Draft): Promise<Outcome> {
    const cid = this.#cids.get(nameOf(draft)?.join("\n") ?? "");
    if (cid !== undefined && cid.expires > this.#room.clock.now()) {
      return cid.fingerprint === (draft.fingerprint ?? "")
        ? { kind: "duplicate", id: cid.id, time: cid.time }
        : { kind: "conflict" };
    }
    const to = await this.#mailboxes.head(draft.to);
    if (to === null) return { kind: "unknown" };
    if (!await this.#hasRoom(to, draft)) return { kind: "full" };
    await this.#noteCid(draft);
    await this.take(draft);
    return { kind: "accepted" };
  }

  /** Takes a draft in whose fate is decided. A receiver who left meanwhile does not get it. */
  async take(draft: Draft): Promise<void> {
    const to = await this.#mailboxes.head(draft.to);
    if (to === null) return;
    const own = await this.#mailboxes.head(draft.sender);
    // A copy that does not fit is left out: the message itself must not fail for it.
    const copied = own !== null && isCopied(draft, own) && await this.#hasRoom(own, draft);
    const entry = place(draft, this.#room.nextPosition(to, copied ? own : to), copied);
    for (const head of copied ? [to, own] : [to]) this.#add(head, entry);
    this.entries.push(entry);
  }

  /** The writes that make the entries rows. */
  writes(): Write[] {
    return [...this.pieces].flatMap(([{ user }, { entries }]) =>
      entries.flatMap((entry) => chunkWrites(user, entry.position, [entry]))
    );
  }

  #add(head: Head, entry: StoredEntry): void {
    const piece = this.pieces.get(head) ?? { after: head.last, entries: [] };
    this.pieces.set(head, piece);
    piece.entries.push(entry);
    head.add(entry);
  }

  async #hasRoom(head: Head, draft: Draft): Promise<boolean> {
    const { limits, reader } = this.#room;
    if (fits(head.held, draft, limits)) return true;
    const { messages, bytes, receipts } = await reader.spare(head);
    const { held } = head;
    const waiting: Amount = {
      messages: held.messages - messages,
      bytes: held.bytes - bytes,
      receipts: held.receipts - receipts,
    };
    return fits(waiting, draft, limits);
  }

  async #noteCid(draft: Draft): Promise<void> {
    const name = nameOf(draft);
    if (name === null) return;
    const { id, time, fingerprint = "" } = draft;
    const expires = Math.max(time + CID_MS_MIN, draft.expires);
    const cid: Cid = { id, time, fingerprint, expires };
    this.#cids.set(name.join("\n"), cid);
    const value = jsonValue(cid);
    const later = expiring(expires, this.#room.clock.now());
    await this.#transaction.write([{ key: cidKey(...name), value, ...later }]);
    if (this.#senders.has(name[0])) return;
    this.#senders.add(name[0]);
    const sender = { key: senderKey(name[0]), value: new Uint8Array(), expireIn: SENDER_MS };
    await this.#transaction.write([sender]);
  }
}

/** Lets the database drop a row once it is over, in milliseconds since 1970. */
export function expiring(until: number, now: number): Pick<Write, "expireIn"> {
  const ms = Math.ceil(Math.max(0, until - now)) + EXPIRE_LATER_MS;
  return Number.isSafeInteger(ms) ? { expireIn: ms } : {};
}

function markOf({ sender }: Draft): string {
  return senderMark(sender);
}

function nameOf(draft: Draft): [mark: string, cid: string] | null {
  return draft.cid === undefined ? null : [markOf(draft), draft.cid];
}
