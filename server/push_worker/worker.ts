/**
 * The thread that sends pushes: it opens the providers and does what it is told, many calls at a
 * time. The server starts it with `new Worker()`.
 *
 * @module
 */
import { systemClock, systemRandom } from "../clock.ts";
import { ConfigError } from "../config.ts";
import { type Around, loadUnsampled } from "../otel_switch.ts";
import { openConfigured } from "../push_providers.ts";
import type { ProviderName } from "../push/mod.ts";
import { readTextFile } from "../text_file.ts";
import type { PushProvider } from "../../push/mod.ts";
import {
  type Answer,
  type FromWorker,
  GATHER_MS,
  GATHERED_MAX,
  type Job,
  type ToWorker,
  unpackConfig,
} from "./messages.ts";

/** What a thread has and the server has not, as far as it is used here. */
interface ThreadScope {
  onmessage: ((event: { readonly data: ToWorker }) => void) | null;
  postMessage(message: FromWorker): void;
  close(): void;
}

// The types of threads and of the server exclude each other in one program.
const scope = globalThis as unknown as ThreadScope;

/** Sends pushes for the server that started this thread. */
class PushThread {
  #providers: ReadonlyMap<ProviderName, PushProvider> = new Map();
  #answers: Answer[] = [];
  #cancelFlush: (() => void) | null = null;
  readonly #working = new Set<Promise<void>>();
  /** Around each call of a provider: in the URLs of pushes are secrets of devices. */
  #around: Around = (work) => work();
  /** Resolves once it is known which providers there are: a thread that is started anew has work at once. */
  #opening: Promise<void> = Promise.resolve();

  take(message: ToWorker): void {
    switch (message.kind) {
      case "open":
        this.#opening = this.#open(message);
        return;
      case "work":
        for (const job of message.jobs) this.#follow(this.#work(job));
        return;
      case "end":
        this.#end();
        return;
    }
  }

  async #open({ config, ca }: ToWorker & { readonly kind: "open" }): Promise<void> {
    try {
      this.#around = await loadUnsampled();
      this.#providers = await openConfigured(unpackConfig(config), {
        clock: systemClock,
        random: systemRandom,
        fetch: (url, options) => fetch(url, options),
        readFile: readTextFile,
        ...(ca === undefined ? {} : { ca }),
      });
      this.#say({ kind: "opened", names: [...this.#providers.keys()] });
    } catch (error) {
      if (error instanceof ConfigError) this.#say({ kind: "refused", problems: error.problems });
      else this.#say({ kind: "failed", message: String(error) });
    }
  }

  #follow(work: Promise<void>): void {
    this.#working.add(work);
    work.finally(() => this.#working.delete(work));
  }

  async #work(job: Job): Promise<void> {
    await this.#opening;
    const outcome = await this.#outcomeOf(job);
    this.#answers.push({ number: job.number, outcome });
    if (this.#answers.length >= GATHERED_MAX) this.#flush();
    else this.#cancelFlush ??= systemClock.after(GATHER_MS, () => this.#flush());
  }

  #flush(): void {
    this.#cancelFlush?.();
    this.#cancelFlush = null;
    const answers = this.#answers;
    this.#answers = [];
    if (answers.length > 0) this.#say({ kind: "done", answers });
  }

  async #outcomeOf(job: Job): Promise<Answer["outcome"]> {
    const provider = this.#providers.get(job.name);
    if (provider === undefined) return { kind: "retry", reason: "Push provider is not open" };
    try {
      return await this.#around(() =>
        job.call === "send" ? provider.send(job.push) : provider.check()
      );
    } catch {
      // Providers never reject; were one to, it would end the thread, and what all others have on
      // the way would go twice. What was thrown may hold the push.
      return { kind: "retry", reason: "Push provider had a fault" };
    }
  }

  async #end(): Promise<void> {
    await Promise.all([...this.#providers.values()].map((one) => one[Symbol.asyncDispose]()));
    // Who gets no answer is pushed once more.
    await Promise.all(this.#working);
    this.#flush();
    this.#say({ kind: "ended" });
    scope.close();
  }

  #say(message: FromWorker): void {
    scope.postMessage(message);
  }
}

const thread = new PushThread();
scope.onmessage = ({ data }) => thread.take(data);
