/**
 * The way of a message into a shared database: a commit that checks every head it changes. What
 * needs more checks than a commit has goes in several.
 *
 * @module
 */
import {
  type AppendOptions,
  type Draft,
  type Outcome,
  type Position,
  StoreBusyError,
  StoreUnavailableError,
} from "../../store.ts";
import { isOwed } from "../../outbox.ts";
import { isRefused, skipped } from "../admission.ts";
import { COMMIT_BYTES_MAX } from "../database.ts";
import { entryLine, parseLines, place } from "../lines.ts";
import { Lanes } from "../lane.ts";
import { joinText, readTexts, textWrites } from "../values.ts";
import { sleeperOf } from "./head.ts";
import { Judge } from "./judge.ts";
import type { Mailroom } from "./mailroom.ts";
import {
  promisedGroup,
  promisedGroupRange,
  promisedKey,
  promisedRange,
  promiseKey,
  ROW_MS,
} from "./shared_keys.ts";
import { CHECKS_MAX, type Transaction } from "./transaction.ts";

/** Rows that one commit may check for its drafts; what is promised needs one besides. */
const GROUP_CHECKS_MAX = CHECKS_MAX - 2;

/** Bytes of an entry beside its body, at most: its line, its cid, its keys. */
const ENTRY_BYTES_MAX = 2048;

/** What a commit brought. */
interface Done {
  readonly outcomes: readonly Outcome[];
  readonly judge: Judge | null;
}

/** Appends drafts. */
export class SharedAppend {
  readonly #room: Mailroom;
  /** By sender: calls take effect in the order in which they are made (I6). */
  readonly #senders = new Lanes();
  #backlogBytes = 0;

  /** Works on what the parts of the store share. */
  constructor(room: Mailroom) {
    this.#room = room;
  }

  /** Bytes that wait for a commit or are in one. */
  get backlogBytes(): number {
    return this.#backlogBytes;
  }

  /** See {@linkcode Mailboxes.append}. */
  async append(drafts: readonly Draft[], { atomic = false }: AppendOptions) {
    const { database, limits } = this.#room;
    database.assertOpen();
    const [first] = drafts;
    if (first === undefined) return [];
    const bytes = drafts.reduce((sum, draft) => sum + draft.bytes, 0);
    if (this.#backlogBytes + bytes > limits.backlogBytes) {
      throw new StoreBusyError("Cannot append: too much waits to be committed");
    }
    this.#backlogBytes += bytes;
    try {
      const append = () => atomic ? this.#whole(drafts) : this.#parted(groupsOf(drafts));
      return await this.#senders.run(first.sender, append);
    } catch (error) {
      if (error instanceof StoreUnavailableError) this.#room.listener?.refused?.();
      throw error;
    } finally {
      this.#backlogBytes -= bytes;
    }
  }

  /** Keeps what a server that ended had promised and not finished. */
  async finishPromised(): Promise<void> {
    const rows = await this.#room.database.list(promisedRange, 1);
    for (let [row] = rows; row !== undefined;) {
      const [call, group] = promisedGroup(row.key);
      await this.#keep(call, group);
      [row] = await this.#room.database.list(promisedRange, 1);
    }
  }

  async #parted(groups: readonly (readonly Draft[])[]): Promise<readonly Outcome[]> {
    const outcomes: Outcome[] = [];
    for (const [index, group] of groups.entries()) {
      try {
        outcomes.push(...await this.#commit(group, false));
      } catch (error) {
        // Whoever hears that nothing was stored may send all of it again.
        if (!outcomes.some(({ kind }) => kind === "accepted") || !isRefusal(error)) throw error;
        if (error instanceof StoreUnavailableError) this.#room.listener?.refused?.();
        // None after it either: they would be in front of it when it is sent again (I6).
        const rest = groups.slice(index).flat();
        return [...outcomes, ...rest.map((): Outcome => ({ kind: "refused" }))];
      }
    }
    return outcomes;
  }

  async #whole(drafts: readonly Draft[]): Promise<readonly Outcome[]> {
    const groups = groupsOf(drafts);
    return groups.length === 1
      ? await this.#commit(drafts, true)
      : await this.#promise(drafts, groups);
  }

  /** Judges and stores what fits in one commit. */
  async #commit(drafts: readonly Draft[], atomic: boolean): Promise<readonly Outcome[]> {
    const startedAt = this.#room.clock.monotonic();
    return await this.#room.change(usersOf(drafts), async (transaction): Promise<Done> => {
      const judge = new Judge(this.#room, transaction);
      const outcomes = await judgeAll(judge, drafts, atomic);
      const isNothing = judge.entries.length === 0 || atomic && isRefused(outcomes);
      if (isNothing) transaction.discard();
      else await this.#store(transaction, judge);
      return { outcomes, judge: isNothing ? null : judge };
    }, ({ judge }) => this.#tell(judge, startedAt)).then(({ outcomes }) => outcomes);
  }

  async #store(transaction: Transaction, judge: Judge): Promise<void> {
    const { instance } = this.#room;
    await transaction.write(judge.writes());
    const signed: [user: string, position: Position][] = [];
    for (const head of judge.pieces.keys()) {
      head.sign(instance);
      transaction.change(head);
      signed.push([head.user, head.last]);
    }
    // The heads say it, and not the rows: those go as soon as every device has them.
    transaction.isMade = () => this.#isSigned(signed);
  }

  /** Whether a mailbox says that this server wrote there up to a position. */
  async #isSigned(signed: readonly (readonly [string, Position])[]): Promise<boolean> {
    for (const [user, position] of signed) {
      const head = await this.#room.view(user);
      if (head?.isSigned(this.#room.instance, position) === true) return true;
    }
    return false;
  }

  /**
   * Stores drafts, all or none, that do not fit in one commit. One that does fit says what they are
   * and takes their cids: from then on they are stored. Others put them into the mailboxes; where
   * this server ends before, another one does.
   */
  async #promise(
    drafts: readonly Draft[],
    groups: readonly (readonly Draft[])[],
  ): Promise<readonly Outcome[]> {
    const call = this.#room.newId();
    const outcomes = await this.#room.change([], async (transaction) => {
      const judge = new Judge(this.#room, transaction, this.#room.glance());
      const outcomes = await judgeAll(judge, drafts, true);
      if (isRefused(outcomes) || judge.entries.length === 0) transaction.discard();
      else {
        const accepted = new Set(judge.entries.map(({ id }) => id));
        const writes = groups.flatMap((group, number) => {
          const kept = group.filter(({ id }) => accepted.has(id));
          const text = kept.map((draft) => entryLine(place(draft, 0, false))).join("");
          return textWrites(text, (part) => promisedKey(call, number, part));
        });
        // It stays when the parts go: a commit that threw may be made late, and not again.
        const mark = { key: promiseKey(call), value: new Uint8Array(), expireIn: ROW_MS };
        await transaction.read([mark.key]);
        await transaction.write([...writes, mark]);
        transaction.isMade = () => this.#room.database.holds(mark);
      }
      return outcomes;
    });
    for (const number of groups.keys()) await this.#keep(call, number);
    return outcomes;
  }

  /** Puts a group that was promised into the mailboxes, unless that was done. */
  async #keep(call: string, group: number): Promise<void> {
    const startedAt = this.#room.clock.monotonic();
    const { texts } = await readTexts(this.#room.database, promisedGroupRange(call, group));
    const parts = texts[0];
    if (parts === undefined) return;
    const drafts = [...parseLines(joinText(parts))].flatMap((line) =>
      line.kind === "entry" ? [line.entry] : []
    );
    await this.#room.change(usersOf(drafts), async (transaction) => {
      const [row] = await transaction.read([promisedKey(call, group, 0)]);
      if (!row) return null;
      const judge = new Judge(this.#room, transaction);
      for (const draft of drafts) await judge.take(draft);
      await transaction.write(parts.map(({ key }) => ({ key, value: null })));
      await this.#store(transaction, judge);
      return judge;
    }, (judge) => this.#tell(judge, startedAt));
  }

  #tell(judge: Judge | null, startedAt: number): void {
    const { listener, locals, clock } = this.#room;
    if (judge === null) return;
    const bytes = judge.entries.reduce((sum, entry) => sum + entry.bytes, 0);
    listener?.wrote?.({ ms: clock.monotonic() - startedAt, bytes, entries: judge.entries });
    for (const [head, { after, entries }] of judge.pieces) {
      const local = locals.get(head.user);
      if (local !== undefined) local.told = Math.max(local.told, head.last);
      listener?.committed({ user: head.user, after, entries });
      if (!entries.some((entry) => isOwed(entry, head.user))) continue;
      for (const cursor of head.cursors.values()) {
        const sleeper = sleeperOf(head.user, cursor);
        if (sleeper !== null) listener?.owed?.(sleeper, "message");
      }
    }
  }
}

/** Judges drafts in order. Where all or none are to be stored and one is refused, none is. */
async function judgeAll(
  judge: Judge,
  drafts: readonly Draft[],
  atomic: boolean,
): Promise<readonly Outcome[]> {
  await judge.readCids(drafts);
  const outcomes: Outcome[] = [];
  for (const draft of drafts) outcomes.push(await judge.judge(draft));
  if (!atomic || !isRefused(outcomes)) return outcomes;
  const released = new Set(judge.entries.map(({ id }) => id));
  return outcomes.map((outcome) => skipped(outcome, released));
}

/** Cuts drafts into what one commit can check and hold. */
function groupsOf(drafts: readonly Draft[]): (readonly Draft[])[] {
  const groups: Draft[][] = [];
  let checks = new Set<string>();
  let bytes = 0;
  for (const draft of drafts) {
    const more = new Set([...checks, ...checksOf(draft)]);
    const size = 2 * (draft.bytes + ENTRY_BYTES_MAX);
    const isOver = more.size > GROUP_CHECKS_MAX || bytes + size > COMMIT_BYTES_MAX;
    const group = groups.at(-1);
    if (group === undefined || isOver) {
      groups.push([draft]);
      checks = new Set(checksOf(draft));
      bytes = size;
    } else {
      group.push(draft);
      checks = more;
      bytes += size;
    }
  }
  return groups;
}

/** What stands for the rows that a draft has checked: two mailboxes, and the cids of its sender. */
function checksOf({ to, sender, cid }: Draft): string[] {
  return cid === undefined ? [to, sender] : [to, sender, `${sender}\n`];
}

function isRefusal(error: unknown): boolean {
  return error instanceof StoreUnavailableError || error instanceof StoreBusyError;
}

function usersOf(drafts: readonly Draft[]): Set<string> {
  return new Set(drafts.flatMap(({ to, sender }) => [to, sender]));
}
