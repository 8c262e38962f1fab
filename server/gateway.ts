/**
 * What all connections share: who may come in, what is behind them, and the clock's tick.
 *
 * @module
 */
import { DEVICES_MAX, TTL_SECONDS_MAX } from "../limits.ts";
import {
  createIsoTime,
  type Identity,
  receiptBody,
  receiptFrame,
  type ReceiptState,
  type Router,
  RpcError,
  type SignInOptions,
} from "../rpc/mod.ts";
import type { Attachment, Entry, Position, Store } from "../store/mod.ts";
import {
  BadCredentialError,
  claimedUser,
  type Claims,
  type FailureLockout,
  type Tokens,
} from "./auth/mod.ts";
import type { Clock } from "./clock.ts";
import type { CloseCode } from "./close_code.ts";
import { Hub } from "./hub.ts";
import type { Attempts } from "./in_flight.ts";
import type { IdleMemory } from "./idle_memory.ts";
import { KeyedQueue } from "./keyed_queue.ts";
import type { Log } from "./log.ts";
import type { TokenBuckets } from "./token_bucket.ts";

/** The device of a client that names none (the ancestors' clients). */
const DEVICE_DEFAULT = "default";

/** How often deadlines are looked at, in milliseconds. */
const TICK_MS = 1000;

/**
 * How often the store is swept, in milliseconds: how late a sender may hear of what expired, and
 * what of that news a crash may lose.
 */
const SWEEP_MS = 5_000;

/** How old the time that a device was last seen may be before it is written anew. */
const SEEN_MS = 3600 * 1000;

/** How long a receipt waits for its sender, in milliseconds. */
const RECEIPT_MS = TTL_SECONDS_MAX * 1000;

/** A connection, as the clock knows it. */
export interface Ticking {
  /** Looks at deadlines. @param now milliseconds of the monotonic clock */
  tick(now: number): void;
  /** Ends the connection and says why. */
  close(code: CloseCode): void;
}

/** What a {@linkcode Gateway} is made of. */
export interface GatewayParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly tokens: Tokens;
  readonly lockout: FailureLockout;
  readonly sending: TokenBuckets;
  readonly router: Router;
  readonly newId: () => string;
  /** Absent where memory cannot be given back. */
  readonly idleMemory?: IdleMemory | undefined;
}

/** A verified token. */
export type Credential = Pick<Claims, "user" | "device">;

/** The shared part of all connections. */
export class Gateway {
  readonly hub: Hub = new Hub();
  /** Frames that ever came. */
  frames = 0;
  readonly #parts: GatewayParts;
  readonly #connections = new Set<Ticking>();
  readonly #isoTime = createIsoTime();
  readonly #entering = new KeyedQueue();
  #cancelTick: (() => void) | null = null;
  #cancelSweep: (() => void) | null = null;
  #sweeping: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(parts: GatewayParts) {
    this.#parts = parts;
    parts.store.listen(this.hub);
    this.#tickLater();
    this.#sweepLater();
  }

  get clock(): Clock {
    return this.#parts.clock;
  }

  get log(): Log {
    return this.#parts.log;
  }

  get router(): Router {
    return this.#parts.router;
  }

  get mailboxes(): Store["mailboxes"] {
    return this.#parts.store.mailboxes;
  }

  /** Takes a connection in; it ticks from now on. */
  started(connection: Ticking): void {
    this.#connections.add(connection);
  }

  /** A connection is over. */
  ended(connection: Ticking): void {
    this.#connections.delete(connection);
  }

  /**
   * Verifies a token.
   *
   * @throws {RpcError} `bad_credential`, or `rate_limited` after too many failures
   */
  async verify(token: string, address: string): Promise<Credential> {
    const { lockout, tokens, log } = this.#parts;
    const account = claimedUser(token);
    const blocked = lockout.blocked(account, address);
    if (blocked > 0) throw new RpcError("rate_limited", { retryAfter: Math.ceil(blocked / 1000) });
    try {
      const claims = await tokens.verify(token);
      lockout.succeeded(claims.user, address);
      return claims;
    } catch (error) {
      if (!(error instanceof BadCredentialError)) throw error;
      lockout.failed(account, address);
      log.warn("sign-in refused", { address, reason: error.reason });
      throw new RpcError("bad_credential", { detail: error.reason });
    }
  }

  /** Which device a client is. @throws {RpcError} `forbidden`: the token is another device's. */
  deviceOf(credential: Credential, options: Pick<SignInOptions, "device">): string {
    const { device = credential.device ?? DEVICE_DEFAULT } = options;
    if (credential.device !== undefined && credential.device !== device) {
      throw new RpcError("forbidden", { detail: "the token is for another device" });
    }
    return device;
  }

  /**
   * Makes sure that a user is known: whoever has a valid token may come into being (DESIGN §4).
   *
   * @throws {StoreUnavailableError} the disk refused.
   */
  async welcomeUser(user: string): Promise<void> {
    const { users } = this.#parts.store;
    if (await users.get(user) === null) {
      const created = await users.create({ id: user, registered: this.clock.now() });
      if (created) this.log.event("user registered", { user });
    }
  }

  /**
   * Lets a device in: its user and the device are known, an older connection of it is closed.
   *
   * @throws {RpcError} `too_many_devices`
   */
  async admit(
    { user, device }: Identity,
    options: Pick<SignInOptions, "start">,
  ): Promise<{ attachment: Attachment }> {
    await this.welcomeUser(user);
    await this.#noteDevice(user, device);
    for (const member of this.hub.of(user)) if (member.device === device) member.replaced();
    const attachment = await this.mailboxes.attach(user, device, options.start ?? "oldest");
    // Removed between the two.
    if (attachment === null) throw new RpcError("bad_credential", { detail: "the user is gone" });
    this.log.event("signed in", { user, device, pending: attachment.pending });
    return { attachment };
  }

  /** Lets the sign-ins of one device happen one after another. */
  async alone<T>({ user, device }: Identity, enter: () => Promise<T>): Promise<T> {
    // No id holds a control character.
    return await this.#entering.run(user + "\n" + device, enter);
  }

  /** A device leaves. */
  release({ user, device }: Identity, left: { sent: Position; attempts: Attempts | null }): void {
    if (left.attempts !== null) this.hub.keepAttempts(user, device, left.attempts);
    this.mailboxes.detach(user, device, left.sent);
    this.log.event("disconnected", { user, device });
  }

  /** Takes from a user's send bucket. @throws {RpcError} `rate_limited` */
  takeSend(user: string, messages: number): void {
    const wait = this.#parts.sending.take(user, messages);
    if (wait > 0) throw new RpcError("rate_limited", { retryAfter: Math.ceil(wait / 1000) });
  }

  /** Tells the sender what became of a message: live, or in the mailbox until they are back. */
  async tellSender(entry: Entry, state: ReceiptState): Promise<void> {
    const now = this.clock.now();
    const { id, sender } = entry;
    // Whom it was sent to: a bot answers in its own name.
    const to = entry.from === sender ? entry.to : entry.from;
    const body = receiptBody({ id, to, state, time: this.#isoTime(now) });
    const members = this.hub.of(sender).filter(({ receipts }) => receipts);
    for (const member of members) member.send(receiptFrame(body));
    if (members.length > 0) return;
    const receipt = {
      id: this.#parts.newId(),
      kind: "receipt" as const,
      sender: entry.to,
      from: entry.to,
      to: sender,
      device: "",
      time: now,
      expires: now + RECEIPT_MS,
      receipt: false,
      body,
      bytes: body.length * 3,
    };
    await this.mailboxes.append([receipt]);
  }

  /** Closes every connection, and stops the clock. */
  async stop(code: CloseCode): Promise<void> {
    this.#stopped = true;
    this.#cancelTick?.();
    this.#cancelSweep?.();
    for (const connection of this.#connections) connection.close(code);
    await this.#sweeping;
    // News of what expired is only in memory by now.
    await this.sweep();
  }

  async #noteDevice(user: string, id: string): Promise<void> {
    const { devices } = this.#parts.store;
    const seen = this.clock.now();
    const known = (await devices.list(user)).find((device) => device.id === id);
    if (known !== undefined && seen - known.seen < SEEN_MS) return;
    if (!await devices.put({ ...known, user, id, seen }, DEVICES_MAX)) {
      throw new RpcError("too_many_devices", { limit: DEVICES_MAX });
    }
  }

  #tickLater(): void {
    if (this.#stopped) return;
    this.#cancelTick = this.clock.after(TICK_MS, () => {
      const now = this.clock.monotonic();
      for (const connection of this.#connections) connection.tick(now);
      this.#parts.idleMemory?.tick(this.#connections.size, this.frames);
      this.#tickLater();
    });
  }

  #sweepLater(): void {
    if (this.#stopped) return;
    this.#cancelSweep = this.clock.after(SWEEP_MS, () => {
      this.#sweeping = this.sweep().finally(() => this.#sweepLater());
    });
  }

  /** Drops what has expired, and tells the senders who want to know. */
  async sweep(): Promise<void> {
    try {
      await this.#parts.store.sweeper.sweep(async (entries) => {
        for (const entry of entries) await this.tellSender(entry, "expired");
      });
    } catch (error) {
      this.log.error("sweep failed", error);
    }
  }
}
