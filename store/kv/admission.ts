/**
 * Decides what becomes of the drafts of one `append`, in the order in which the calls of a sender
 * were made, and puts what is accepted into the next commit.
 *
 * @module
 */
import { UNSETTLED_BYTES_MAX } from "../../limits.ts";
import {
  type AppendOptions,
  type Draft,
  type Outcome,
  StoreBusyError,
  type StoreClock,
  type StoreLimits,
} from "../store.ts";
import type { Cid, Cids, UnsettledCid } from "./cids.ts";
import { type Batch, entryBytes } from "./batch.ts";
import type { Journal } from "./journal.ts";
import { place, type StoredEntry } from "./lines.ts";
import type { Mailbox } from "./mailbox.ts";
import type { MailboxTable } from "./mailbox_table.ts";

/** What {@linkcode Admission} works on. */
export interface AdmissionParts {
  readonly journal: Journal;
  readonly table: MailboxTable;
  readonly cids: Cids;
  readonly clock: StoreClock;
  readonly limits: StoreLimits;
  /** Counts exactly what waits in a mailbox. */
  recount(mailbox: Mailbox): Promise<void>;
}

/** What is known of one draft before it is judged. */
interface Known {
  /** Null where there is no such user. */
  readonly to: Mailbox | null;
  /** The sender's own mailbox, for the copy. */
  readonly sender: Mailbox | null;
  /** What became of its `cid` before; null where nothing did, or where it has none. */
  readonly cid: Cid | null;
}

/** What one pass over the drafts of a call brought. */
interface Pass {
  /** The one time that it goes by. */
  readonly now: number;
  readonly outcomes: Outcome[];
  readonly entries: StoredEntry[];
  /** Earlier messages that repeated cids stand for, maybe not on disk yet. */
  readonly earlier: UnsettledCid[];
  /** A mailbox that seems full and has to be counted before anything is decided. */
  uncounted: Mailbox | null;
}

/** The way into the journal. */
export class Admission {
  readonly #parts: AdmissionParts;
  /** The newest call of a sender that waits for the disk before it can be decided. */
  readonly #undecided = new Map<string, Promise<void>>();

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
  }

  /** See {@linkcode Mailboxes.append}. */
  append(drafts: readonly Draft[], options: AppendOptions): Promise<readonly Outcome[]> {
    const [first] = drafts;
    if (first === undefined) return Promise.resolve([]);
    try {
      const known = this.#undecided.has(first.sender) ? null : this.#knowNow(drafts);
      const pass = known === null ? null : this.#pass(drafts, known, options);
      return pass === null || pass.uncounted !== null
        ? this.#appendLater(first.sender, drafts, options)
        : this.#finish(pass);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Waits for the sender's earlier calls and for the disk; the order of calls stays (I6). */
  async #appendLater(
    sender: string,
    drafts: readonly Draft[],
    options: AppendOptions,
  ): Promise<readonly Outcome[]> {
    const { promise: decided, resolve } = Promise.withResolvers<void>();
    const earlier = this.#undecided.get(sender);
    // A call that fails is decided before those in front of it are: they still come first.
    const chained = earlier === undefined ? decided : earlier.then(() => decided);
    this.#undecided.set(sender, chained);
    try {
      for (;;) {
        const settles = this.#parts.cids.settles;
        const known = await this.#know(drafts);
        await earlier;
        // What was looked up may be out of date by now; then it is looked up again.
        if (settles !== this.#parts.cids.settles || this.#isStale(known)) continue;
        const pass = this.#pass(drafts, known, options);
        if (pass.uncounted === null) {
          resolve();
          // Later calls need not wait for this one's commit.
          if (this.#undecided.get(sender) === chained) this.#undecided.delete(sender);
          // Nothing may wait between taking positions and joining a commit (I2).
          return await this.#finish(pass);
        }
        await this.#parts.recount(pass.uncounted);
      }
    } finally {
      resolve();
      chained.then(() => {
        if (this.#undecided.get(sender) === chained) this.#undecided.delete(sender);
      });
    }
  }

  /** Whether a mailbox that was found went out of memory since. */
  #isStale(known: readonly Known[]): boolean {
    const { table } = this.#parts;
    const isOut = (mailbox: Mailbox | null) =>
      mailbox !== null && table.loaded(mailbox.user) !== mailbox;
    return known.some(({ to, sender }) => isOut(to) || isOut(sender));
  }

  /** What is known of the drafts without asking the disk, or null where it has to be asked. */
  #knowNow(drafts: readonly Draft[]): Known[] | null {
    const { table, cids } = this.#parts;
    const known: Known[] = [];
    for (const draft of drafts) {
      const to = table.loaded(draft.to);
      const sender = table.loaded(draft.sender);
      const cid = draft.cid === undefined ? null : cids.known(draft.sender, draft.cid);
      if (to === undefined || sender === undefined || cid === undefined) return null;
      known.push({ to, sender, cid });
    }
    return known;
  }

  #know(drafts: readonly Draft[]): Promise<Known[]> {
    const { table, cids } = this.#parts;
    return Promise.all(drafts.map(async ({ to, sender, cid }) => ({
      to: await table.load(to),
      sender: await table.load(sender),
      // One that is not settled may still fail: whoever judges looks at it again, and at rows here.
      cid: cid === undefined || cids.unsettled(sender, cid) ? null : await cids.find(sender, cid),
    })));
  }

  /** Judges all drafts at once. Where a mailbox has to be counted first, nothing is admitted. */
  #pass(drafts: readonly Draft[], known: readonly Known[], options: AppendOptions): Pass {
    const { clock, journal, limits } = this.#parts;
    if (journal.backlogBytes > limits.backlogBytes) {
      throw new StoreBusyError("Cannot append: too much waits to be committed");
    }
    if (journal.unsettledBytes > UNSETTLED_BYTES_MAX) {
      throw new StoreBusyError("Cannot append: too much waits to be settled");
    }
    const now = clock.now();
    const pass: Pass = { now, outcomes: [], entries: [], earlier: [], uncounted: null };
    let index = 0;
    for (const draft of drafts) pass.outcomes.push(this.#judge(draft, known[index++], pass));
    const undo = pass.uncounted !== null || (options.atomic === true && isRefused(pass.outcomes));
    if (!undo) return pass;
    const released = new Set(pass.entries.map(({ id }) => id));
    this.#release(pass.entries.splice(0));
    return { ...pass, outcomes: pass.outcomes.map((outcome) => skipped(outcome, released)) };
  }

  #judge(draft: Draft, known: Known | undefined, pass: Pass): Outcome {
    const { cids } = this.#parts;
    if (draft.cid !== undefined) {
      const unsettled = cids.unsettled(draft.sender, draft.cid);
      const cid = unsettled ?? known?.cid;
      if (cid && cid.expires > pass.now) {
        if (cid.fingerprint !== (draft.fingerprint ?? "")) return { kind: "conflict" };
        if (unsettled !== undefined) pass.earlier.push(unsettled);
        return { kind: "duplicate", id: cid.id, time: cid.time };
      }
    }
    const mailbox = known?.to;
    if (!mailbox) return { kind: "unknown" };
    if (!this.#hasRoom(mailbox, draft, pass)) return { kind: "full" };
    this.#admit(draft, mailbox, known.sender, pass);
    return { kind: "accepted" };
  }

  /** Whether a draft fits. Where only a count can tell it is taken in, and the pass is undone. */
  #hasRoom(mailbox: Mailbox, draft: Draft, pass: Pass): boolean {
    const { limits } = this.#parts;
    if (!mailbox.isFull(draft, limits)) return true;
    if (mailbox.isExact(pass.now)) return false;
    pass.uncounted = mailbox;
    return true;
  }

  #admit(draft: Draft, mailbox: Mailbox, sender: Mailbox | null, pass: Pass): void {
    const { cids, journal } = this.#parts;
    // A copy that does not fit is left out: the message itself must not fail for it.
    const copied = sender !== null && isCopied(draft, sender) &&
      this.#hasRoom(sender, draft, pass);
    const entry = place(draft, journal.nextPosition(), copied);
    mailbox.reserve(entry, pass.now);
    if (copied) sender.reserve(entry, pass.now);
    cids.add(entry);
    pass.entries.push(entry);
  }

  /** Puts what was accepted into the next commit, and waits for what the answer stands on. */
  #finish({ outcomes, entries, earlier }: Pass): Promise<readonly Outcome[]> {
    const done = entries.length === 0 ? [] : [this.#join(entries).done];
    for (const { batch } of earlier) if (batch !== null) done.push(batch.done);
    const [first, ...others] = done;
    if (first === undefined) return Promise.resolve(outcomes);
    return others.length === 0
      ? first.then(() => outcomes)
      : Promise.all(done).then(() => outcomes);
  }

  #join(entries: readonly StoredEntry[]): Batch {
    let bytes = 0;
    for (const entry of entries) bytes += entryBytes(entry);
    const batch = this.#batch(bytes, entries);
    for (const entry of entries) {
      batch.addEntry(entry);
      this.#parts.cids.join(entry, batch);
    }
    return batch;
  }

  #batch(bytes: number, entries: readonly StoredEntry[]): Batch {
    try {
      return this.#parts.journal.batch(bytes);
    } catch (error) {
      this.#release(entries);
      throw error;
    }
  }

  /** Takes entries back that were admitted and will not be on disk. */
  #release(entries: readonly StoredEntry[]): void {
    for (const entry of entries) this.release(entry);
  }

  /** Takes an entry back that was admitted and is not on disk. */
  release(entry: StoredEntry): void {
    const { cids, table } = this.#parts;
    table.inMemory(entry.to)?.release(entry);
    if (entry.copied) table.inMemory(entry.sender)?.release(entry);
    cids.drop(entry);
  }
}

/** What became of a draft after the call it came with was refused as a whole. */
export function skipped(outcome: Outcome, released: ReadonlySet<string>): Outcome {
  const isRepeat = outcome.kind === "duplicate" && released.has(outcome.id);
  return outcome.kind === "accepted" || isRepeat ? { kind: "skipped" } : outcome;
}

/** Whether some draft is not stored, and no repeat of one that is. */
export function isRefused(outcomes: readonly Outcome[]): boolean {
  return outcomes.some(({ kind }) => kind !== "accepted" && kind !== "duplicate");
}

/** Whether the sender's other devices show what this device sent. */
export function isCopied(
  draft: Draft,
  sender: { readonly cursors: ReadonlyMap<string, unknown> },
): boolean {
  if (draft.kind !== "message" || draft.from !== draft.sender || draft.to === draft.sender) {
    return false;
  }
  return sender.cursors.size > 1 ||
    (sender.cursors.size === 1 && !sender.cursors.has(draft.device));
}
