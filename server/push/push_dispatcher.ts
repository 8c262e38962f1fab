/**
 * Turns what the store says is owed into pushes.
 *
 * The truth is in the mailbox: a message is owed as long as its device has not acknowledged it and
 * no push has spoken for it. What is held here are intents to look there, one a device and bounded
 * in number. Losing one costs time and never a push, since the sweep finds it again.
 *
 * @module
 */
import {
  PUSH_NONCES_MAX,
  PUSH_ORDINARY_MS,
  PUSH_RETRY_MS_MAX,
  PUSHES_PER_SECOND_DEFAULT,
  PUSHES_WAITING_MAX,
} from "../../limits.ts";
import type { PushProvider } from "../../push/mod.ts";
import type { Devices, Outbox, OwedCause, Sleeper, Users } from "../../store/mod.ts";
import type { Clock, RandomBytes } from "../clock.ts";
import { waitAtMost } from "../deadlines.ts";
import type { Log } from "../log.ts";
import type { Tracer } from "../trace/mod.ts";
import { type Intent, intentKey, type ProviderName } from "./intent.ts";
import { Intents } from "./intents.ts";
import { Nonces } from "./nonces.ts";
import { OutboxSweep } from "./outbox_sweep.ts";
import { type Attempt, PushAttempts } from "./push_attempts.ts";
import type { PushContentPolicy } from "./push_content.ts";
import { createCounts, type PushFigures } from "./push_figures.ts";
import { type PushTrialOptions, PushTrials, type PushTrialStep } from "./push_trials.ts";

/** What a {@linkcode PushDispatcher} is made of. */
export interface PushDispatcherParts {
  /** What is owed. */
  readonly outbox: Outbox;
  /** Where devices are reached. */
  readonly devices: Pick<Devices, "get" | "change">;
  /** What senders are called. */
  readonly users: Pick<Users, "get">;
  /** Whether a device is connected. */
  readonly isHere: (user: string, device: string) => boolean;
  /**
   * By whose address of a device they stand for; one may stand for several. Devices of one that is
   * missing are left alone. They end with the dispatcher.
   */
  readonly providers: ReadonlyMap<ProviderName, PushProvider>;
  /** The time. */
  readonly clock: Clock;
  /** Makes nonces, and spreads what failed together. */
  readonly random: RandomBytes;
  /** Is told of services that fail, of refused pushes and of addresses that are dropped. */
  readonly log: Log;
  /** How much pushes tell. */
  readonly content: PushContentPolicy;
  /** Hears how long a service took to answer, in milliseconds. @default {nobody does} */
  readonly answered?: ((ms: number) => void) | undefined;
  /** Notes pushes with the messages that they speak for. */
  readonly tracer: Pick<Tracer, "pushSent">;
  /** Devices of one provider that may wait in memory. @default {PUSHES_WAITING_MAX} */
  readonly waitingMax?: number;
  /** Pushes a second to one provider. @default {PUSHES_PER_SECOND_DEFAULT} */
  readonly perSecond?: number;
  /**
   * How long the end waits for the outcomes of what was sent, and then for the providers to end, in
   * milliseconds. What is cut off is sent once more after the next start.
   */
  readonly endMs: number;
}

/** The first wait of a push that failed, in milliseconds, by chance less. */
const RETRY_MS_MIN = 1000;

/** Holds what is owed to sleeping devices, and sends it. */
export class PushDispatcher implements AsyncDisposable {
  readonly #parts: PushDispatcherParts;
  readonly #counts = createCounts();
  readonly #nonces: Nonces;
  readonly #intents: Intents;
  readonly #attempts: PushAttempts;
  readonly #trials: PushTrials;
  readonly #sweep: OutboxSweep;
  #storeFails = false;
  #end: Promise<void> | undefined;

  /** Starts; what was owed before is found after some seconds. */
  constructor(parts: PushDispatcherParts) {
    const { waitingMax = PUSHES_WAITING_MAX, perSecond = PUSHES_PER_SECOND_DEFAULT } = parts;
    this.#parts = parts;
    this.#nonces = new Nonces({ random: parts.random, max: PUSH_NONCES_MAX });
    const shared = { ...parts, waitingMax, perSecond, nonces: this.#nonces, counts: this.#counts };
    this.#intents = new Intents({
      ...shared,
      providers: parts.providers.keys(),
      attempt: (intent) => this.#attempt(intent),
    });
    this.#attempts = new PushAttempts({
      ...shared,
      circuitsOf: (provider) => this.#intents.circuitsOf(provider),
      ordinaryMs: PUSH_ORDINARY_MS,
      retryMs: { min: RETRY_MS_MIN, max: PUSH_RETRY_MS_MAX },
    });
    this.#trials = new PushTrials(shared);
    this.#sweep = new OutboxSweep({
      ...parts,
      found: ({ user, device, provider }) =>
        this.#intents.owe(user, device, { provider, cause: "found" }),
    });
  }

  /** What came of it so far. */
  get figures(): PushFigures {
    const { size, inFlight } = this.#intents;
    return { ...this.#counts, waiting: size - inFlight, inFlight };
  }

  /**
   * A device that is not connected may be owed a push: at once, or where it has only just left, if
   * it does not come back within seconds. Nothing is sent within this call.
   */
  owed({ user, device, provider }: Sleeper, cause: OwedCause): void {
    this.#intents.owe(user, device, { provider, cause });
  }

  /** A connected device leaves what it was sent unacknowledged: it is pushed nevertheless. */
  silent(user: string, device: string): void {
    this.#intents.owe(user, device, { provider: null, cause: "silent" });
  }

  /** A device connected: what waits for it is delivered, and no push is sent that was not yet. */
  cancel(user: string, device: string): void {
    this.#intents.cancel(user, device);
  }

  /** A device says that it saw a push. @returns whether it was sent one with that nonce lately */
  received(user: string, device: string, nonce: string): boolean {
    const isSeen = this.#nonces.take(intentKey(user, device), nonce);
    if (!isSeen) return false;
    this.#counts.seen++;
    this.#trials.answered(nonce);
    return true;
  }

  /**
   * Sends a device a push at once and tells how far it comes, until the device has answered with
   * `push.received` or has not in time. It is not tried again.
   */
  test(
    user: string,
    device: string,
    options?: PushTrialOptions,
  ): AsyncGenerator<PushTrialStep> {
    return this.#trials.run(user, device, options);
  }

  /**
   * Begins nothing more, waits some seconds for the outcomes of what was sent, and ends the
   * providers. What was not sent is still owed.
   */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#end ??= this.#close();
  }

  async #attempt(intent: Intent): Promise<Attempt> {
    try {
      const attempt = await this.#attempts.attempt(intent);
      this.#storeFails = false;
      return attempt;
    } catch (error) {
      // While the store fails every attempt does: one line tells it.
      if (!this.#storeFails && this.#end === undefined) this.#parts.log.error("push failed", error);
      this.#storeFails = true;
      return { sent: false, next: this.#attempts.backOff(intent) };
    }
  }

  async #close(): Promise<void> {
    const { clock, providers, endMs } = this.#parts;
    this.#sweep[Symbol.dispose]();
    this.#attempts.close();
    this.#intents[Symbol.dispose]();
    await waitAtMost(clock, endMs, this.#intents.idle);
    // One provider may stand for several.
    const ending = [...new Set(providers.values())].map((one) => one[Symbol.asyncDispose]());
    await waitAtMost(clock, endMs, Promise.all(ending).then(() => {}));
  }
}
