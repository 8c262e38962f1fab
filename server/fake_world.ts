/**
 * A gateway on a store in memory, a clock moved by hand and transports without a socket: everything
 * of the server but the network.
 *
 * @module
 */
import { base64url, decodeJwt } from "jose";
import { createMethods, createUlid, parseUserId, Router, type RpcErrorObject } from "../rpc/mod.ts";
import type { StoreLimits } from "../store/mod.ts";
import { MemoryStore } from "../store/memory/memory_store.ts";
import {
  BadCredentialError,
  type Claims,
  FailureLockout,
  type RefreshClaims,
  type RefreshRequest,
  type TokenRequest,
  type Tokens,
} from "./auth/mod.ts";
import type { RandomBytes } from "./clock.ts";
import { Connection } from "./connection.ts";
import type { Lease } from "./connection_counts.ts";
import { FakeClock } from "./fake_clock.ts";
import { Gateway } from "./gateway.ts";
import type { Log, LogFields } from "./log.ts";
import { type Issuers, IssuerUnavailableError, UnknownIssuerError } from "./oidc/mod.ts";
import { createPeople, type People } from "./people.ts";
import { TokenBuckets } from "./token_bucket.ts";
import { Tracer } from "./trace/mod.ts";
import type { Transport, TransportHandler } from "./transport.ts";

/** Limits of a store that no test meets by accident. */
export const AMPLE: StoreLimits = {
  mailboxMessages: 100_000,
  mailboxBytes: 1024 ** 3,
  backlogBytes: 1024 ** 3,
};

/** A frame of the server, read. */
export interface Frame {
  readonly jsonrpc?: string;
  readonly id?: string | number | null;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: RpcErrorObject;
}

/** A message of a `msg.recv`. */
export interface Received {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly time: string;
  readonly message: string;
  readonly redelivered?: number;
}

/** One line of a {@linkcode FakeLog}. */
export interface Logged {
  readonly level: "event" | "warn" | "error";
  readonly name: string;
  readonly fields: LogFields;
  readonly error?: unknown;
}

/** A log that remembers. */
export class FakeLog implements Log {
  readonly lines: Logged[] = [];

  event(name: string, fields: LogFields = {}): void {
    this.lines.push({ level: "event", name, fields });
  }

  warn(name: string, fields: LogFields = {}): void {
    this.lines.push({ level: "warn", name, fields });
  }

  error(name: string, error: unknown, fields: LogFields = {}): void {
    this.lines.push({ level: "error", name, fields, error });
  }

  /** The lines of one name. */
  of(name: string): readonly Logged[] {
    return this.lines.filter((line) => line.name === name);
  }
}

/** A transport whose peer is the test. */
export class FakeTransport implements Transport {
  readonly address: string;
  bufferedBytes = 0;
  readonly sent: string[] = [];
  closedWith: { code: number; reason: string } | null = null;
  terminated = false;
  handler: TransportHandler | null = null;

  constructor(address = "192.0.2.1") {
    this.address = address;
  }

  send(frame: string): void {
    this.sent.push(frame);
  }

  close(code: number, reason: string): void {
    this.closedWith ??= { code, reason };
    queueMicrotask(() => this.handler?.closed());
  }

  terminate(): void {
    this.terminated = true;
    queueMicrotask(() => this.handler?.closed());
  }

  /** What was sent since the last call, read. */
  take(): Frame[] {
    return this.sent.splice(0).map((frame) => JSON.parse(frame));
  }
}

/** The messages of a `msg.recv`; none where the frame is something else. */
export function messagesOf(frame: Frame | undefined): readonly Received[] {
  return frame?.method === "msg.recv" ? frame.params as Received[] : [];
}

/** The texts of the messages of frames, in order. */
export function textsOf(frames: readonly Frame[]): string[] {
  return frames.flatMap((frame) => messagesOf(frame).map(({ message }) => message));
}

/** Lets everything go on that does not wait for the clock or for a peer. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

/** A random source that repeats itself from test to test. */
export function countingRandom(): RandomBytes {
  let next = 0;
  return (buffer) => {
    for (let i = 0; i < buffer.length; i++) buffer[i] = next = (next * 197 + 71) % 251;
    return buffer;
  };
}

/**
 * Tokens in the form of real ones that anybody can make. Nothing is computed on another thread, so
 * that {@linkcode settled} can tell when a sign-in is done.
 */
class FakeTokens implements Tokens {
  readonly #now: () => number;
  #signed = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  async sign({ user, device, session }: TokenRequest): Promise<string> {
    const claims = { sub: user, did: device, sid: session, iat: this.#now() / 1000 };
    return await this.#write({ ...claims, jti: `t${++this.#signed}` });
  }

  async signRefresh({ user, device, session, generation }: RefreshRequest): Promise<string> {
    return await this.#write({ sub: user, did: device, sid: session, gen: generation });
  }

  async verifyRefresh(token: string): Promise<RefreshClaims> {
    await Promise.resolve();
    const { sub, did, sid, gen } = decodeJwt<{ did: string; sid: string; gen: number }>(token);
    if (gen === undefined || sub === undefined) throw new BadCredentialError("malformed");
    return { user: sub, device: did, session: sid, generation: gen, expires: Infinity };
  }

  #write(claims: object): Promise<string> {
    return Promise.resolve(`e30.${base64url.encode(JSON.stringify(claims))}.fake`);
  }

  async verify(token: string): Promise<Claims> {
    await Promise.resolve();
    if (!token.endsWith(".fake")) throw new BadCredentialError("bad_signature");
    const { sub, did, sid, jti = "", iat = 0 } = decodeJwt<{ did?: string; sid?: string }>(token);
    const user = parseUserId(sub ?? "");
    if (user === undefined) throw new BadCredentialError("bad_subject");
    return { user, device: did, id: jti, session: sid, issued: iat * 1000, expires: Infinity };
  }
}

/** ID tokens of "google" that are the user's name alone; "away" cannot be reached. */
const fakeIssuers = (now: () => number): Issuers => ({
  async verify(name, token) {
    await Promise.resolve();
    if (name === "away") throw new IssuerUnavailableError("https://away", "no answer", 5000);
    if (name !== "google") throw new UnknownIssuerError();
    if (token === "") throw new BadCredentialError("bad_signature");
    return { user: `google:${token}`, issued: now(), email: `${token}@example.org`, name: token };
  },
  claimedUser: (name, token) => `${name}:${token}`,
});

/** Everything of the server but the network. */
export class FakeWorld {
  readonly clock: FakeClock;
  readonly log = new FakeLog();
  readonly store: MemoryStore;
  readonly tokens: Tokens;
  readonly people: People;
  readonly tracer: Tracer;
  readonly gateway: Gateway;
  /** Leases by what was called on them. */
  readonly leases: string[] = [];

  private constructor(store: MemoryStore, clock: FakeClock) {
    this.store = store;
    this.clock = clock;
    const now = () => clock.now();
    const monotonic = () => clock.monotonic();
    const entries = 100;
    const newId = createUlid(now, countingRandom());
    this.tokens = new FakeTokens(now);
    this.people = createPeople({
      store,
      clock,
      random: countingRandom(),
      log: this.log,
      tokens: this.tokens,
      issuers: fakeIssuers(now),
      lockout: new FailureLockout({
        account: { failures: 3, ms: 60_000 },
        address: { failures: 6, ms: 600_000 },
        exempt: () => false,
        entries,
        monotonic,
      }),
      ages: { accessSeconds: 3600, refreshSeconds: 90 * 86_400, jwtMaxAgeSeconds: 90 * 86_400 },
    });
    const { accounts } = this.people;
    const pushes = { received: () => false };
    const { mailboxes } = store;
    const traces = this.tracer = new Tracer({ now });
    const services = { mailboxes, accounts, pushes, traces, now, newId, version: "0" };
    this.gateway = new Gateway({
      ...this.people,
      store,
      clock,
      log: this.log,
      tracer: this.tracer,
      newId,
      router: new Router({ methods: createMethods(), services, report: () => "reference" }),
      sending: new TokenBuckets({ rate: 50, burst: 200, entries, monotonic }),
    });
  }

  /** Makes a world with an empty store. */
  static create(limits: Partial<StoreLimits> = {}): FakeWorld {
    const clock = new FakeClock();
    const now = () => clock.now();
    const store = new MemoryStore({ limits: { ...AMPLE, ...limits }, now });
    return new FakeWorld(store, clock);
  }

  /** A token that is valid for a month. */
  token(user: string, device?: string): Promise<string> {
    return this.tokens.sign({ user, device, ttlSeconds: 40 * 24 * 3600 });
  }

  /** A new connection that nobody has signed in on. */
  connect(address?: string): { connection: Connection; transport: FakeTransport } {
    const transport = new FakeTransport(address);
    const lease: Lease = {
      signedIn: () => void this.leases.push("signed in"),
      leave: () => void this.leases.push("left"),
    };
    const connection = new Connection(this.gateway, transport, lease);
    transport.handler = connection;
    this.gateway.started(connection);
    return { connection, transport };
  }

  /** A new connection of a user; the answer to the sign-in is still to be taken. */
  async enter(
    user: string,
    options: Readonly<Record<string, unknown>> = {},
  ): Promise<{ connection: Connection; transport: FakeTransport }> {
    const made = this.connect();
    const token = await this.token(user);
    made.connection.frame(request("in", "auth.jwt", { token, ...options }));
    await settled();
    return made;
  }
}

/** A request, or a notification where the id is undefined. */
export function request(id: string | number | undefined, method: string, params?: unknown): string {
  return JSON.stringify({ jsonrpc: "2.0", id, method, params });
}

/** The answer to a request of the server. */
export function response(id: unknown, result: unknown): string {
  return JSON.stringify({ jsonrpc: "2.0", id, result });
}
