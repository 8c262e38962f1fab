/**
 * The world of a run: the lives of the server, its disk, its clock and its connections, and all that
 * can go wrong with them. Every method that does something says what it did.
 *
 * @module
 */
import { envOf, type Leanings } from "./leanings.ts";
import type { Sabotage } from "./observed_store.ts";
import type { Oracle } from "./oracle.ts";
import type { Random } from "./random.ts";
import type { SimClock } from "./sim_clock.ts";
import type { DiskFault } from "./sim_call.ts";
import { SimDisk } from "./sim_disk.ts";
import type { SimLink } from "./sim_link.ts";
import { SimServer } from "./sim_server.ts";

const HOUR_MS = 3600 * 1000;

/** How far the wall clock may be set off in all: less than what cids are remembered for. */
const OFFSET_MS_MAX = 3 * HOUR_MS;

/**
 * Bytes of a file of the journal: a few segments, or many. Without files (null) a server can be taken
 * over while it lives.
 */
const FILE_BYTES = [null, 2048, 16 * 1024, 1024 * 1024] as const;

type DiskMode = "well" | "flaky" | "refusing" | "stuck";

/** What a {@linkcode SimWorld} is made of. */
export interface WorldParts {
  readonly random: Random;
  readonly clock: SimClock;
  readonly oracle: Oracle;
  readonly leanings: Leanings;
  readonly secret: Uint8Array<ArrayBuffer>;
  readonly sabotage: Sabotage;
}

/** Everything but the clients. */
export class SimWorld {
  readonly disk = new SimDisk();
  readonly clock: SimClock;
  readonly oracle: Oracle;
  /** The lives of the server; an older one may be there still while a newer takes its file. */
  servers: SimServer[] = [];
  /** How the disk is. */
  mode: DiskMode = "well";
  readonly #random: Random;
  readonly #leanings: Leanings;
  readonly #secret: Uint8Array<ArrayBuffer>;
  readonly #sabotage: Sabotage;
  readonly #env: ReadonlyMap<string, string>;
  readonly #start: number;
  readonly #fileBytes: number | null;
  #lives = 0;

  constructor({ random, clock, oracle, leanings, secret, sabotage }: WorldParts) {
    this.#random = random;
    this.clock = clock;
    this.oracle = oracle;
    this.#leanings = leanings;
    this.#secret = secret;
    this.#sabotage = sabotage;
    this.#env = envOf(random);
    this.#start = clock.now();
    this.#fileBytes = random.pick(FILE_BYTES);
  }

  /** The server that was started last, if there is one. */
  get newest(): SimServer | undefined {
    return this.servers.at(-1);
  }

  /** The connections of all servers. */
  get links(): SimLink[] {
    return this.servers.flatMap(({ links }) => links);
  }

  /** What the network can do next, or null. */
  network(): (() => string) | null {
    const links = this.links.filter((link) => link.hasForClient || link.hasForServer);
    if (links.length === 0) return null;
    return () => {
      if (this.#random.chance(this.#leanings.flood)) return this.#flood(links);
      const link = this.#random.pick(links);
      const up = link.hasForServer && (!link.hasForClient || this.#random.chance(0.5));
      if (up) link.arriveAtServer();
      else link.arriveAtClient();
      return up ? "a frame reaches the server" : "a frame reaches a client";
    };
  }

  /** All that is on its way to the server arrives in one turn of its event loop. */
  #flood(links: readonly SimLink[]): string {
    // A commit, or what begins a file for it.
    const commits = () =>
      this.servers.flatMap(({ operations }) =>
        operations.filter(({ kind }) => kind !== "read" && kind !== "list")
      );
    const before = commits().length;
    for (const link of links) while (link.hasForServer) link.arriveAtServer();
    if (commits().length > before) this.oracle.count("commits within a turn");
    return "everything reaches the server";
  }

  /** What a disk can do next, or null. */
  diskWork(): (() => string) | null {
    const servers = this.servers.filter(({ operations }) => operations.length > 0);
    if (servers.length === 0 || this.mode === "stuck") return null;
    return () => {
      const { operations } = this.#random.pick(servers);
      const operation = this.#random.pick(operations);
      if (operation.happened) {
        operations.splice(operations.indexOf(operation), 1);
        operation.answer();
        return `${operation.kind} is answered`;
      }
      const fault = this.#diskFault(operation.kind === "commit" || operation.kind === "write");
      operation.happen(fault);
      return `${operation.kind} is ${fault ?? "made"}`;
    };
  }

  #diskFault(isWrite: boolean): DiskFault | undefined {
    const random = this.#random;
    const probability = { well: 0, stuck: 0, flaky: 0.15, refusing: 1 }[this.mode];
    if (!random.chance(probability)) return undefined;
    this.oracle.trouble();
    const fault = isWrite && random.chance(0.3) ? "unanswered" : "refused";
    this.oracle.count(`disk ${fault}`);
    return fault;
  }

  /** Time passes: up to the next timer, or some milliseconds. */
  pass(ms?: number): string {
    const random = this.#random;
    const usual = random.weighted([[6, 5], [3, 100], [1, 1000], [this.#leanings.sleep, 8000]]);
    const span = ms ?? random.between(1, usual);
    const fired = this.clock.passTo(this.clock.monotonic() + span);
    return fired ? "a timer fires" : "time passes";
  }

  /** Starts a server. */
  launch(): string {
    const server = new SimServer({
      number: ++this.#lives,
      disk: this.disk,
      clock: this.clock,
      random: this.#random.fork(),
      oracle: this.oracle,
      secret: this.#secret,
      env: this.#env,
      sabotage: this.#sabotage,
      fileBytes: this.#fileBytes,
    });
    this.servers.push(server);
    this.oracle.count("server starts");
    return `server ${this.#lives} starts`;
  }

  /** Something breaks. */
  fault(): string {
    const { crash, takeover, stop, diskMode, jump, cut } = this.#leanings;
    const fault = this.#random.weighted([
      [crash, () => this.#crash()],
      [takeover, () => this.#takeOver()],
      [stop, () => this.#stop()],
      [diskMode, () => this.#changeDisk()],
      [jump, () => this.#jump()],
      [cut, () => this.#cut()],
    ]);
    return fault();
  }

  #crash(): string {
    const server = this.servers[0];
    if (server === undefined) return this.launch();
    this.oracle.count("crashes");
    return this.kill(server);
  }

  /** Ends a server as on SIGKILL. */
  kill(server: SimServer): string {
    server.kill(() => this.#random.chance(0.4));
    this.oracle.trouble();
    this.checkDisk();
    return `server ${server.number} is killed`;
  }

  /** Somebody starts another server on the same file while the old one is still there. */
  #takeOver(): string {
    const [server, another] = this.servers;
    if (server?.state !== "running" || another !== undefined) return "nothing to take over";
    server.isEnding = true;
    this.oracle.trouble();
    this.oracle.count("takeovers");
    return this.launch();
  }

  #stop(): string {
    const server = this.servers[0];
    if (server?.state !== "running") return "nothing to stop";
    server.stop();
    this.oracle.trouble();
    this.oracle.count("stops");
    return `server ${server.number} stops`;
  }

  #changeDisk(): string {
    this.mode = this.mode === "well"
      ? this.#random.pick(["flaky", "refusing", "stuck"] as const)
      : "well";
    this.oracle.count(`disk ${this.mode}`);
    return `the disk is ${this.mode}`;
  }

  #jump(): string {
    const ms = this.#random.pick([-HOUR_MS, HOUR_MS, -1000, 1000, -50, 40_000]);
    if (Math.abs(this.clock.offset(this.#start) + ms) > OFFSET_MS_MAX) return "the clock is left";
    this.clock.jump(ms);
    this.oracle.count("clock jumps");
    return `the wall clock jumps by ${ms} ms`;
  }

  #cut(): string {
    const random = this.#random;
    const links = this.links.filter((link) => !link.isOver);
    if (links.length === 0) return "nothing to cut";
    const link = random.pick(links);
    if (!link.isOpenAtClient) {
      link.notice();
      return "the server notices that a client is gone";
    }
    this.oracle.count("cuts");
    link.cut(random.below(3), random.chance(0.6));
    return "a connection is cut";
  }

  /** Looks at the disk. */
  checkDisk(): void {
    // Servers that are over, or connections that are, need nothing more.
    this.servers = this.servers.filter(({ state }) => state !== "over");
    for (const { links } of this.servers) {
      for (let i = links.length - 1; i >= 0; i--) if (links[i]?.isOver) links.splice(i, 1);
    }
    this.oracle.checkDisk(this.disk);
  }
}
