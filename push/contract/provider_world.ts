/**
 * The world of one contract test of a provider: a local service, providers that talk to it, a clock
 * that only the test moves, and a watch over what the providers say.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Push, PushCheck, PushContent, PushOutcome, PushProvider } from "../push.ts";
import { FakeClock } from "./fake_clock.ts";
import type { LocalService, ProviderHarness, Situation } from "./harness.ts";

/** How long a test waits for what must happen, in milliseconds of real time. */
const PATIENCE_MS = 15_000;

/** Within which time a provider answers, in milliseconds (`PushProvider.send`). */
export const ANSWER_MS_MAX = 10_000;

/** How long a reason may be, in characters: it becomes part of a log line. */
const REASON_CHARS_MAX = 300;

/** The length of what gives a secret away, in characters. Of a shorter one it is the whole. */
const PART_CHARS_MAX = 16;

/** A word so short is found in any sentence. */
const PART_CHARS_MIN = 6;

/** What a reason of a provider must be like: a sentence of the house, in one line. */
const REASON = /^[A-Z"][^\n\r]*[^.\s]$/;

/** A device is told this if a test has no wishes of its own. */
const CONTENT: PushContent = {
  badge: 3,
  fetch: false,
  sender: "ann@x.test",
  text: 'Meet me at the \u{1F955} "well"',
};

/** One test of the contract. */
export interface ProviderTest {
  readonly name: string;
  /** The situations that it needs; it is skipped where the service does not know one. */
  readonly needs: readonly Situation["kind"][];
  run(world: ProviderWorld): Promise<void>;
}

/** A push without its target, in parts. */
export type PushParts = Partial<Omit<Push, "target">>;

/** What one test sees. */
export class ProviderWorld implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly harness: ProviderHarness;
  readonly #providers: PushProvider[] = [];
  #service: LocalService | undefined;
  #waiters: (() => void)[] = [];

  private constructor(harness: ProviderHarness) {
    this.harness = harness;
  }

  /** Opens a local service. */
  static async open(harness: ProviderHarness): Promise<ProviderWorld> {
    const world = new ProviderWorld(harness);
    world.#service = await harness.open({
      clock: world.clock,
      random: (buffer) => crypto.getRandomValues(buffer),
      changed: () => world.#changed(),
    });
    return world;
  }

  get service(): LocalService {
    assert.ok(this.#service !== undefined);
    return this.#service;
  }

  /** Makes a provider; it is disposed with the world. */
  async connect(trusted = true): Promise<PushProvider> {
    const provider = await this.service.connect(trusted);
    this.#providers.push(provider);
    return provider;
  }

  /** A push to one of many devices. */
  push(index: number, parts: PushParts = {}): Push {
    return {
      target: this.service.target(index),
      content: CONTENT,
      urgent: true,
      collapse: "AZaz09-_",
      expires: this.clock.now() + 3_600_000,
      ...parts,
    };
  }

  /** Sends one push and looks at what the provider says of it. */
  async send(
    provider: PushProvider,
    push: Push = this.push(0),
  ): Promise<PushOutcome> {
    const outcome = await this.inTime("an outcome", provider.send(push));
    const { target: { token, keys }, content: { sender, text, nonce } } = push;
    this.#inspect([withoutOrigin(token), keys?.auth, keys?.p256dh, sender, text, nonce], outcome);
    return outcome;
  }

  /** Sends one push while the service does as it is told, by a provider of its own. */
  async outcomeOf(situation: Situation, push?: Push): Promise<PushOutcome> {
    this.service.answer(situation);
    return await this.send(await this.connect(), push);
  }

  /** Waits until the service has seen so many pushes. */
  async untilSeen(count: number): Promise<void> {
    await this.until(`the service has seen ${count}`, () => this.service.seen.length >= count);
  }

  /** Waits until something is so. What it is must be reported to `changed`. */
  async until(what: string, isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiters.push(resolve);
      await this.inTime(what, promise);
    }
  }

  /** Waits for something that must come in real time. */
  async inTime<T>(what: string, promise: PromiseLike<T>): Promise<T> {
    const late = Promise.withResolvers<never>();
    const error = new Error(`Waited in vain for: ${what}`);
    const timer = setTimeout(() => late.reject(error), PATIENCE_MS);
    try {
      return await Promise.race([promise, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A test that failed may have left pushes that wait.
    this.service.release();
    const ends = this.#providers.map((provider) => provider[Symbol.asyncDispose]());
    this.clock.advance(ANSWER_MS_MAX);
    await this.inTime("the end of the providers", Promise.all(ends));
    await this.inTime("the end of the service", this.service[Symbol.asyncDispose]());
  }

  /** Lets a provider check its credentials and looks at what it says of them. */
  async check(provider: PushProvider): Promise<PushCheck> {
    const check = await this.inTime("a check", provider.check());
    this.#inspect([], check);
    return check;
  }

  #changed(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter();
  }

  /** Nothing of what an outcome says may give away what is secret (I8). */
  #inspect(hidden: readonly (string | undefined)[], outcome: PushOutcome | PushCheck): void {
    if (!("reason" in outcome)) return;
    const { reason } = outcome;
    assert.match(reason, REASON);
    assert.ok(reason.length <= REASON_CHARS_MAX, `reason of ${reason.length} characters`);
    const secrets = [...hidden, ...this.service.secrets];
    for (const secret of secrets) {
      const part = partsOf(secret ?? "").find((part) => reason.includes(part));
      assert.equal(part, undefined, `a secret is in the reason "${reason}"`);
    }
  }
}

/** What is secret of a token: whose push service it is may be told. */
function withoutOrigin(token: string): string {
  if (!token.startsWith("https:")) return token;
  const { pathname, search } = new URL(token);
  return `${pathname}${search}`;
}

/** What of a secret would give it away: all its stretches of some length. */
function partsOf(secret: string): readonly string[] {
  // The beginning and the end of a key in PEM are known to everybody.
  const text = secret.replaceAll(/-----[A-Z ]+-----/g, "");
  if (text.length < PART_CHARS_MIN) return [];
  const length = Math.min(text.length, PART_CHARS_MAX);
  const count = text.length - length + 1;
  return Array.from({ length: count }, (_, start) => text.slice(start, start + length));
}
