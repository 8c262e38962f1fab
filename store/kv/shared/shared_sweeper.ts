/**
 * What goes from mailboxes of a shared database: what every device has, and what expired.
 *
 * @module
 */
import type { Entry, ExpiredHandler, Position, Sweeper } from "../../store.ts";
import { type Chunk, chunkDeletes, readChunks } from "../chunks.ts";
import { type Key, type Row, WRITES_MAX } from "../database.ts";
import { expiriesRange, expiryUser } from "../keys.ts";
import { isUntold, withoutBody } from "../page_builder.ts";
import { inTurn } from "./in_turn.ts";
import type { Mailroom } from "./mailroom.ts";
import type { SharedAppend } from "./shared_append.ts";
import type { SharedUsers } from "./shared_users.ts";

/** Sweeps mailboxes. */
export class SharedSweeper implements Sweeper {
  readonly #room: Mailroom;
  readonly #append: SharedAppend;
  readonly #users: SharedUsers;

  /** Works on what the parts of the store share. */
  constructor(room: Mailroom, append: SharedAppend, users: SharedUsers) {
    this.#room = room;
    this.#append = append;
    this.#users = users;
  }

  async sweep(expired: ExpiredHandler): Promise<void> {
    const { peers } = this.#room;
    await peers.beat();
    // What one user's rows make impossible must not stop what is done for all others.
    await inTurn([
      () => peers.take(),
      () => this.#room.catchUpReplaced(),
      () => this.#room.flush(),
      () => this.#sweepForAll(expired),
      () => this.#tellOfMissed(expired),
      ...[...this.#room.due].map((user) => () => this.#compact(user)),
    ]);
  }

  async #sweepForAll(expired: ExpiredHandler): Promise<void> {
    if (!await this.#room.peers.leads()) return;
    await inTurn([
      () => this.#users.finishRemovals(),
      () => this.#append.finishPromised(),
      () => inTurn(this.#expiring(expired)),
    ]);
  }

  async #tellOfMissed(expired: ExpiredHandler): Promise<void> {
    const { missed } = this.#room.reader;
    const passed = [...missed.values()];
    if (passed.length > 0) await expired(passed);
    for (const { id } of passed) missed.delete(id);
  }

  async *#expiring(expired: ExpiredHandler): AsyncGenerator<() => Promise<void>> {
    const { database, clock, peers } = this.#room;
    const now = clock.now();
    // Each row once: one that stays is for the next sweep.
    let after: Key | null = null;
    for (let more = true; more;) {
      const rows: readonly Row[] = await database.list(expiriesRange(now, after), WRITES_MAX);
      for (const { key } of rows) {
        // It may take longer than the lease, and two that tell of the same tell twice.
        if (!await peers.leads()) return;
        yield () => this.#expire(expiryUser(key), now, expired);
        after = key;
      }
      more = rows.length === WRITES_MAX;
    }
  }

  /** Tells of what expired in a mailbox, and drops it. */
  async #expire(user: string, now: number, expired: ExpiredHandler): Promise<void> {
    const { reader } = this.#room;
    const head = await this.#room.view(user);
    if (head === null) return;
    const untold: Entry[] = [];
    for await (const entry of reader.from(head, 0)) {
      if (entry.expires <= now && isUntold(entry, head)) untold.push(withoutBody(entry));
    }
    for (const entry of reader.missed.values()) {
      if (entry.to === user && !untold.some(({ id }) => id === entry.id)) untold.push(entry);
    }
    if (untold.length > 0) await expired(untold);
    for (const { id } of untold) reader.missed.delete(id);
    await this.#drop(user, now, new Set(untold.map(({ id }) => id)));
  }

  /** Drops what has expired, of that for whose senders it matters only what they were told of. */
  async #drop(user: string, now: number, told: ReadonlySet<string>): Promise<void> {
    let after: Position = 0;
    let next = Infinity;
    for (let more = true; more;) {
      const step = await this.#room.change([user], async (transaction) => {
        const head = await transaction.head(user);
        if (head === null) return { after, next, more: false };
        const read = await readChunks(transaction, user, after);
        const entries = read.chunks.flatMap((chunk) => chunk.entries);
        const isGone = (entry: Entry) =>
          entry.expires <= now && (told.has(entry.id) || !isUntold(entry, head));
        const least = entries.reduce(
          (least, entry) => isGone(entry) ? least : Math.min(least, entry.expires),
          next,
        );
        const gone = read.chunks.filter((chunk) => chunk.entries.every(isGone));
        head.drop(gone.flatMap((chunk) => chunk.entries));
        // What is added from here on brings its own time.
        if (!read.more) head.expires = least;
        await transaction.write(gone.flatMap((chunk) => chunkDeletes(user, chunk)));
        if (gone.length > 0 || !read.more) transaction.change(head);
        return { after: lastOf(read.chunks, after), next: least, more: read.more };
      });
      ({ after, next, more } = step);
    }
  }

  /** Deletes the rows that every device has passed. */
  async #compact(user: string): Promise<void> {
    for (let more = true; more;) {
      more = await this.#room.change([user], async (transaction) => {
        const head = await transaction.head(user);
        if (head === null) return false;
        const read = await readChunks(transaction, user, 0);
        const passed = read.chunks.filter(({ last }) => last <= head.floor);
        if (passed.length === 0) return false;
        head.drop(passed.flatMap(({ entries }) => entries));
        await transaction.write(passed.flatMap((chunk) => chunkDeletes(user, chunk)));
        transaction.change(head);
        return read.more && passed.length === read.chunks.length;
      });
    }
    this.#room.due.delete(user);
  }
}

function lastOf(chunks: readonly Chunk[], after: Position): Position {
  return chunks.at(-1)?.last ?? after;
}
