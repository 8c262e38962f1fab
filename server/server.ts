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
import { createLocalJWKSet } from "jose";
import { createTokens, FailureLockout, type TokenOptions } from "./auth/mod.ts";
import { createClientAddresses } from "./client_address.ts";
import type { Clock, RandomBytes } from "./clock.ts";
import { CLOSE } from "./close_code.ts";
import type { Config } from "./config.ts";
import { ConnectionCounts } from "./connection_counts.ts";
import { FrontDoor } from "./front_door.ts";
import { DevicePruner } from "./device_pruner.ts";
import { Gateway } from "./gateway.ts";
import { IdleMemory } from "./idle_memory.ts";
import type { Listen, Listener } from "./listener.ts";
import type { Log } from "./log.ts";
import type { UserAdmin } from "./user_admin.ts";
import { issuersOf } from "./issuers_of.ts";
import { createIssuers, createRemoteKeys, type Fetch } from "./oidc/mod.ts";
import { createPeople, type People } from "./people.ts";
import { PushDispatcher, type PushDispatcherParts } from "./push/mod.ts";
import { createStatusPages, listenForOperators, urlOf } from "./status.ts";
import { stopTimes } from "./stop_times.ts";
import { type EventLoop, Health, type Overload, Telemetry } from "./telemetry/mod.ts";
import { TokenBuckets } from "./token_bucket.ts";
import { type MessageSpans, Tracer } from "./trace/mod.ts";

/** What of the world a server uses. */
export interface World {
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Log;
  /** Asks issuers for their keys. */
  readonly fetch: Fetch;
  /** Collects garbage and gives memory back, where the runtime lets us ask for that. */
  readonly collectGarbage?: (() => void) | undefined;
  /** How this thread fares; absent where time is not the machine's. */
  readonly loop?: EventLoop | undefined;
  /** What is turned away; absent where nothing ever is. */
  readonly overload?: Overload | undefined;
  /** Counts what passes. @default {a new one} */
  readonly telemetry?: Telemetry;
  /** Tells OpenTelemetry what becomes of messages; undefined where that is off. */
  readonly spans?: MessageSpans | undefined;
}

/** What a {@linkcode Server} is made of. */
export interface ServerParts extends World {
  readonly config: Config;
  readonly store: Store;
  readonly listen: Listen;
  /** The HS256 secrets: the first signs. */
  readonly secrets: readonly Uint8Array<ArrayBuffer>[];
  /** What wakes devices, by what their addresses name. They end with the server. */
  readonly providers: PushDispatcherParts["providers"];
  readonly version: string;
}

/** Random bytes in the reference of a fault. */
const REFERENCE_BYTES = 6;

/** A running server. Disposing of it closes its connections; the store stays open. */
export class Server implements AsyncDisposable {
  readonly gateway: Gateway;
  /** What an operator can do. */
  readonly admin: UserAdmin;
  /** Wakes devices. */
  readonly pushes: PushDispatcher;
  /** Knows what became of messages. */
  readonly tracer: Tracer;
  readonly #parts: ServerParts;
  readonly #health: Health;
  readonly #listener: Listener;
  readonly #operators: Listener | null;
  readonly #pruner: DevicePruner;
  #stopping: Promise<void> | null = null;

  private constructor(
    parts: ServerParts,
    { gateway, people, pushes, tracer, health }: Serving,
    listeners: { readonly listener: Listener; readonly operators: Listener | null },
    pruner: DevicePruner,
  ) {
    this.#parts = parts;
    this.#health = health;
    this.gateway = gateway;
    this.admin = people.admin;
    this.pushes = pushes;
    this.tracer = tracer;
    this.#listener = listeners.listener;
    this.#operators = listeners.operators;
    this.#pruner = pruner;
  }

  /** Starts to listen. @throws {Deno.errors.AddrInUse} somebody else listens there. */
  static async start(parts: ServerParts): Promise<Server> {
    const { config, listen, store } = parts;
    const addresses = createClientAddresses(config.trustProxy);
    const serving = await createServing(parts, addresses.exempt);
    const { gateway, people, pushes, health } = serving;
    const counts = new ConnectionCounts({
      connections: CONNECTIONS_MAX,
      addressConnections: config.addressConnections,
      unauthenticated: UNAUTHENTICATED_MAX,
      addressUnauthenticated: ADDRESS_UNAUTHENTICATED_MAX,
    }, addresses.exempt);
    const { wsAuth, vapidPublic } = config;
    const pages = createStatusPages({ ...parts, ...serving, counts });
    const door = new FrontDoor({
      gateway,
      counts,
      addresses,
      wsAuth,
      vapidPublic,
      health,
      pages,
    });
    await using stack = new AsyncDisposableStack();
    try {
      const operators = stack.use(await listenForOperators(parts, pages));
      const { peersMs: closeMs } = stopTimes(config.drainSeconds);
      const listener = await listen({ hostname: config.host, port: config.port, closeMs }, door);
      stack.move();
      const pruner = new DevicePruner({
        ...parts,
        devices: store.devices,
        presence: people.hub,
        seconds: config.deviceSeconds,
      });
      return new Server(parts, serving, { listener, operators }, pruner);
    } catch (error) {
      await pushes[Symbol.asyncDispose]();
      await gateway.stop(CLOSE.goingAway, stopTimes(config.drainSeconds).peersMs);
      throw error;
    }
  }

  /** Where to connect, such as `http://127.0.0.1:3000`. */
  get url(): string {
    return urlOf(this.#listener);
  }

  /** Where operators ask; undefined where they have no listener of their own. */
  get operatorUrl(): string | undefined {
    return this.#operators === null ? undefined : urlOf(this.#operators);
  }

  /**
   * Takes nobody new, and sends away whoever is here at a bounded rate. Requests of those who are
   * still here are answered as ever. To be disposed of afterwards.
   *
   * @returns how many were sent away
   */
  async drain(): Promise<number> {
    this.#health.drain();
    const ms = stopTimes(this.#parts.config.drainSeconds).closingMs;
    const { connections } = this.gateway;
    const { random } = this.#parts;
    // Whoever is sent away now comes back, and need not be woken: what is owed waits in the outbox.
    const pushed = this.pushes[Symbol.asyncDispose]();
    await this.gateway.drain(CLOSE.goingAway, { random, ms });
    await pushed;
    return connections;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    await this.#pruner.stop();
    // First: whoever is sent away now comes back, and need not be woken. What was sent already may
    // have its outcome meanwhile.
    const pushed = this.pushes[Symbol.asyncDispose]();
    const { peersMs } = stopTimes(this.#parts.config.drainSeconds);
    const told = this.gateway.stop(CLOSE.goingAway, peersMs);
    const gone = [this.#listener, this.#operators].map((one) => one?.[Symbol.asyncDispose]());
    await Promise.all([told, ...gone, pushed]);
  }
}

/** What access tokens are verified with. */
function tokenOptions(parts: ServerParts): TokenOptions {
  const { config, secrets, clock, random } = parts;
  const { jwtMaxAgeSeconds: maxAgeSeconds, jwtKeys, jwtIssuer, jwtAudience } = config;
  const ours = { secrets, maxAgeSeconds, now: () => clock.now(), random };
  if (jwtKeys === undefined) return ours;
  const getKey = jwtKeys.kind === "url"
    ? createRemoteKeys({ ...parts, url: jwtKeys.url })
    : createLocalJWKSet(jwtKeys.keys);
  return { ...ours, keys: { getKey, issuer: jwtIssuer, audience: jwtAudience } };
}

interface Serving {
  readonly gateway: Gateway;
  readonly people: People;
  readonly pushes: PushDispatcher;
  readonly tracer: Tracer;
  readonly health: Health;
}

function createPushes(
  parts: ServerParts,
  { hub }: People,
  { pushMs, tracer }: { readonly pushMs: Telemetry["pushMs"]; readonly tracer: Tracer },
): PushDispatcher {
  const { store: { outbox, devices, users }, config } = parts;
  const pushes = new PushDispatcher({
    ...parts,
    outbox,
    devices,
    users,
    isHere: (user, device) => hub.of(user).some((member) => member.device === device),
    content: config.pushContent,
    endMs: stopTimes(config.drainSeconds).pushesMs,
    answered: (ms) => pushMs.observe(ms),
    tracer,
  });
  hub.wakeBy(pushes);
  return pushes;
}

function createLockout(
  exempt: (address: string) => boolean,
  monotonic: () => number,
): FailureLockout {
  return new FailureLockout({
    account: { failures: ACCOUNT_FAILURES_MAX, ms: ACCOUNT_FAILURES_MS },
    address: { failures: ADDRESS_FAILURES_MAX, ms: ADDRESS_FAILURES_MS },
    exempt,
    entries: TABLE_ENTRIES_MAX,
    monotonic,
  });
}

async function createServing(
  parts: ServerParts,
  exempt: (address: string) => boolean,
): Promise<Serving> {
  const { config, store, clock, random, log, version } = parts;
  const now = () => clock.now();
  const monotonic = () => clock.monotonic();
  const entries = TABLE_ENTRIES_MAX;
  const newId = createUlid(now, random);
  const { sendRate: rate, sendBurst: burst, vapidPublic } = config;
  const people = createPeople({
    ...parts,
    lockout: createLockout(exempt, monotonic),
    ages: config,
    tokens: await createTokens(tokenOptions(parts)),
    issuers: createIssuers({ ...parts, issuers: issuersOf(config) }),
  });
  const tracer = new Tracer({ now, spans: parts.spans });
  const telemetry = parts.telemetry ?? new Telemetry();
  const { pushMs } = telemetry;
  const pushes = createPushes(parts, people, { pushMs, tracer });
  const { accounts } = people;
  const { mailboxes } = store;
  const gateway = new Gateway({
    ...people,
    overload: parts.overload,
    telemetry,
    tracer,
    store,
    clock,
    log,
    newId,
    router: new Router({
      methods: createMethods(),
      services: {
        ...{ mailboxes, accounts, pushes, traces: tracer },
        ...{ now, newId, version, vapidPublic },
      },
      tally: telemetry.rpc,
      report: (error, method) => {
        const reference = random(new Uint8Array(REFERENCE_BYTES)).toHex();
        log.error("request failed", error, { method, reference });
        return reference;
      },
    }),
    idleMemory: parts.collectGarbage && new IdleMemory(parts.collectGarbage),
    sending: new TokenBuckets({ rate, burst, entries, monotonic }),
  });
  return { gateway, people, pushes, tracer, health: new Health(parts) };
}
