/**
 * The providers of a server on a thread of their own: what a push costs (TLS, HTTP/2, signatures,
 * parsing answers) is not taken from those who chat.
 *
 * @module
 */
import type { Push, PushCheck, PushOutcome, PushProvider } from "../../push/mod.ts";
import type { Clock } from "../clock.ts";
import { ConfigError } from "../config.ts";
import type { PushConfig } from "../push_config.ts";
import type { ProviderName } from "../push/mod.ts";
import {
  type Answer,
  type Call,
  type FromWorker,
  GATHER_MS,
  GATHERED_MAX,
  type Job,
  packConfig,
  type ToWorker,
} from "./messages.ts";

/** What is heard of a thread. */
export interface ThreadListener {
  /** It says something. */
  message(message: FromWorker): void;
  /** A fault ended it. */
  fault(): void;
}

/** A thread. */
export interface Thread {
  /** Sets who hears of it. */
  listen(listener: ThreadListener): void;
  /** Tells it something. */
  post(message: ToWorker): void;
  /** Ends it at once. */
  terminate(): void;
}

/** Options for {@linkcode PushWorker.open}. */
export interface PushWorkerOptions {
  /** What is configured. */
  readonly config: PushConfig;
  /** The time. */
  readonly clock: Clock;
  /** Starts the thread, `worker.ts`. */
  readonly spawn: () => Thread;
  /** Hears that a thread is gone which nobody ended, and why. */
  readonly lost?: (why: string) => void;
  /** Whom the providers trust beside the machine's certificates, in tests: PEM. */
  readonly ca?: string;
}

/**
 * How long the thread may take for an answer, in milliseconds, before it counts as stuck: a provider
 * answers within 10 s.
 */
const ANSWER_MS_MAX = 30_000;

/** How long the providers may take to close, in milliseconds. */
const END_MS_MAX = 2_000;

/** A call that was not answered yet. */
interface Pending {
  readonly resolve: (outcome: PushOutcome | PushCheck) => void;
  readonly since: number;
}

/** The thread that sends pushes. Disposing of it ends the thread. */
export class PushWorker implements AsyncDisposable {
  readonly #options: PushWorkerOptions;
  /** By number, so the oldest is the first. */
  readonly #pending = new Map<number, Pending>();
  #thread: Thread | null = null;
  #names: readonly ProviderName[] = [];
  #jobs: Job[] = [];
  #number = 0;
  #opening: PromiseWithResolvers<void> | null = null;
  #ending: PromiseWithResolvers<void> | null = null;
  #cancelWatch: (() => void) | null = null;
  #cancelFlush: (() => void) | null = null;

  private constructor(options: PushWorkerOptions) {
    this.#options = options;
  }

  /**
   * Starts the thread and opens the providers that are configured.
   *
   * @throws {ConfigError} credentials cannot be read, or are none; all mistakes at once
   * @throws {Error} the providers cannot be loaded
   */
  static async open(options: PushWorkerOptions): Promise<PushWorker> {
    const worker = new PushWorker(options);
    await worker.#start();
    return worker;
  }

  /** The providers that have credentials. They end with the thread. */
  get providers(): ReadonlyMap<ProviderName, PushProvider> {
    return new Map(this.#names.map((name) => [name, this.#provider(name)]));
  }

  /** Closes the providers, which answers what is on the way, and ends the thread. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ending !== null) return await this.#ending.promise;
    this.#ending = Promise.withResolvers();
    if (this.#thread === null) return this.#ending.resolve();
    const { clock } = this.#options;
    const cancel = clock.after(END_MS_MAX, () => this.#lose("it does not end"));
    this.#flush();
    this.#thread.post({ kind: "end" });
    await this.#ending.promise;
    cancel();
  }

  #provider(name: ProviderName): PushProvider {
    return {
      name,
      send: async (push: Push) => await this.#call(name, { call: "send", push }) as PushOutcome,
      check: async () => await this.#call(name, { call: "check" }) as PushCheck,
      [Symbol.asyncDispose]: () => this[Symbol.asyncDispose](),
    };
  }

  #start(): Promise<void> {
    const { config, spawn, ca } = this.#options;
    const thread = this.#thread = spawn();
    thread.listen({
      message: (message) => {
        if (this.#thread === thread) this.#take(message);
      },
      fault: () => {
        if (this.#thread === thread) this.#lose("it had a fault");
      },
    });
    this.#opening = Promise.withResolvers();
    thread.post({ kind: "open", config: packConfig(config), ca });
    return this.#opening.promise;
  }

  #call(name: ProviderName, call: Call): Promise<PushOutcome | PushCheck> {
    if (this.#ending !== null) return Promise.resolve(lost("it has ended"));
    // One that was lost is started anew by the next push; the pushes' own retries bound how often.
    if (this.#thread === null) this.#start().catch(() => this.#lose("it cannot be started"));
    const number = ++this.#number;
    const { promise, resolve } = Promise.withResolvers<PushOutcome | PushCheck>();
    this.#pending.set(number, { resolve, since: this.#options.clock.monotonic() });
    this.#watch();
    this.#jobs.push({ number, name, ...call });
    if (this.#jobs.length >= GATHERED_MAX) this.#flush();
    else this.#cancelFlush ??= this.#options.clock.after(GATHER_MS, () => this.#flush());
    return promise;
  }

  #flush(): void {
    this.#cancelFlush?.();
    this.#cancelFlush = null;
    const jobs = this.#jobs;
    this.#jobs = [];
    if (jobs.length > 0) this.#thread?.post({ kind: "work", jobs });
  }

  #take(message: FromWorker): void {
    switch (message.kind) {
      case "opened":
        this.#names = message.names;
        return this.#opening?.resolve();
      case "refused":
        return this.#fail(new ConfigError(message.problems));
      case "failed":
        return this.#fail(new Error(message.message));
      case "done":
        for (const answer of message.answers) this.#answered(answer);
        return;
      case "ended":
        return this.#lose("it has ended");
    }
  }

  #fail(error: Error): void {
    this.#opening?.reject(error);
    this.#lose("it cannot be started");
  }

  #answered({ number, outcome }: Answer): void {
    this.#pending.get(number)?.resolve(outcome);
    this.#pending.delete(number);
  }

  /** Looks now and then whether the oldest call is answered in time. */
  #watch(): void {
    const { clock } = this.#options;
    this.#cancelWatch ??= clock.after(ANSWER_MS_MAX / 2, () => {
      this.#cancelWatch = null;
      const [oldest] = this.#pending.values();
      if (oldest === undefined) return;
      if (clock.monotonic() - oldest.since >= ANSWER_MS_MAX) {
        return this.#lose("it does not answer");
      }
      this.#watch();
    });
  }

  /** The thread is over: whatever it was to send is to be tried again. */
  #lose(why: string): void {
    const wasOpen = this.#names.length > 0 && this.#ending === null;
    if (this.#thread !== null && wasOpen) this.#options.lost?.(why);
    this.#cancelWatch?.();
    this.#cancelWatch = null;
    this.#cancelFlush?.();
    this.#cancelFlush = null;
    this.#thread?.terminate();
    this.#thread = null;
    this.#jobs = [];
    this.#opening?.reject(new Error(`Cannot open the push services: ${why}`));
    this.#opening = null;
    for (const { resolve } of this.#pending.values()) resolve(lost(why));
    this.#pending.clear();
    this.#ending?.resolve();
  }
}

function lost(why: string): { readonly kind: "retry"; readonly reason: string } {
  return { kind: "retry", reason: `Push thread is gone: ${why}` };
}
