/**
 * The connections of one server for tests: each follows its mailbox as a real one does.
 *
 * @module
 */
import type { Committed, Position } from "../../store.ts";
import type { FakeServer } from "./fake_servers.ts";

/** Entries that one read answers. */
const READ_MAX = 20;

/** A device that is connected. */
export class FakeConnection {
  readonly user: string;
  readonly device: string;
  /** The ids that it got, in order. */
  readonly got: string[] = [];
  isClosed = false;
  readonly #hub: FakeHub;
  #position: Position;
  #isReading = false;
  #isMissed = false;
  #isCaughtUp = false;

  constructor(hub: FakeHub, user: string, device: string, cursor: Position) {
    this.#hub = hub;
    this.user = user;
    this.device = device;
    this.#position = cursor;
    this.#read();
  }

  /** What stands for the device. */
  get name(): string {
    return `${this.user}/${this.device}`;
  }

  /** The mailbox has new entries. */
  committed({ after, entries }: Committed): void {
    this.#isMissed = true;
    if (this.isClosed || !this.#isCaughtUp || this.#isReading) return;
    if (this.#position < after) {
      this.#isCaughtUp = false;
      return this.#read();
    }
    for (const { id, position } of entries) {
      if (position <= this.#position) continue;
      this.got.push(id);
      this.#position = position;
    }
  }

  /** Acknowledges all that it got. */
  acknowledge(): void {
    this.#hub.server.store.mailboxes.acknowledge(this.user, this.device, this.#position);
  }

  /** Leaves. */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#hub.connections.delete(this.name);
    this.#hub.server.store.mailboxes.detach(this.user, this.device, this.#position);
  }

  #read(): void {
    if (this.isClosed || this.#isReading || this.#isCaughtUp) return;
    this.#isReading = true;
    this.#readOn().catch(() => this.close());
  }

  async #readOn(): Promise<void> {
    const { mailboxes } = this.#hub.server.store;
    const limit = { messages: READ_MAX, bytes: 1e6 };
    try {
      while (!this.#isCaughtUp && !this.isClosed) {
        this.#isMissed = false;
        const page = await mailboxes.read(this.user, this.device, this.#position, limit);
        if (this.isClosed) return;
        this.#isCaughtUp = page.end && !this.#isMissed;
        this.got.push(...page.entries.map(({ id }) => id));
        this.#position = page.upTo;
      }
    } finally {
      this.#isReading = false;
    }
  }
}

/** The connections of a server. */
export class FakeHub {
  readonly connections = new Map<string, FakeConnection>();
  /** Devices that are owed a push. */
  readonly owed = new Set<string>();

  constructor(readonly server: FakeServer) {
    server.store.listen({
      committed: (news) => {
        for (const one of this.connections.values()) {
          if (one.user === news.user) one.committed(news);
        }
      },
      owed: ({ user, device }) => void this.owed.add(`${user}/${device}`),
      replaced: (user, device) => this.connections.get(`${user}/${device}`)?.close(),
    });
  }

  /** A device connects, and an older connection of it ends. */
  async enter(user: string, device: string): Promise<void> {
    this.connections.get(`${user}/${device}`)?.close();
    const attachment = await this.server.store.mailboxes.attach(user, device, "oldest");
    if (attachment === null) return;
    // Another one may have come meanwhile.
    this.connections.get(`${user}/${device}`)?.close();
    const connection = new FakeConnection(this, user, device, attachment.cursor);
    this.connections.set(connection.name, connection);
  }

  /** Every connection ends, and nobody is told. */
  lose(): void {
    for (const connection of this.connections.values()) connection.isClosed = true;
    this.connections.clear();
  }
}
