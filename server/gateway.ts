/**
 * What all connections share: who may come in, what is behind them, and the clock's tick.
 *
 * @module
 */
import { TTL_SECONDS_MAX } from "../limits.ts";
import {
  createIsoTime,
  type Identity,
  receiptBody,
  receiptFrame,
  type ReceiptState,
  type Router,
  RpcError,
} from "../rpc/mod.ts";
import type { Entry, Position, Store } from "../store/mod.ts";
import type { Clock } from "./clock.ts";
import type { CloseCode } from "./close_code.ts";
import type { DeliveryWorld } from "./delivery.ts";
import { drain, type DrainParts } from "./drain.ts";
import { waitAtMost } from "./deadlines.ts";
import type { Hub } from "./hub.ts";
import type { Attempts, Landing, Sent } from "./in_flight.ts";
import type { IdleMemory } from "./idle_memory.ts";
import type { Log } from "./log.ts";
import type { Reception } from "./reception.ts";
import { type Overload, Telemetry } from "./telemetry/mod.ts";
import type { TokenBuckets } from "./token_bucket.ts";
import { Tracer } from "./trace/mod.ts";

/** How often deadlines are looked at, in milliseconds. */
const TICK_MS = 1000;

/**
 * How often the store is swept, in milliseconds: how late a sender may hear of what expired, and
 * what of that news a crash may lose.
 */
const SWEEP_MS = 5_000;

/** How long a receipt waits for its sender, in milliseconds. */
const RECEIPT_MS = TTL_SECONDS_MAX * 1000;

/** When what is refused may be sent again, in seconds: the event loop needs one to recover. */
const SHED_RETRY_SECONDS = 2;

/** A connection, as the clock knows it. */
export interface Ticking {
  /** Looks at deadlines. @param now milliseconds of the monotonic clock */
  tick(now: number): void;
  /** Ends the connection and says why. */
  close(code: CloseCode): void;
  /** The same, once the answers that are being made are sent, or take too long. */
  leave(code: CloseCode): void;
}

/** What a {@linkcode Gateway} is made of. */
export interface GatewayParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly hub: Hub;
  readonly reception: Reception;
  readonly sending: TokenBuckets;
  readonly router: Router;
  readonly newId: () => string;
  /** Counts what passes. @default {one that nobody reads} */
  readonly telemetry?: Telemetry;
  /** Notes what becomes of messages. @default {one that nobody asks} */
  readonly tracer?: Tracer;
  /** Absent where nothing is ever turned away. */
  readonly overload?: Overload | undefined;
  /** Absent where memory cannot be given back. */
  readonly idleMemory?: IdleMemory | undefined;
}

/** The shared part of all connections. */
export class Gateway implements DeliveryWorld {
  readonly hub: Hub;
  readonly reception: Reception;
  readonly telemetry: Telemetry;
  /** Frames that ever came. */
  frames = 0;
  readonly #parts: GatewayParts;
  readonly #tracer: Tracer;
  readonly #connections = new Set<Ticking>();
  readonly #isoTime = createIsoTime();
  #cancelTick: (() => void) | null = null;
  #cancelSweep: (() => void) | null = null;
  #sweeping: Promise<void> = Promise.resolve();
  #stopped = false;
  /** Whether nobody waits for the news of a sweep any more. */
  #isOver = false;

  constructor(parts: GatewayParts) {
    this.#parts = parts;
    this.hub = parts.hub;
    this.reception = parts.reception;
    this.telemetry = parts.telemetry ?? new Telemetry();
    parts.store.listen(this.hub);
    this.#tracer = parts.tracer ?? new Tracer({ now: () => this.now() });
    this.hub.countBy(this.telemetry, this.#tracer, () => this.now());
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

  /** See {@linkcode Store.epoch}. */
  get epoch(): string {
    return this.#parts.store.epoch;
  }

  /** Milliseconds since 1970. */
  now(): number {
    return this.clock.now();
  }

  /** Milliseconds that never go back. */
  monotonic(): number {
    return this.clock.monotonic();
  }

  /** See {@linkcode DeliveryWorld.delivered}. */
  delivered(entry: Entry): void {
    this.telemetry.delivered++;
    this.telemetry.deliveredMs.observe(this.now() - entry.time);
    if (!entry.receipt) return;
    this.tellSender(entry, "delivered").catch((error) => {
      this.log.error("receipt lost", error, { message_id: entry.id });
    });
  }

  /** See {@linkcode DeliveryWorld.sent}. */
  sent(batch: readonly Sent[], identity: Identity): void {
    this.telemetry.sent += batch.length;
    for (const { redelivered } of batch) if (redelivered > 0) this.telemetry.redelivered++;
    this.#tracer.written(batch, identity);
  }

  /** See {@linkcode DeliveryWorld.answered}. */
  answered(landing: Landing, identity: Identity): void {
    this.#tracer.answered(landing, identity);
  }

  /** See {@linkcode DeliveryWorld.setAside}. */
  setAside(identity: Identity, entry: Entry): void {
    this.telemetry.setAside++;
    this.#tracer.setAside(entry, identity);
    this.log.warn("message set aside", { ...identity, message_id: entry.id });
  }

  /** Whom an upgrade request named could not be signed in: what was refused is no fault of ours. */
  upgradeFailed(user: string, error: unknown): void {
    this.telemetry.rpc.refused(error instanceof RpcError ? error.key : "internal_error");
    if (error instanceof RpcError) this.log.warn("sign-in refused", { user, reason: error.key });
    else this.log.error("sign-in failed", error, { user });
  }

  /** Takes a connection in; it ticks from now on. */
  started(connection: Ticking): void {
    this.telemetry.opened++;
    this.#connections.add(connection);
  }

  /** A connection is over. @param code what it is told; undefined where its client ended it */
  ended(connection: Ticking, code?: CloseCode): void {
    this.#connections.delete(connection);
    this.telemetry.ended(code?.code ?? 0);
  }

  /** A device leaves. */
  release({ user, device }: Identity, left: { sent: Position; attempts: Attempts | null }): void {
    if (left.attempts !== null) this.hub.keepAttempts(user, device, left.attempts);
    this.mailboxes.detach(user, device, left.sent);
    this.log.event("disconnected", { user, device });
  }

  /** Takes from a user's send bucket. @throws {RpcError} `rate_limited`, `busy` */
  takeSend(user: string, messages: number): void {
    if (this.#parts.overload?.level === 2) {
      this.telemetry.sendsShed += messages;
      throw new RpcError("busy", { retryAfter: SHED_RETRY_SECONDS });
    }
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
      urgent: false,
      body,
      bytes: body.length * 3,
    };
    await this.mailboxes.append([receipt]);
  }

  /** How many connections there are. */
  get connections(): number {
    return this.#connections.size;
  }

  /** Sends away everybody who is here now, a few at a time; see {@linkcode drain}. */
  async drain(code: CloseCode, parts: Pick<DrainParts, "random" | "ms">): Promise<void> {
    const leave = (connection: Ticking) => connection.leave(code);
    await drain(this.#connections, leave, { ...parts, clock: this.clock });
  }

  /**
   * Closes every connection, and stops the clock.
   *
   * @param ms what telling the last news may take, in milliseconds; a crash may lose it, too
   */
  async stop(code: CloseCode, ms: number): Promise<void> {
    this.#stopped = true;
    this.#cancelTick?.();
    this.#cancelSweep?.();
    for (const connection of this.#connections) connection.close(code);
    // News of what expired is only in memory by now.
    const last = this.#sweeping.then(() => this.#isOver ? undefined : this.sweep());
    await waitAtMost(this.clock, ms, last);
    this.#isOver = true;
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
      // The store may be closed by then.
      if (!this.#isOver) this.log.error("sweep failed", error);
    }
  }
}
