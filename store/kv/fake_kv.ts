/**
 * The embedded store on a fake database, with the few words that its tests say often.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Committed, Draft, Outcome, Position, StoreLimits } from "../store.ts";
import { FakeClock } from "./fake_clock.ts";
import { FakeDatabase } from "./fake_database.ts";
import { idsOf, makeDraft, TEST_TTL_MS } from "./fake_entries.ts";
import { KvStore } from "./kv_store.ts";

/** Limits that no test reaches by chance. */
const LIMITS: StoreLimits = {
  mailboxMessages: 1000,
  mailboxBytes: 4 * 1024 * 1024,
  backlogBytes: 32 * 1024 * 1024,
};

/** Pages of one mailbox in one test: a read that does not move on ends here. */
const PAGES_MAX = 2000;

/** A store under test. */
export class FakeKv implements AsyncDisposable {
  readonly clock = new FakeClock();
  /** What the listener heard since the store was opened. */
  news: Committed[] = [];
  /** Background work that failed. */
  readonly failures: unknown[] = [];
  /** How often the store was told that it lost the file. */
  losses = 0;
  readonly #limits: StoreLimits;
  #database = new FakeDatabase();
  #store: KvStore | null = null;

  private constructor(limits: Partial<StoreLimits>) {
    this.#limits = { ...LIMITS, ...limits };
  }

  /** Opens an empty store with some users. */
  static async open(
    users: readonly string[] = ["alice", "bob"],
    limits: Partial<StoreLimits> = {},
  ): Promise<FakeKv> {
    const kv = new FakeKv(limits);
    await kv.reopen();
    for (const id of users) assert.ok(await kv.store.users.create({ id, registered: 0 }));
    return kv;
  }

  get store(): KvStore {
    assert.ok(this.#store, "The store is open");
    return this.#store;
  }

  get database(): FakeDatabase {
    return this.#database;
  }

  /** Opens what is on disk, as after a crash: the store before is left as it is. */
  async reopen(): Promise<void> {
    assert.deepEqual(this.#database.violations, []);
    this.#database = new FakeDatabase(this.#database.disk);
    this.news = [];
    this.#store = await KvStore.open(this.#database, {
      clock: this.clock,
      limits: this.#limits,
      owner: { instance: "test" },
      epoch: "test",
      lost: () => void this.losses++,
      failed: (error) => void this.failures.push(error),
    });
    this.#store.listen({ committed: (news) => void this.news.push(news) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#database.judge = () => "made";
    await this.#store?.[Symbol.asyncDispose]();
    assert.deepEqual(this.#database.violations, []);
  }

  /** A draft that lives for an hour from now, but for what `part` says. */
  draft(id: string, part: Partial<Draft> = {}): Draft {
    const now = this.clock.now();
    return makeDraft(id, { time: now, expires: now + TEST_TTL_MS, ...part });
  }

  /** Appends one draft. */
  async append(id: string, part: Partial<Draft> = {}): Promise<Outcome | undefined> {
    const [outcome] = await this.store.mailboxes.append([this.draft(id, part)]);
    return outcome;
  }

  /** Appends drafts in one call; all must be accepted. */
  async send(ids: readonly string[], part: Partial<Draft> = {}): Promise<void> {
    const outcomes = await this.store.mailboxes.append(ids.map((id) => this.draft(id, part)));
    assert.deepEqual(outcomes, ids.map(() => ({ kind: "accepted" })));
  }

  /** Reads a mailbox to its end and says the ids. */
  async ids(user: string, device = "phone", after: Position = 0): Promise<string[]> {
    const ids: string[] = [];
    let position = after;
    for (let pages = 0; pages < PAGES_MAX; pages++) {
      const limit = { messages: 1000, bytes: 1024 * 1024 };
      const page = await this.store.mailboxes.read(user, device, position, limit);
      assert.ok(page.upTo >= position, "A read never goes back");
      ids.push(...idsOf(page.entries));
      if (page.end) return ids;
      position = page.upTo;
    }
    throw new Error("Cannot read the mailbox: it does not end");
  }

  /** The position of an entry that the listener heard of since the store was opened. */
  positionOf(id: string): Position {
    for (const { entries } of this.news) {
      for (const entry of entries) if (entry.id === id) return entry.position;
    }
    throw new Error(`Cannot find "${id}": the listener did not hear of it`);
  }

  /** Messages and bytes that wait for a user, who must exist. */
  async waiting(user: string): Promise<{ messages: number; bytes: number }> {
    const state = await this.store.mailboxes.inspect(user);
    assert.ok(state, "The user exists");
    return { messages: state.messages, bytes: state.bytes };
  }
}
