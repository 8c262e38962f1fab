/**
 * The {@linkcode Outbox} of a shared database. There is no queue: who is owed a push is told to the
 * server that stored the message, and the sweep of one server finds what is left.
 *
 * @module
 */
import type { Entry, Outbox, OutboxPage, Sleeper, Spoken, Waiting } from "../../store.ts";
import { mayBeOwed } from "../cursor.ts";
import { outboxRange, outboxUser } from "../keys.ts";
import { Tally } from "../tally.ts";
import { sleeperOf } from "./head.ts";
import type { Mailroom } from "./mailroom.ts";

/** Who has to be woken. */
export class SharedOutbox implements Outbox {
  readonly #room: Mailroom;

  /** Works on what the parts of the store share. */
  constructor(room: Mailroom) {
    this.#room = room;
  }

  async look(user: string, device: string): Promise<Waiting | null> {
    const { reader, clock, instance } = this.#room;
    const head = await this.#room.view(user);
    const cursor = head?.cursors.get(device);
    if (!head || cursor?.reach === undefined) return null;
    // Where it is attached elsewhere, that server knows whether it sleeps.
    if (cursor.at !== null && cursor.at !== instance) return null;
    const { provider: _provider, ...spoken } = cursor.reach;
    const tally = new Tally(cursor.position);
    let newest: Entry | null = null;
    for await (const entry of reader.from(head, cursor.position)) {
      tally.add(entry, user, clock.now());
      if (entry.position === tally.newest) newest = entry;
    }
    const upTo = head.last;
    const isNew = tally.newest > spoken.upTo;
    // Where the rest is nothing to be told of, the outbox need not name the device again.
    if (!isNew && upTo > spoken.upTo) await this.spoke(user, device, { ...spoken, upTo });
    if (newest === null) return null;
    const { messages, expires, position: after } = tally;
    const urgent = tally.urgent > spoken.upTo;
    return { messages, newest, isNew, urgent, expires, after, upTo, spoken };
  }

  async spoke(user: string, device: string, spoken: Spoken): Promise<void> {
    await this.#room.change([user], async (transaction) => {
      const head = await transaction.head(user);
      if (head?.cursors.get(device)?.reach === undefined) return;
      head.spoke(device, spoken);
      transaction.change(head);
    });
  }

  async list(after: string, limit: number): Promise<OutboxPage> {
    const { database, peers } = this.#room;
    // Where all asked, each would wake the same devices.
    if (!await peers.leads()) return { sleepers: [], next: null };
    const rows = await database.list(outboxRange(after), limit);
    const last = rows.length < limit ? undefined : rows.at(-1);
    const sleepers: Sleeper[] = [];
    for (const { key } of rows) sleepers.push(...await this.#sleepers(outboxUser(key)));
    return { sleepers, next: last === undefined ? null : outboxUser(last.key) };
  }

  async #sleepers(user: string): Promise<readonly Sleeper[]> {
    const head = await this.#room.view(user);
    return [...head?.cursors.values() ?? []].flatMap((cursor) => {
      if (head === null || !mayBeOwed(cursor, head.last)) return [];
      return sleeperOf(user, cursor) ?? [];
    });
  }
}
