/**
 * One life of the real server, from its start to its end, on a simulated disk and clock.
 *
 * @module
 */
import { Server } from "../../server/server.ts";
import { readConfig } from "../../server/config.ts";
import type { ListenerHandler } from "../../server/listener.ts";
import type { Log } from "../../server/log.ts";
import { RpcError } from "../../rpc/mod.ts";
import { StoreBusyError, StoreUnavailableError } from "../../store/store.ts";
import type { Database } from "../../store/kv/database.ts";
import { decodeText } from "../../store/kv/values.ts";
import { KvStore } from "../../store/kv/kv_store.ts";
import type { Attachment } from "../../store/store.ts";
import { observeStore, type Sabotage } from "./observed_store.ts";
import type { Oracle } from "./oracle.ts";
import type { Random } from "./random.ts";
import type { Incarnation } from "./records.ts";
import { ProcessClock, type SimClock } from "./sim_clock.ts";
import { DiskError, type Operation } from "./sim_call.ts";
import { SimDatabase } from "./sim_database.ts";
import { SimDirectory } from "./sim_directory.ts";
import type { SimDisk } from "./sim_disk.ts";
import type { SimLink } from "./sim_link.ts";

/** What a {@linkcode SimServer} lives on. */
export interface SimServerParts {
  readonly number: number;
  readonly disk: SimDisk;
  readonly clock: SimClock;
  readonly random: Random;
  readonly oracle: Oracle;
  readonly secret: Uint8Array<ArrayBuffer>;
  /** Environment variables of the server. */
  readonly env: ReadonlyMap<string, string>;
  readonly sabotage: Sabotage;
  /** Bytes of a file of its journal; null: that is in the database. */
  readonly fileBytes: number | null;
}

/** One life of the server. */
export class SimServer implements Incarnation {
  readonly number: number;
  isEnding = false;
  /** Whether it found that another one took its file: its process ends. */
  isLost = false;
  /** Calls of the database under way. */
  readonly operations: Operation[] = [];
  readonly links: SimLink[] = [];
  readonly #parts: SimServerParts;
  readonly #clock: ProcessClock;
  readonly #directory: SimDirectory | null;
  #state: "starting" | "running" | "stopping" | "over" = "starting";
  #door: ListenerHandler | null = null;
  #server: Server | null = null;
  #store: KvStore | null = null;

  constructor(parts: SimServerParts) {
    this.#parts = parts;
    this.number = parts.number;
    this.#clock = new ProcessClock(parts.clock);
    this.#directory = parts.fileBytes === null ? null : this.#files(parts.fileBytes);
    this.#start().then(() => {
      if (this.#state === "starting") this.#state = "running";
    }, (error) => this.#failed("start failed", error));
  }

  /** How far it is. */
  get state(): "starting" | "running" | "stopping" | "over" {
    return this.#state;
  }

  /** What decides on connections, while the server runs. */
  get door(): ListenerHandler | null {
    return this.#state === "running" ? this.#door : null;
  }

  get clock(): ProcessClock {
    return this.#clock;
  }

  /** Users with a live connection. */
  get users(): number {
    return this.#server?.gateway.hub.users ?? 0;
  }

  /** The mailboxes, for what can be asked when all is over. */
  get mailboxes(): KvStore["mailboxes"] | undefined {
    return this.#store?.mailboxes;
  }

  /** Stops as on SIGTERM. */
  stop(): void {
    if (this.#state !== "running") return;
    this.#state = "stopping";
    this.isEnding = true;
    this.#stop().then(() => this.#end(), (error) => this.#failed("stop failed", error));
  }

  /**
   * Ends as on SIGKILL.
   *
   * @param made whether a commit under way is made all the same
   */
  kill(made: () => boolean): void {
    if (this.#state === "over") return;
    for (const operation of this.operations) {
      const isWrite = operation.kind === "commit" || operation.kind === "write";
      if (isWrite && !operation.happened) operation.happen(made() ? undefined : "refused");
    }
    this.#end();
  }

  async #start(): Promise<void> {
    const { random, secret, env, number, oracle, sabotage } = this.#parts;
    const config = readConfig((name) => env.get(name));
    this.#store = await KvStore.open(this.#database(), {
      clock: this.#clock,
      limits: {
        mailboxMessages: config.mailboxMessages,
        mailboxBytes: config.mailboxBytes,
        backlogBytes: 256 * 1024,
      },
      owner: { instance: `simulation ${number}` },
      epoch: "simulation",
      lost: () => this.isLost = this.isEnding = true,
      failed: (error) => this.#report("background work failed", error),
    }, this.#directory);
    const watcher = {
      attached: (user: string, device: string, { cursor }: Attachment) =>
        oracle.attached(this, user, device, cursor),
      acknowledges: (user: string, device: string, upTo: number) =>
        oracle.acknowledges(this, user, device, upTo),
    };
    this.#server = await Server.start({
      config,
      store: observeStore(this.#store, watcher, sabotage),
      clock: this.#clock,
      random: random.fill,
      log: this.#log(),
      listen: (_options, handler) => {
        this.#door = handler;
        return Promise.resolve({
          hostname: "simulation",
          port: 1,
          lingering: 0,
          [Symbol.asyncDispose]: () => Promise.resolve(),
        });
      },
      // No issuer is configured, so nobody is ever asked.
      fetch: () => Promise.reject(new Error("Simulation has no network but its own")),
      secrets: [secret],
      providers: new Map(),
      version: "0.0.0",
    });
  }

  async #stop(): Promise<void> {
    await this.#server?.[Symbol.asyncDispose]();
    await this.#store?.[Symbol.asyncDispose]();
  }

  #end(): void {
    this.#state = "over";
    this.isEnding = true;
    this.#clock.kill();
    this.operations.length = 0;
    this.#directory?.end();
    for (const link of this.links) link.lose();
  }

  #called(operation: Operation): void {
    if (this.#state !== "over") this.operations.push(operation);
  }

  #files(fileBytes: number): SimDirectory {
    const { disk, oracle, sabotage } = this.#parts;
    return new SimDirectory(disk, fileBytes, {
      called: (operation) => this.#called(operation),
      wrote: (segment, text) => oracle.wrote(segment, decodeText(text)),
      undone: () => oracle.undone(),
    }, sabotage.loseCommit);
  }

  #database(): Database {
    const { disk, oracle, sabotage } = this.#parts;
    const database = new SimDatabase(disk, {
      called: (operation) => this.#called(operation),
      committed: (writes) => oracle.committed(writes),
      violated: (what) => oracle.violated(what),
    });
    const { loseCommit } = sabotage;
    if (loseCommit === undefined) return database;
    return {
      read: (keys) => database.read(keys),
      list: (range, limit) => database.list(range, limit),
      commit: (checks, writes) =>
        writes[0]?.key[0] === "journal" && loseCommit()
          ? Promise.resolve("0")
          : database.commit(checks, writes),
      close: () => database.close(),
    };
  }

  #log(): Log {
    return {
      event: (name) => this.#parts.oracle.count(`log: ${name}`),
      warn: (name) => this.#parts.oracle.count(`log: ${name}`),
      error: (name, error) => this.#report(name, error),
    };
  }

  #failed(what: string, error: unknown): void {
    this.#report(what, error);
    if (this.#state !== "over") this.#end();
  }

  /** A disk that refuses is no fault of the server; anything else is. */
  #report(what: string, error: unknown): void {
    const { oracle } = this.#parts;
    oracle.count(`log: ${what}`);
    oracle.trouble();
    const isExpected = error instanceof StoreUnavailableError || error instanceof StoreBusyError ||
      error instanceof RpcError || (what === "start failed" && error instanceof DiskError);
    if (isExpected) return;
    const told = error instanceof Error ? error.stack : String(error);
    oracle.violated(`The server reports a fault, "${what}": ${told}`);
  }
}
