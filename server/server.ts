/**
 * The server: everything put together behind one listener.
 *
 * @module
 */
import {
  ACCOUNT_FAILURES_MAX,
  ACCOUNT_FAILURES_MS,
  ADDRESS_FAILURES_MAX,
  ADDRESS_FAILURES_MS,
  ADDRESS_UNAUTHENTICATED_MAX,
  CONNECTIONS_MAX,
  TABLE_ENTRIES_MAX,
  UNAUTHENTICATED_MAX,
} from "../limits.ts";
import { createMethods, createUlid, Router } from "../rpc/mod.ts";
import type { Store } from "../store/mod.ts";
import { createTokens, FailureLockout } from "./auth/mod.ts";
import { createClientAddresses } from "./client_address.ts";
import type { Clock, RandomBytes } from "./clock.ts";
import { CLOSE } from "./close_code.ts";
import type { Config } from "./config.ts";
import { ConnectionCounts } from "./connection_counts.ts";
import { FrontDoor } from "./front_door.ts";
import { Gateway } from "./gateway.ts";
import { IdleMemory } from "./idle_memory.ts";
import type { Listen, Listener } from "./listener.ts";
import type { Log } from "./log.ts";
import { TokenBuckets } from "./token_bucket.ts";

/** What of the world a server uses. */
export interface World {
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Log;
  /** Collects garbage and gives memory back, where the runtime lets us ask for that. */
  readonly collectGarbage?: (() => void) | undefined;
}

/** What a {@linkcode Server} is made of. */
export interface ServerParts extends World {
  readonly config: Config;
  readonly store: Store;
  readonly listen: Listen;
  /** The HS256 secret. */
  readonly secret: Uint8Array<ArrayBuffer>;
  readonly version: string;
}

/** Random bytes in the reference of a fault. */
const REFERENCE_BYTES = 6;

/** A running server. Disposing of it closes its connections; the store stays open. */
export class Server implements AsyncDisposable {
  readonly gateway: Gateway;
  readonly #listener: Listener;
  #stopping: Promise<void> | null = null;

  private constructor(gateway: Gateway, listener: Listener) {
    this.gateway = gateway;
    this.#listener = listener;
  }

  /** Starts to listen. @throws {Deno.errors.AddrInUse} somebody else listens there. */
  static async start(parts: ServerParts): Promise<Server> {
    const { config, listen } = parts;
    const addresses = createClientAddresses(config.trustProxy);
    const gateway = await createGateway(parts, addresses.exempt);
    const counts = new ConnectionCounts({
      connections: CONNECTIONS_MAX,
      addressConnections: config.addressConnections,
      unauthenticated: UNAUTHENTICATED_MAX,
      addressUnauthenticated: ADDRESS_UNAUTHENTICATED_MAX,
    }, addresses.exempt);
    const { wsAuth } = config;
    const door = new FrontDoor({ gateway, counts, addresses, wsAuth });
    try {
      const listener = await listen({ hostname: config.host, port: config.port }, door);
      return new Server(gateway, listener);
    } catch (error) {
      await gateway.stop(CLOSE.goingAway);
      throw error;
    }
  }

  /** Where to connect, such as `http://127.0.0.1:3000`. */
  get url(): string {
    const { hostname, port } = this.#listener;
    return `http://${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    await this.gateway.stop(CLOSE.goingAway);
    await this.#listener[Symbol.asyncDispose]();
  }
}

async function createGateway(
  parts: ServerParts,
  exempt: (address: string) => boolean,
): Promise<Gateway> {
  const { config, store, clock, random, log, secret, version } = parts;
  const now = () => clock.now();
  const monotonic = () => clock.monotonic();
  const entries = TABLE_ENTRIES_MAX;
  const newId = createUlid(now, random);
  const router = new Router({
    methods: createMethods(),
    services: { mailboxes: store.mailboxes, now, newId, version },
    report: (error, method) => {
      const reference = random(new Uint8Array(REFERENCE_BYTES)).toHex();
      log.error("request failed", error, { method, reference });
      return reference;
    },
  });
  return new Gateway({
    store,
    clock,
    log,
    router,
    newId,
    idleMemory: parts.collectGarbage && new IdleMemory(parts.collectGarbage),
    tokens: await createTokens({ secret, maxAgeSeconds: config.jwtMaxAgeSeconds, now, random }),
    lockout: new FailureLockout({
      account: { failures: ACCOUNT_FAILURES_MAX, ms: ACCOUNT_FAILURES_MS },
      address: { failures: ADDRESS_FAILURES_MAX, ms: ADDRESS_FAILURES_MS },
      exempt,
      entries,
      monotonic,
    }),
    sending: new TokenBuckets({
      rate: config.sendRate,
      burst: config.sendBurst,
      entries,
      monotonic,
    }),
  });
}
