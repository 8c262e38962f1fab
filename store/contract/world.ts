/**
 * The world of one contract test: a store in a directory of its own, a clock that only the test
 * moves, and short words for what the tests say often.
 *
 * @module
 */
import assert from "node:assert/strict";
import type {
  AppendOptions,
  Attachment,
  Committed,
  Device,
  Draft,
  Entry,
  Mailboxes,
  Outcome,
  OwedCause,
  Page,
  Position,
  Store,
  StoreLimits,
} from "../store.ts";
import type { StoreFactory } from "./harness.ts";

/** One hour in milliseconds: what a draft lives where a test does not say. */
export const HOUR_MS = 3600 * 1000;

/** Limits that no test reaches by chance. */
const LIMITS: StoreLimits = {
  mailboxMessages: 1000,
  mailboxBytes: 1024 * 1024,
  backlogBytes: 32 * 1024 * 1024,
};

/** Pages of one mailbox in one test: a read that does not move on ends here. */
const PAGES_MAX = 2000;

/** One test of the contract. */
export interface ContractTest {
  readonly name: string;
  /** Where they differ from limits that the test does not reach. */
  readonly limits?: Partial<StoreLimits>;
  /** Whether the test opens the same data again; a backend that is not durable skips it. */
  readonly reopens?: boolean;
  run(world: World): Promise<void>;
}

/** Whether a test of a backend does its background work; see {@linkcode StoreFactory.settle}. */
export type Settling = "never" | "asked";

/** What a {@linkcode World} is made of. */
export interface WorldParts {
  readonly factory: StoreFactory;
  readonly settling: Settling;
  readonly limits: StoreLimits;
  readonly clock: { now: number };
  readonly directory: string;
  readonly store: Store;
}

/** What one test sees. */
export class World implements AsyncDisposable {
  /** What the store told its listener, reopened or not. */
  readonly news: Committed[] = [];
  /** Devices that it was told are owed a push, and why. */
  readonly owed: [device: string, cause: OwedCause][] = [];
  readonly #parts: WorldParts;
  #store: Store;
  #drafts = 0;

  /** Takes over a store that was opened in a directory; {@linkcode World.open} does both. */
  constructor(parts: WorldParts) {
    this.#parts = parts;
    this.#store = parts.store;
    this.#listen();
  }

  /** Opens an empty store. */
  static async open(
    factory: StoreFactory,
    settling: Settling,
    limits: Partial<StoreLimits> = {},
  ): Promise<World> {
    const directory = await Deno.makeTempDir({ prefix: "titan-store-" });
    const all = { ...LIMITS, ...limits };
    const clock = { now: Date.UTC(2026, 0, 1) };
    const store = await factory.open({ limits: all, now: () => clock.now }, directory);
    return new World({ factory, settling, limits: all, clock, directory, store });
  }

  /** Milliseconds since 1970. */
  get now(): number {
    return this.#parts.clock.now;
  }

  set now(now: number) {
    this.#parts.clock.now = now;
  }

  get store(): Store {
    return this.#store;
  }

  get mailboxes(): Mailboxes {
    return this.#store.mailboxes;
  }

  /** Another empty world of the same backend. */
  another(): Promise<World> {
    const { factory, settling, limits } = this.#parts;
    return World.open(factory, settling, limits);
  }

  /** Closes the store and opens what it kept. */
  async reopen(): Promise<void> {
    const { factory, limits, directory } = this.#parts;
    await this.#store[Symbol.asyncDispose]();
    this.#store = await factory.open({ limits, now: () => this.now }, directory);
    this.#listen();
  }

  /** Lets all background work happen, in every run. */
  async settleAll(): Promise<void> {
    await this.#parts.factory.settle?.(this.#store);
  }

  /** Lets the background work happen, in the runs of the suite that are about it. */
  async settle(): Promise<void> {
    const { factory, settling } = this.#parts;
    if (settling === "asked") await factory.settle?.(this.#store);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#store[Symbol.asyncDispose]();
    await Deno.remove(this.#parts.directory, { recursive: true });
  }

  /** Registers users, each by an id. */
  async users(...ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      assert.equal(await this.store.users.create({ id, registered: this.now }), true);
    }
  }

  /** Registers a device of a user, who must exist, or changes what is known of it. */
  async device(user: string, id: string, part: Partial<Device> = {}): Promise<Device> {
    const result = await this.store.devices.change(user, id, 1000, (known) => ({
      seen: this.now,
      ...known,
      ...part,
      user,
      id,
    }));
    assert.equal(result.kind, "changed");
    return result.device;
  }

  /** A draft of `alice`'s phone to `bob` that lives for an hour, but for what `part` says. */
  draft(part: Partial<Draft> = {}): Draft {
    const id = `m${++this.#drafts}`;
    const body = part.body ?? `"text of ${id}"`;
    const sender = part.sender ?? "alice";
    return {
      id,
      kind: "message",
      sender,
      from: sender,
      to: "bob",
      device: "phone",
      time: this.now,
      expires: this.now + HOUR_MS,
      receipt: false,
      urgent: false,
      body,
      bytes: new TextEncoder().encode(body).length,
      ...part,
    };
  }

  /** Makes drafts and appends them in one call. */
  append(parts: readonly Partial<Draft>[], options?: AppendOptions): Promise<readonly Outcome[]> {
    return this.mailboxes.append(parts.map((part) => this.draft(part)), options);
  }

  /** Appends drafts in one call and says only the kinds of what became of them. */
  async kinds(parts: readonly Partial<Draft>[], options?: AppendOptions): Promise<string[]> {
    return (await this.append(parts, options)).map((outcome) => outcome.kind);
  }

  /** Sends one draft that must be accepted, and finds it in the news. */
  async send(part: Partial<Draft> = {}): Promise<Entry> {
    const draft = this.draft(part);
    assert.deepEqual(await this.mailboxes.append([draft]), [{ kind: "accepted" }]);
    const entry = this.entries(draft.to).find((entry) => entry.id === draft.id);
    assert.ok(entry, "The listener heard of the entry before append() resolved");
    return entry;
  }

  /** Sends so many drafts, one call each. */
  async sendMany(count: number, part: Partial<Draft> = {}): Promise<Entry[]> {
    const sent: Entry[] = [];
    for (let i = 0; i < count; i++) sent.push(await this.send(part));
    return sent;
  }

  /** All entries of a mailbox that the listener heard of. */
  entries(user: string): Entry[] {
    return this.news.filter((news) => news.user === user).flatMap((news) => news.entries);
  }

  /** Attaches a device of a user, who must exist. */
  async attach(
    user: string,
    device: string,
    start: "oldest" | "newest" = "oldest",
  ): Promise<Attachment> {
    const attachment = await this.mailboxes.attach(user, device, start);
    assert.ok(attachment, "The user exists");
    return attachment;
  }

  /** Reads one page with room for everything the tests send. */
  page(user: string, device: string, after: Position): Promise<Page> {
    return this.mailboxes.read(user, device, after, { messages: 1000, bytes: 1024 * 1024 });
  }

  /** Reads a mailbox to its end. */
  async read(user: string, device: string, after: Position = 0): Promise<Entry[]> {
    const entries: Entry[] = [];
    let position = after;
    for (let pages = 0; pages < PAGES_MAX; pages++) {
      const page = await this.page(user, device, position);
      assert.ok(page.upTo >= position, "A read never goes back");
      entries.push(...page.entries);
      if (page.end) return entries;
      assert.ok(page.entries.length > 0, "A page before the end has an entry");
      position = page.upTo;
    }
    throw new Error("Cannot read the mailbox: it does not end");
  }

  /** The ids of what a device would read. */
  async ids(user: string, device: string, after: Position = 0): Promise<string[]> {
    return idsOf(await this.read(user, device, after));
  }

  /** Messages and bytes that wait for a user, who must exist. */
  async waiting(user: string): Promise<{ messages: number; bytes: number }> {
    const state = await this.mailboxes.inspect(user);
    assert.ok(state, "The user has a mailbox");
    return { messages: state.messages, bytes: state.bytes };
  }

  #listen(): void {
    this.#store.listen({
      committed: (news) => void this.news.push(news),
      owed: (sleeper, cause) => void this.owed.push([sleeper.device, cause]),
    });
  }
}

/**
 * A test with restarts in between, and the same test without them: for backends that know none, and
 * as what is only in memory must agree with what is read back.
 */
export function withRestarts(
  name: string,
  run: (world: World, restart: () => Promise<void>) => Promise<void>,
): ContractTest[] {
  return [
    { name, run: (world) => run(world, () => Promise.resolve()) },
    {
      name: `${name}, over restarts`,
      reopens: true,
      run: (world) => run(world, () => world.reopen()),
    },
  ];
}

/** The ids of entries. */
export function idsOf(entries: readonly Draft[]): string[] {
  return entries.map((entry) => entry.id);
}

/** The position of the last entry; there must be one. */
export function lastOf(entries: readonly Entry[]): Position {
  const last = entries.at(-1);
  assert.ok(last, "There is an entry");
  return last.position;
}
