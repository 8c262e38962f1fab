/**
 * Three servers whose clocks differ, whose commits and reads fail by chance, which are deaf now and
 * then, and which die: nothing that was accepted is lost, doubled or out of order, and whoever is
 * connected gets it, or is owed a push (I1 to I6, I9).
 *
 * @module
 */
import assert from "node:assert/strict";
import { eventually } from "../../../tests/harness/eventually.ts";
import type { Fate } from "./fake_fateful_database.ts";
import { FakeHub } from "./fake_hub.ts";
import { type FakeServer, FakeServers, idsOf } from "./fake_servers.ts";

const NAMES = ["ann", "bea", "cid", "dan"] as const;

/** How much the clock of each server is ahead, in milliseconds. */
const AHEAD = [-15_000, 0, 3600_000] as const;

/** Calls of each sender. */
const CALLS = 60;

const DEATHS_MAX = 3;

const FATES: readonly Fate[] = ["refused", "made and thrown", "made", "made", "made", "made"];

/** The servers, and what chance does to them. */
class Chance {
  readonly hubs: FakeHub[] = [];
  readonly accepted: { sender: string; to: string; id: string }[] = [];
  readonly #servers: FakeServers;
  #state: number;
  #isHarmful = false;
  #deaths = 0;

  constructor(servers: FakeServers, seed: number) {
    this.#servers = servers;
    this.#state = seed;
  }

  /** Starts the servers. One device of each user never reads, so that all is kept. */
  async start(): Promise<void> {
    for (const at of AHEAD.keys()) await this.#open(at);
    const { server } = this.hub();
    for (const name of NAMES) {
      await this.#servers.users(server, name);
      await server.store.mailboxes.attach(name, "archive", "oldest");
      server.store.mailboxes.detach(name, "archive", 0);
    }
    this.#isHarmful = true;
  }

  /** A number from 0, below another. */
  next(below: number): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
    return Math.floor(this.#state / 2 ** 32 * below);
  }

  pick<T>(things: readonly T[]): T {
    const thing = things[this.next(things.length)];
    assert.ok(thing !== undefined);
    return thing;
  }

  /** Any server. */
  hub(): FakeHub {
    return this.pick(this.hubs);
  }

  /** Does what a sender may do, or what may happen. */
  async act(sender: string): Promise<void> {
    const kind = this.next(10);
    const hub = this.hub();
    if (kind < 6) await this.#send(hub, sender);
    else if (kind < 8) await hub.enter(this.pick(NAMES), this.pick(["phone", "web"]));
    else if (kind === 8) this.#leave(hub);
    else await this.#happen(hub);
  }

  /** Nothing goes wrong any more, and whoever died is known to be gone. */
  heal(): void {
    this.#isHarmful = false;
    this.#servers.now += 4000_000;
    for (const { server: { database } } of this.hubs) database.isDeaf = false;
  }

  async sweep(): Promise<void> {
    for (const { server: { store } } of this.hubs) {
      await store.sweeper.sweep(() => Promise.resolve());
    }
  }

  async #open(at: number): Promise<void> {
    const server = await this.#servers.start(1e6, AHEAD[at]);
    server.database.fate = () => this.#isHarmful ? this.pick(FATES) : "made";
    server.database.reading = () =>
      this.#isHarmful && this.next(60) === 0
        ? Promise.reject(new Error("Away"))
        : Promise.resolve();
    this.hubs[at] = new FakeHub(server);
  }

  async #send({ server: { store } }: FakeHub, sender: string): Promise<void> {
    const to = this.pick(NAMES);
    const expires = this.#servers.now + 1e10;
    const draft = this.#servers.draft({ sender, from: sender, to, device: "pen", expires });
    const [outcome] = await store.mailboxes.append([draft]);
    if (outcome?.kind === "accepted") this.accepted.push({ sender, to, id: draft.id });
  }

  #leave({ connections }: FakeHub): void {
    const [connection] = connections.values();
    if (this.next(2) === 0) connection?.close();
    else connection?.acknowledge();
  }

  async #happen(hub: FakeHub): Promise<void> {
    const { database, store } = hub.server;
    const kind = this.next(5);
    if (kind === 0) this.#servers.now += 31_000;
    else if (kind === 1) database.isDeaf = !database.isDeaf;
    else if (kind === 2 && this.#deaths < DEATHS_MAX) await this.#die(hub);
    else await store.sweeper.sweep(() => Promise.resolve());
  }

  async #die(hub: FakeHub): Promise<void> {
    this.#deaths++;
    await hub.server.database.cut();
    hub.lose();
    await hub.server[Symbol.asyncDispose]();
    await this.#open(this.hubs.indexOf(hub));
  }
}

/** Every device is connected at most once, and each of them got all that is in its mailbox. */
async function checkConnections({ hubs }: Chance): Promise<void> {
  const names = hubs.flatMap(({ connections }) => [...connections.keys()]);
  assert.equal(new Set(names).size, names.length, `${names}`);
  for (const { connections, server } of hubs) {
    for (const { user, name, got } of connections.values()) {
      const ids = await idsOf(server, user);
      assert.equal(new Set(got).size, got.length, `${name} got something twice`);
      assert.deepEqual(got, ids.slice(ids.length - got.length), name);
    }
  }
}

/** What was accepted is there once, in order. */
async function checkMailboxes({ accepted }: Chance, server: FakeServer): Promise<void> {
  for (const name of NAMES) {
    const ids = await idsOf(server, name);
    assert.equal(new Set(ids).size, ids.length, `${name} has something twice`);
    for (const sender of NAMES) {
      const own = accepted.filter((it) => it.sender === sender && it.to === name);
      const expected = own.map(({ id }) => id);
      assert.deepEqual(ids.filter((id) => expected.includes(id)), expected, `${sender} ${name}`);
    }
  }
}

for (const seed of [1, 2, 3, 4]) {
  Deno.test(`SharedStore keeps what it promises whatever happens to its servers (${seed})`, async () => {
    await using servers = await FakeServers.open();
    const chance = new Chance(servers, seed);
    await chance.start();
    await Promise.all(NAMES.map(async (sender) => {
      // What throws is not accepted, and a client would try it again.
      for (let call = 0; call < CALLS; call++) await chance.act(sender).catch(() => {});
    }));
    chance.heal();
    for (let sweeps = 0; sweeps < 3; sweeps++) await chance.sweep();
    await eventually(() => checkConnections(chance), "the news of all connections");
    await checkMailboxes(chance, chance.hub().server);
    for (const to of NAMES) {
      await servers.send(chance.hub().server, { to, expires: servers.now * 2 });
    }
    await chance.sweep();
    await eventually(() => checkConnections(chance), "the last news of all connections");
    const owed = new Set(chance.hubs.flatMap((hub) => [...hub.owed]));
    const here = new Set(chance.hubs.flatMap(({ connections }) => [...connections.keys()]));
    for (const name of NAMES) assert.ok(here.has(`${name}/phone`) || owed.has(`${name}/phone`));
  });
}
