/**
 * The whole server inside the test's own process, on real sockets: faster than a process of its
 * own, and its clock can be moved by hand.
 *
 * @module
 */
import { AMPLE, FakeLog } from "../../server/fake_world.ts";
import { type Clock, systemClock, systemRandom } from "../../server/clock.ts";
import { type Config, readConfig } from "../../server/config.ts";
import { createLog, type LogLevel } from "../../server/log.ts";
import { listenDeno } from "../../server/deno_listener.ts";
import { Server, type ServerParts } from "../../server/server.ts";
import { createTokens } from "../../server/auth/mod.ts";
import { listenWs } from "../../server/ws_listener.ts";
import type { Database, WatchedDatabase } from "../../store/kv/database.ts";
import { DenoDatabase } from "../../store/kv/deno_database.ts";
import { KvStore } from "../../store/kv/kv_store.ts";
import { SharedStore } from "../../store/kv/shared/shared_store.ts";
import { MemoryStore } from "../../store/memory/mod.ts";
import type { Store, StoreLimits } from "../../store/mod.ts";
import { type ClientOptions, TestClient } from "./client.ts";
import { assertNothingTold, secretsAmong } from "./secrecy.ts";
import { RawSocket, type RawSocketOptions } from "./raw_socket.ts";

/** Both listeners: the same tests hold for either. */
export const LISTENERS = ["deno", "ws"] as const;

/** How a server is put together; everything has a default. */
export interface LocalOptions {
  readonly listener?: typeof LISTENERS[number];
  /** @default {"memory"} */
  readonly store?: "memory" | "kv";
  readonly limits?: Partial<StoreLimits>;
  /** @default {systemClock} */
  readonly clock?: Clock;
  /** Variables of the environment, as an operator sets them. */
  readonly env?: Readonly<Record<string, string>>;
  /** What wakes devices. @default {nothing} */
  readonly providers?: ServerParts["providers"];
  /** What the server turns away. */
  readonly overload?: ServerParts["overload"];
  /** Puts something around the database of the store "kv". */
  readonly aroundDatabase?: (database: Database) => Database;
  /** A database that other servers use, too; instead of `store`. */
  readonly shared?: WatchedDatabase;
  /** Puts something around the store. */
  readonly around?: (store: Store) => Store;
}

/** The secret under which {@linkcode LocalServer.token} signs. */
export const SECRET = new TextEncoder().encode("a secret of at least thirty-two bytes");

/** What {@linkcode LocalServer.token} takes beside the user. */
export interface TokenOptions {
  readonly device?: string;
  readonly ttlSeconds?: number;
}

/** A server in this process. Disposing of it ends it and its clients. */
export class LocalServer implements AsyncDisposable {
  readonly server: Server;
  readonly store: Store;
  readonly log: FakeLog;
  readonly clock: Clock;
  readonly #env: Readonly<Record<string, string>>;
  readonly #stack: AsyncDisposableStack;
  readonly #clients = new Set<AsyncDisposable>();

  private constructor(
    parts: Pick<LocalServer, "server" | "store" | "log" | "clock">,
    env: Readonly<Record<string, string>>,
    stack: AsyncDisposableStack,
  ) {
    this.#env = env;
    this.server = parts.server;
    this.store = parts.store;
    this.log = parts.log;
    this.clock = parts.clock;
    this.#stack = stack;
  }

  /** Starts a server on a free port of 127.0.0.1. */
  static async start(options: LocalOptions = {}): Promise<LocalServer> {
    const { listener = "deno", clock = systemClock, env = {}, around = (it) => it } = options;
    await using stack = new AsyncDisposableStack();
    const config = { ...readConfig((name) => env[name]), host: "127.0.0.1", port: 0, listener };
    const store = around(stack.use(await openStore(config, options, clock)));
    const log = new FakeLog();
    const server = stack.use(
      await Server.start({
        clock,
        random: systemRandom,
        log,
        config,
        store,
        listen: listener === "ws" ? listenWs : listenDeno,
        fetch: (url, init) => fetch(url, init),
        secrets: [SECRET],
        overload: options.overload,
        providers: options.providers ?? new Map(),
        version: "0.0.0",
      }),
    );
    return new LocalServer({ server, store, log, clock }, env, stack.move());
  }

  get url(): string {
    return this.server.url;
  }

  /** A token signed with the server's secret. */
  async token(user: string, options: TokenOptions = {}): Promise<string> {
    const tokens = await createTokens({
      secrets: [SECRET],
      maxAgeSeconds: 3600,
      now: () => this.clock.now(),
      random: systemRandom,
    });
    return await tokens.sign({ user, ttlSeconds: 90 * 24 * 3600, ...options });
  }

  /** A client of a user, signed in with the object form. */
  async enter(user: string, options: ClientOptions = {}): Promise<TestClient> {
    return await this.connect({ token: await this.token(user), ...options });
  }

  /** A client, signed in where the options hold a token. */
  async connect(options: ClientOptions = {}): Promise<TestClient> {
    const client = await TestClient.connect(this.url, options);
    this.#clients.add(client);
    return client;
  }

  /** A connection whose every byte is the test's. */
  async raw(options: RawSocketOptions = {}): Promise<RawSocket> {
    const socket = await RawSocket.open(this.url, options);
    this.#clients.add(socket);
    return socket;
  }

  /** A raw connection that has signed in in the ancestors' form. */
  async rawUser(user: string, options: RawSocketOptions = {}): Promise<RawSocket> {
    const socket = await this.raw(options);
    socket.text({ id: "sign-in", method: "auth.jwt", params: { token: await this.token(user) } });
    const { result } = await socket.json();
    if (result !== "ACK") throw new Error("Sign-in failed");
    return socket;
  }

  /** Makes users known, so that they can be sent to. */
  async know(...users: readonly string[]): Promise<void> {
    for (const id of users) await this.store.users.create({ id, registered: 0 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(Array.from(this.#clients, (client) => client[Symbol.asyncDispose]()));
    await this.#stack[Symbol.asyncDispose]();
    assertNothingTold(written(this.log), secretsAmong(this.#env));
  }
}

/** What an operator would read of a log. */
function written({ lines }: FakeLog): string {
  const told: string[] = [];
  const write = (_level: LogLevel, line: string) => void told.push(line);
  const log = createLog({ format: "json", now: () => 0, own: [], write });
  for (const { level, name, fields, error } of lines) {
    if (level === "error") log.error(name, error, fields);
    else log[level](name, fields);
  }
  return told.join("\n");
}

async function openStore(config: Config, options: LocalOptions, clock: Clock): Promise<Store> {
  const { mailboxMessages, mailboxBytes } = config;
  const limits = { ...AMPLE, mailboxMessages, mailboxBytes, ...options.limits };
  const { shared } = options;
  if (shared) {
    const parts = { clock, random: systemRandom, limits, epoch: "test", failed: () => {} };
    return await SharedStore.open(shared, parts);
  }
  if (options.store !== "kv") return new MemoryStore({ limits, now: () => clock.now() });
  const { aroundDatabase = (it: Database) => it } = options;
  return await KvStore.open(aroundDatabase(await DenoDatabase.open(":memory:")), {
    clock,
    limits,
    owner: { pid: Deno.pid },
    epoch: "test",
    lost: () => {},
    failed: () => {},
  });
}

/** Registers a test for each listener. */
export function testOnBoth(
  name: string,
  options: Omit<LocalOptions, "listener"> | (() => Omit<LocalOptions, "listener">),
  run: (server: LocalServer) => Promise<void>,
): void {
  for (const listener of LISTENERS) {
    Deno.test(`${name} (${listener})`, async () => {
      const made = typeof options === "function" ? options() : options;
      await using server = await LocalServer.start({ ...made, listener });
      await run(server);
    });
  }
}
