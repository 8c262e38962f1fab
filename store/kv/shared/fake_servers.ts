/**
 * Servers on one database for tests: what each was told, and a clock that the test moves.
 *
 * @module
 */
import assert from "node:assert/strict";
import { systemClock } from "../../../server/clock.ts";
import type { Draft, Outcome, PushAddress } from "../../store.ts";
import { DenoDatabase } from "../deno_database.ts";
import { FatefulDatabase } from "./fake_fateful_database.ts";
import { SharedStore } from "./shared_store.ts";

/** One server, as far as it is its store. */
export interface FakeServer extends AsyncDisposable {
  readonly store: SharedStore;
  readonly database: FatefulDatabase;
  /** What its listener heard, in words. */
  readonly told: string[];
}

/** Servers on one database. */
export class FakeServers implements AsyncDisposable {
  now = Date.UTC(2026, 0, 1);
  readonly #database: DenoDatabase;
  readonly #servers: FakeServer[] = [];
  #drafts = 0;

  private constructor(database: DenoDatabase) {
    this.#database = database;
  }

  /** Opens a database in memory. */
  static async open(): Promise<FakeServers> {
    return new FakeServers(await DenoDatabase.open(":memory:"));
  }

  /**
   * Starts a server.
   *
   * @param mailboxMessages how many may wait for a user
   * @param ahead how much its clock is ahead of the test's, in milliseconds
   */
  async start(mailboxMessages = 1000, ahead = 0): Promise<FakeServer> {
    const database = new FatefulDatabase(this.#database);
    const store = await SharedStore.open(database, {
      clock: { ...systemClock, now: () => this.now + ahead },
      random: (bytes) => crypto.getRandomValues(bytes),
      limits: { mailboxMessages, mailboxBytes: 1e6, backlogBytes: 1e6 },
      epoch: "test",
      failed: () => {},
    });
    const told: string[] = [];
    store.listen({
      committed: ({ user, entries }) => void told.push(`${user}: ${entries.map(({ id }) => id)}`),
      owed: ({ user, device }, cause) => void told.push(`owed ${user} ${device} ${cause}`),
      replaced: (user, device) => void told.push(`replaced ${user} ${device}`),
      heard: (text) => void told.push(`heard ${text}`),
    });
    const dispose = () => store[Symbol.asyncDispose]().catch(() => {});
    const server = { store, database, told, [Symbol.asyncDispose]: dispose };
    this.#servers.push(server);
    return server;
  }

  /** A draft of `alice` to `bob`. */
  draft(part: Partial<Draft> = {}): Draft {
    return {
      id: `m${++this.#drafts}`,
      kind: "message",
      sender: "alice",
      from: "alice",
      to: "bob",
      device: "phone",
      time: this.now,
      expires: this.now + 3600_000,
      receipt: false,
      urgent: false,
      body: '"text"',
      bytes: 6,
      ...part,
    };
  }

  /** Appends a draft at a server. */
  async send({ store }: FakeServer, part: Partial<Draft> = {}): Promise<Outcome["kind"]> {
    const [outcome] = await store.mailboxes.append([this.draft(part)]);
    assert.ok(outcome);
    return outcome.kind;
  }

  /** Registers users, the last of whom has a phone with a push address. */
  async users({ store }: FakeServer, ...ids: readonly string[]): Promise<void> {
    for (const id of ids) await store.users.create({ id, registered: this.now });
    const user = ids.at(-1) ?? "";
    const push: PushAddress = { provider: "fcm", token: user, registered: this.now };
    await store.devices.change(user, "phone", 9, () => ({ user, id: "phone", seen: 1, push }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#servers) await server[Symbol.asyncDispose]();
    this.#database.close();
  }
}

/** The ids of what a user's device would read at a server. */
export async function idsOf({ store }: FakeServer, user: string): Promise<string[]> {
  const ids: string[] = [];
  let after = 0;
  for (let end = false; !end;) {
    const page = await store.mailboxes.read(user, "reader", after, { messages: 50, bytes: 1e6 });
    ids.push(...page.entries.map(({ id }) => id));
    ({ upTo: after, end } = page);
  }
  return ids;
}
