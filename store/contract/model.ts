/**
 * What a store must do, as far as the invariants fix it, in the simplest form: everything ever
 * accepted, in arrays. The property test compares a store with it.
 *
 * Where the contract leaves a backend free the model is too: entries that every device has
 * acknowledged may still be there or not, and so a device that starts late may see them or not.
 *
 * @module
 */
import assert from "node:assert/strict";
import { CID_MS_MIN } from "../../limits.ts";
import type { Attachment, Committed, Draft, Entry, Outcome, Page, Position } from "../store.ts";
import { delivered } from "./delivered.ts";
import { idsOf } from "./world.ts";

/** A device of a user. */
export interface Reader {
  readonly user: string;
  readonly device: string;
}

/** Where a device stands in a model mailbox. */
interface ModelDevice {
  cursor: Position;
  sent: Position;
  /** False once the store was opened again: it may have been sent more than `sent`. */
  attached: boolean;
}

/** One entry, and which devices acknowledged it while it lived. */
interface ModelEntry {
  readonly entry: Entry;
  readonly acknowledgedBy: Set<string>;
  told: boolean;
}

/** One mailbox. */
class ModelMailbox {
  readonly log: ModelEntry[] = [];
  readonly devices = new Map<string, ModelDevice>();
  /** Everything up to here every device had acknowledged at some time: it may be gone. */
  floor: Position = 0;
  /** The furthest that any cursor ever stood. */
  reach: Position = 0;
  /** The furthest that any reader has looked (I2). */
  seen: Position = 0;
}

/** All mailboxes, and every cid in use. */
export class Model {
  readonly #mailboxes = new Map<string, ModelMailbox>();
  readonly #cids = new Map<string, Draft>();

  readonly #clock: { readonly now: number };

  constructor(users: readonly string[], clock: { readonly now: number }) {
    this.#clock = clock;
    for (const user of users) this.#mailboxes.set(user, new ModelMailbox());
  }

  /** Where a device stands, or undefined where it is not attached. */
  cursor({ user, device }: Reader): Position | undefined {
    const state = this.#mailbox(user).devices.get(device);
    return state?.attached ? state.cursor : undefined;
  }

  /** The store was opened again: every device has to attach anew. */
  reopen(): void {
    for (const { devices } of this.#mailboxes.values()) {
      for (const state of devices.values()) state.attached = false;
    }
  }

  /** What one call must answer, and what each mailbox must get of it, in order. */
  append(
    drafts: readonly Draft[],
    atomic: boolean,
  ): { outcomes: Outcome[]; added: Map<string, Draft[]> } {
    const claimed = new Map<string, Draft>();
    const outcomes = drafts.map((draft) => this.#judge(draft, claimed));
    const refused = outcomes.some(({ kind }) => kind === "unknown" || kind === "conflict");
    const added = new Map<string, Draft[]>();
    if (atomic && refused) return { outcomes: skipAll(outcomes, drafts), added };
    for (const [key, draft] of claimed) this.#cids.set(key, draft);
    for (const [index, draft] of drafts.entries()) {
      if (outcomes[index]?.kind !== "accepted") continue;
      for (const user of this.#receivers(draft)) {
        added.set(user, [...added.get(user) ?? [], draft]);
      }
    }
    return { outcomes, added };
  }

  /** Takes in what the listener heard; checks that it is what it had to be (I2, I4, I6). */
  commit(user: string, drafts: readonly Draft[], news: readonly Committed[]): void {
    const { log, seen } = this.#mailbox(user);
    const entries = news.flatMap((piece) => piece.entries);
    assert.deepEqual(idsOf(entries), idsOf(drafts));
    for (const piece of news) {
      const newest = log.at(-1)?.entry.position ?? 0;
      assert.ok(piece.after >= newest, "Nothing is missing between two pieces of news");
      let last = Math.max(piece.after, seen);
      for (const entry of piece.entries) {
        assert.ok(entry.position > last, "I2: nothing appears below what was there or was read");
        const draft = drafts.find(({ id }) => id === entry.id);
        assert.ok(draft);
        assert.deepEqual(delivered(entry), delivered({ ...draft, position: entry.position }));
        last = entry.position;
        log.push({ entry, acknowledgedBy: new Set(), told: false });
      }
    }
  }

  /** Takes in the answer of `attach` (I3). */
  attach({ user, device }: Reader, start: "oldest" | "newest", answer: Attachment): void {
    const mailbox = this.#mailbox(user);
    const known = mailbox.devices.get(device);
    if (known !== undefined) {
      assert.equal(answer.cursor, known.cursor, "I3: a device finds its cursor where it was");
      // After a restart a device that never left may have been sent anything.
      assert.ok(answer.sent >= Math.max(known.sent, known.cursor));
      return;
    }
    assert.equal(answer.sent, answer.cursor);
    const late = mailbox.devices.size > 0 && start === "newest";
    for (const { entry } of mailbox.log) {
      const waits = entry.position > mailbox.floor && entry.expires > this.#clock.now;
      if (waits) assert.equal(entry.position > answer.cursor, !late, "It starts where it must");
    }
    if (late) assert.equal(answer.pending, 0);
    mailbox.devices.set(device, {
      cursor: answer.cursor,
      sent: answer.cursor,
      attached: true,
    });
    this.#moved(mailbox);
  }

  /** Checks a page: what must be in it is, and nothing that must not (I2, I3, I4). */
  read({ user, device }: Reader, after: Position, page: Page): void {
    const mailbox = this.#mailbox(user);
    const allowed = mailbox.log.map(({ entry }) => entry).filter((entry) =>
      entry.position > after && entry.expires > this.#clock.now && !isOwn(entry, user, device)
    );
    const byPosition = new Map(allowed.map((entry) => [entry.position, entry]));
    let last = after;
    for (const entry of page.entries) {
      assert.ok(entry.position > last && entry.position <= page.upTo, "I2: in order");
      const expected = byPosition.get(entry.position);
      assert.ok(expected, "Only what was committed, lives and is for this device is read");
      assert.deepEqual(delivered(entry), delivered(expected), "I4: the same entry every time");
      last = entry.position;
    }
    const read = new Set(page.entries.map((entry) => entry.position));
    for (const { position } of allowed) {
      if (position <= mailbox.floor || position > page.upTo) continue;
      assert.ok(read.has(position), "Nothing that waits is passed over");
    }
    const newest = allowed.at(-1)?.position ?? 0;
    if (page.end && newest > mailbox.floor) assert.ok(page.upTo >= newest);
    mailbox.seen = Math.max(mailbox.seen, page.upTo);
  }

  /** A device acknowledged everything up to a position. */
  acknowledge({ user, device }: Reader, upTo: Position): void {
    const mailbox = this.#mailbox(user);
    const state = mailbox.devices.get(device);
    if (state === undefined) return;
    for (const { entry, acknowledgedBy } of mailbox.log) {
      const passed = entry.position > state.cursor && entry.position <= upTo;
      if (passed && entry.expires > this.#clock.now) acknowledgedBy.add(device);
    }
    state.cursor = Math.max(state.cursor, upTo);
    this.#moved(mailbox);
  }

  /** A device left, and so much was sent to it. */
  detach({ user, device }: Reader, sent: Position): void {
    const state = this.#mailbox(user).devices.get(device);
    if (state !== undefined) state.sent = Math.max(state.sent, sent);
  }

  /** A device's cursor is dropped. */
  forget({ user, device }: Reader): void {
    const mailbox = this.#mailbox(user);
    mailbox.devices.delete(device);
    for (const { acknowledgedBy } of mailbox.log) acknowledgedBy.delete(device);
    this.#moved(mailbox);
  }

  /** Checks what a sweep told: once, only what had to be, and all that no cursor ever passed. */
  sweep(told: readonly Entry[]): void {
    const { now } = this.#clock;
    for (const { id, to } of told) {
      const known = this.#mailbox(to).log.find(({ entry }) => entry.id === id);
      assert.ok(known && !known.told, "An expired message is told once");
      assert.ok(known.entry.expires <= now && known.entry.receipt);
      assert.equal(known.entry.kind, "message");
      assert.equal(known.acknowledgedBy.size, 0, "What was acknowledged was delivered");
      known.told = true;
    }
    for (const [user, mailbox] of this.#mailboxes) {
      for (const { entry, told } of mailbox.log) {
        if (told || entry.kind !== "message" || !entry.receipt || entry.to !== user) continue;
        const due = entry.expires <= now && entry.position > mailbox.reach;
        assert.ok(!due, "The sender of what nobody read hears of it");
      }
    }
  }

  #judge(draft: Draft, claimed: Map<string, Draft>): Outcome {
    const key = JSON.stringify([draft.sender, draft.cid]);
    const first = draft.cid === undefined ? undefined : claimed.get(key) ?? this.#cids.get(key);
    if (first !== undefined && Math.max(first.time + CID_MS_MIN, first.expires) > this.#clock.now) {
      return first.fingerprint === draft.fingerprint
        ? { kind: "duplicate", id: first.id, time: first.time }
        : { kind: "conflict" };
    }
    if (!this.#mailboxes.has(draft.to)) return { kind: "unknown" };
    if (draft.cid !== undefined) claimed.set(key, draft);
    return { kind: "accepted" };
  }

  #receivers(draft: Draft): string[] {
    const own = this.#mailboxes.get(draft.sender);
    const others = [...own?.devices.keys() ?? []].some((device) => device !== draft.device);
    const copies = others && draft.kind === "message" && draft.from === draft.sender &&
      draft.to !== draft.sender;
    return copies ? [draft.to, draft.sender] : [draft.to];
  }

  #moved(mailbox: ModelMailbox): void {
    const cursors = [...mailbox.devices.values()].map(({ cursor }) => cursor);
    if (cursors.length > 0) mailbox.floor = Math.max(mailbox.floor, Math.min(...cursors));
    mailbox.reach = Math.max(mailbox.reach, ...cursors);
  }

  #mailbox(user: string): ModelMailbox {
    const mailbox = this.#mailboxes.get(user);
    assert.ok(mailbox, "The model has this user");
    return mailbox;
  }
}

function isOwn(entry: Entry, user: string, device: string): boolean {
  return entry.to !== user && entry.device === device;
}

/** The outcomes of a refused atomic call: what was new in it is skipped, repeats of it too. */
function skipAll(outcomes: readonly Outcome[], drafts: readonly Draft[]): Outcome[] {
  const ids = new Set(drafts.map((draft) => draft.id));
  return outcomes.map((outcome) => {
    const isNew = outcome.kind === "accepted" ||
      outcome.kind === "duplicate" && ids.has(outcome.id);
    return isNew ? { kind: "skipped" } : outcome;
  });
}
