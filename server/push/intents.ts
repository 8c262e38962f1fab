/**
 * The intents to wake devices, each where it is.
 *
 * @module
 */
import type { Clock, RandomBytes } from "../clock.ts";
import type { Branch } from "./branch.ts";
import type { Circuits } from "./circuits.ts";
import { createBranches } from "./create_branches.ts";
import { DueQueue } from "./due_queue.ts";
import { type Cause, Intent, intentKey, type ProviderName } from "./intent.ts";
import type { Next } from "./outcomes.ts";
import type { Attempt } from "./push_attempts.ts";
import type { PushCounts } from "./push_figures.ts";

/** What {@linkcode Intents} are made of. */
export interface IntentsParts {
  /** Devices of others are left alone. */
  readonly providers: Iterable<ProviderName>;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly counts: PushCounts;
  /** Devices of one provider that may wait. */
  readonly waitingMax: number;
  /** Pushes a second to one provider. */
  readonly perSecond: number;
  /** Tries to wake the device. Never rejects. */
  readonly attempt: (intent: Intent) => Promise<Attempt>;
}

/** How long a device that has left may take to come back without being pushed, in milliseconds. */
const LEFT_MS = 5000;

/**
 * How soon after a look a new message has a device that waits with ordinary ones looked at again,
 * in milliseconds: many messages to one device cost a look a second.
 */
const LOOK_MS = 1000;

/** One intent for each device that is to be woken, however much waits for it. */
export class Intents implements Disposable {
  readonly #parts: IntentsParts;
  readonly #intents = new Map<string, Intent>();
  /** Null: the provider is to be found first. */
  readonly #branches: ReadonlyMap<ProviderName | null, Branch>;
  readonly #later: DueQueue<Intent>;
  #isClosed = false;

  /** Starts with none. */
  constructor(parts: IntentsParts) {
    this.#parts = parts;
    this.#branches = createBranches({ ...parts, work: (intent) => this.#work(intent) });
    this.#later = new DueQueue(parts.clock, (intent) => this.#ripe(intent));
  }

  /** How many there are, those under way included. */
  get size(): number {
    return this.#intents.size;
  }

  /** How many are under way. */
  get inFlight(): number {
    let inFlight = 0;
    for (const { lane } of this.#branches.values()) inFlight += lane.inFlight;
    return inFlight;
  }

  /** Resolves when none is under way. */
  get idle(): Promise<void> {
    const idle = [...this.#branches.values()].map(({ lane }) => lane.idle);
    return Promise.all(idle).then(() => {});
  }

  /** The services of a provider that there is. */
  circuitsOf(provider: ProviderName): Circuits<Intent> {
    return this.#branch(provider).circuits;
  }

  /** A device connected: a push that was not sent yet is not sent. */
  cancel(user: string, device: string): void {
    const intent = this.#intents.get(intentKey(user, device));
    if (intent === undefined) return;
    if (!intent.isCancelled) this.#parts.counts.cancelled++;
    intent.isCancelled = true;
    intent.again = null;
    if (intent.state !== "underWay") this.#drop(intent);
  }

  /** Begins no more. What is under way goes on. */
  [Symbol.dispose](): void {
    this.#isClosed = true;
    this.#later[Symbol.dispose]();
    for (const branch of this.#branches.values()) branch[Symbol.dispose]();
  }

  /**
   * A device may be owed a push: at once, or where it has only just left, if it does not come back
   * within seconds. Nothing is sent within this call.
   *
   * @param debt the provider that reaches the device, null where it is not known; and why
   * @returns whether there was room, if room was needed
   */
  owe(
    user: string,
    device: string,
    { provider, cause }: { readonly provider: ProviderName | null; readonly cause: Cause },
  ): boolean {
    if (this.#isClosed) return true;
    const known = this.#intents.get(intentKey(user, device));
    if (known !== undefined) {
      if (cause !== "address" || known.state === "underWay") {
        this.#remind(known, cause);
        return true;
      }
      // Whatever it waits for has to do with the address of before.
      this.#drop(known);
    }
    const branch = this.#branches.get(provider);
    if (branch === undefined) return true;
    if (branch.size >= this.#parts.waitingMax) {
      this.#parts.counts.overflowed++;
      return false;
    }
    const intent = new Intent(user, device, provider);
    this.#intents.set(intent.key, intent);
    branch.size++;
    this.#begin(intent, cause);
    return true;
  }

  #begin(intent: Intent, cause: Cause): void {
    if (cause !== "found") this.#parts.counts.owed++;
    intent.failures = 0;
    intent.isCancelled = false;
    intent.hasLeft = cause === "left";
    intent.isSilent = cause === "silent";
    if (cause === "left") this.#wait(intent, LEFT_MS, "left");
    else this.#branch(intent.provider).line(intent);
  }

  #remind(intent: Intent, cause: Cause): void {
    // What waits already needs no reminder.
    if (cause === "found") return;
    if (intent.state === "underWay") {
      if (intent.again === "address") return;
      if (intent.again === null || cause !== "left") intent.again = cause;
      return;
    }
    if (cause === "left") intent.hasLeft = true;
    if (cause === "silent") intent.isSilent = true;
    if (cause !== "left") this.#bringForward(intent);
  }

  /** What waits because of a failure is left to wait, as the service may have asked for the time. */
  #bringForward(intent: Intent): void {
    if (intent.state !== "later" || intent.hold === "failure" || intent.hold === "pause") {
      return;
    }
    const ms = intent.lookedAt + LOOK_MS - this.#parts.clock.monotonic();
    const { hold } = intent;
    this.#unwait(intent);
    if (ms > 0) this.#wait(intent, ms, hold);
    else this.#branch(intent.provider).line(intent);
  }

  async #work(intent: Intent): Promise<boolean> {
    intent.state = "underWay";
    intent.lookedAt = this.#parts.clock.monotonic();
    const { sent, next } = await this.#parts.attempt(intent);
    this.#settle(intent, next);
    return sent;
  }

  #settle(intent: Intent, next: Next): void {
    const { again, isCancelled } = intent;
    const branch = this.#branch(intent.provider);
    if (next.kind !== "parked") branch.release(intent);
    if (this.#isClosed || again === null && (isCancelled || next.kind === "done")) {
      return this.#drop(intent);
    }
    intent.again = null;
    intent.isCancelled = false;
    if (again === "address") return this.#anew(intent);
    if (again !== null && (isCancelled || next.kind === "done")) return this.#begin(intent, again);
    this.#goOn(intent, next);
    if (again === null) return;
    // Where there was no room for it to wait it is gone, and what came meanwhile makes another.
    const { user, device, provider } = intent;
    this.owe(user, device, { provider, cause: again });
  }

  /** It has another address by now, perhaps of another provider. */
  #anew(intent: Intent): void {
    this.#drop(intent);
    this.owe(intent.user, intent.device, { provider: null, cause: "address" });
  }

  #goOn(intent: Intent, next: Next): void {
    const branch = this.#branch(intent.provider);
    switch (next.kind) {
      case "later":
        return this.#wait(intent, next.ms, next.hold);
      case "parked":
        return branch.park(intent);
      case "elsewhere":
        return this.#move(intent, next.provider);
      default:
        return branch.line(intent);
    }
  }

  #move(intent: Intent, provider: ProviderName): void {
    const target = this.#branches.get(provider);
    if (target === undefined) return this.#drop(intent);
    this.#branch(intent.provider).size--;
    target.size++;
    intent.provider = provider;
    intent.service = provider === "web" ? null : provider;
    target.line(intent);
  }

  #wait(intent: Intent, ms: number, hold: Intent["hold"]): void {
    const branch = this.#branch(intent.provider);
    intent.state = "later";
    intent.hold = hold;
    if (hold === "ordinary") branch.ordinary++;
    this.#later.add(intent, ms);
    // They wait for long, and must leave room for what is urgent. The sweep finds them again.
    if (branch.ordinary > this.#parts.waitingMax / 2) this.#drop(intent);
  }

  #unwait(intent: Intent): void {
    if (!this.#later.delete(intent)) return;
    if (intent.hold === "ordinary") this.#branch(intent.provider).ordinary--;
  }

  #ripe(intent: Intent): void {
    const branch = this.#branch(intent.provider);
    if (intent.hold === "ordinary") branch.ordinary--;
    branch.line(intent);
  }

  #drop(intent: Intent): void {
    const branch = this.#branch(intent.provider);
    this.#unwait(intent);
    branch.release(intent);
    branch.size--;
    this.#intents.delete(intent.key);
  }

  #branch(provider: ProviderName | null): Branch {
    const branch = this.#branches.get(provider);
    if (branch === undefined) throw new TypeError(`Cannot push: there is no "${provider}"`);
    return branch;
  }
}
