/**
 * The {@linkcode Mailboxes} of a shared database.
 *
 * @module
 */
import type {
  AppendOptions,
  AsidePage,
  AsidePlace,
  Attachment,
  Draft,
  Entry,
  Mailboxes,
  MailboxState,
  Outcome,
  Page,
  Position,
  ReadLimit,
} from "../../store.ts";
import { asideWrites, readAsides } from "../asides.ts";
import { type Head, sleeperOf } from "./head.ts";
import type { Mailroom } from "./mailroom.ts";
import type { SharedAppend } from "./shared_append.ts";

/** All mailboxes of a shared database. */
export class SharedMailboxes implements Mailboxes {
  readonly #room: Mailroom;
  readonly #append: SharedAppend;

  /** Works on what the parts of the store share. */
  constructor(room: Mailroom, append: SharedAppend) {
    this.#room = room;
    this.#append = append;
  }

  append(drafts: readonly Draft[], options: AppendOptions = {}): Promise<readonly Outcome[]> {
    return this.#append.append(drafts, options);
  }

  async attach(
    user: string,
    device: string,
    start: "oldest" | "newest",
  ): Promise<Attachment | null> {
    const { locals, instance, reader } = this.#room;
    let entered: string | null = null;
    try {
      const found = await this.#room.change([user], async (transaction) => {
        const head = await transaction.head(user);
        if (head === null) return null;
        const { position, sent } = head.attach(device, start, instance);
        // From here on what leaves and comes back meanwhile is known to be here.
        if (entered !== head.born) locals.enter(head, device);
        entered = head.born;
        transaction.change(head);
        return { head, cursor: position, sent };
      });
      if (found === null) {
        if (entered !== null) locals.delete(user);
        return null;
      }
      const { head, cursor, sent } = found;
      const pending = await reader.pending(head, device, cursor);
      return { cursor, sent, tail: head.last, pending };
    } catch (error) {
      if (entered !== null) locals.leave(user, device, 0);
      throw error;
    }
  }

  detach(user: string, device: string, sent: Position): void {
    const { locals } = this.#room;
    if (!locals.leave(user, device, sent)) return;
    const head = locals.get(user)?.head;
    const cursor = head?.cursors.get(device);
    if (head === undefined || cursor === undefined || head.last <= cursor.position) return;
    const sleeper = sleeperOf(user, cursor);
    if (sleeper !== null) this.#room.listener?.owed?.(sleeper, "left");
  }

  async read(user: string, device: string, after: Position, limit: ReadLimit): Promise<Page> {
    const head = await this.#room.view(user);
    // A device of a user who was removed does not read what another one of that name gets (I10).
    const isOf = head !== null && this.#room.locals.isOf(head, device);
    if (!isOf) return { entries: [], upTo: after, end: true };
    return await this.#room.reader.read(head, device, after, limit);
  }

  acknowledge(user: string, device: string, upTo: Position): Position {
    return this.#room.locals.acknowledge(user, device, upTo);
  }

  async setAside(user: string, device: string, entry: Entry): Promise<void> {
    await this.#room.change([user], async (transaction) => {
      // What is written behind a removal would be the next user's of that name.
      if (await transaction.head(user) === null) return;
      await transaction.write(asideWrites(user, device, entry));
    });
  }

  async readAside(user: string, after: AsidePlace | null, limit: ReadLimit): Promise<AsidePage> {
    return await readAsides(this.#room.database, user, after, limit);
  }

  async inspect(user: string): Promise<MailboxState | null> {
    const head = await this.#room.view(user);
    if (head === null) return null;
    const { messages, bytes } = await this.#room.reader.waiting(head);
    return { messages, bytes, cursors: cursorsOf(head) };
  }

  async forget(user: string, device: string): Promise<void> {
    await this.#room.change([user], async (transaction) => {
      const head = await transaction.head(user);
      if (head?.forget(device) === true) transaction.change(head);
    });
  }
}

function cursorsOf({ cursors }: Head): ReadonlyMap<string, Position> {
  return new Map([...cursors].map(([device, { position }]) => [device, position]));
}
