/**
 * A dispatcher on a store in memory, a clock moved by hand and push services that answer what a test
 * says.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Push, PushCheck, PushOutcome, PushProvider } from "../../push/mod.ts";
import type { Outcome, PushAddress } from "../../store/mod.ts";
import { MemoryStore } from "../../store/memory/memory_store.ts";
import { Seeded } from "../../tests/crash/seeded.ts";
import { FakeClock } from "../fake_clock.ts";
import { AMPLE, FakeLog, settled } from "../fake_world.ts";
import type { ProviderName } from "./intent.ts";
import { Tracer } from "../trace/mod.ts";
import { PushDispatcher, type PushDispatcherParts } from "./push_dispatcher.ts";

export const MINUTE_MS = 60_000;

/** A push that a fake service was given. */
export interface Given {
  readonly push: Push;
  /** When, in milliseconds of the monotonic clock. */
  readonly at: number;
}

/** A service that answers what a test says; without a word it takes everything. */
export class FakeProvider implements PushProvider {
  readonly name: ProviderName;
  readonly given: Given[] = [];
  /** How many were on the way at a time, at the most. */
  peak = 0;
  isDisposed = false;
  answer: (push: Push) => PushOutcome | Promise<PushOutcome> = () => ({ kind: "accepted" });
  readonly #clock: FakeClock;
  #onTheWay = 0;

  constructor(name: ProviderName, clock: FakeClock) {
    this.name = name;
    this.#clock = clock;
  }

  /** The pushes, in order. */
  get pushes(): readonly Push[] {
    return this.given.map(({ push }) => push);
  }

  async send(push: Push): Promise<PushOutcome> {
    this.given.push({ push, at: this.#clock.monotonic() });
    this.peak = Math.max(this.peak, ++this.#onTheWay);
    try {
      return await this.answer(push);
    } finally {
      this.#onTheWay--;
    }
  }

  check(): Promise<PushCheck> {
    return Promise.resolve({ kind: "unasked", reason: "There is no service" });
  }

  /** Answers the next pushes in this order, then takes everything. */
  script(...outcomes: readonly PushOutcome[]): void {
    const left = [...outcomes];
    this.answer = () => left.shift() ?? { kind: "accepted" };
  }

  /** Keeps every push until the answer is given. */
  hold(): (outcome: PushOutcome) => void {
    const held = Promise.withResolvers<PushOutcome>();
    this.answer = () => held.promise;
    return held.resolve;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.isDisposed = true;
    return Promise.resolve();
  }
}

/** What a message is, where it is not like any other. */
export interface MessageOptions {
  readonly from?: string;
  readonly text?: string;
  readonly urgent?: boolean;
  readonly ttlMs?: number;
}

/** What a test may choose. */
export type PushWorldOptions = Partial<PushDispatcherParts> & { readonly seed?: number };

/** Everything around a dispatcher. */
export class PushWorld implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly log = new FakeLog();
  readonly store = new MemoryStore({ limits: AMPLE, now: () => this.clock.now() });
  readonly fcm = new FakeProvider("fcm", this.clock);
  readonly apns = new FakeProvider("apns", this.clock);
  readonly web = new FakeProvider("web", this.clock);
  /** Devices that are connected, as `user/device`. */
  readonly here = new Set<string>();
  readonly tracer = new Tracer({ now: () => this.clock.now() });
  dispatcher: PushDispatcher;
  readonly #options: PushWorldOptions;
  readonly #random: Seeded;
  #messages = 0;

  constructor(options: PushWorldOptions = {}) {
    this.#options = options;
    this.#random = new Seeded(options.seed ?? 1);
    this.dispatcher = this.#createDispatcher();
    this.store.listen({
      committed() {},
      owed: (sleeper, cause) => this.dispatcher.owed(sleeper, cause),
    });
  }

  /** A user with one device that a push reaches. */
  async sleeper(
    user: string,
    provider: ProviderName = "apns",
    token = `token-of-${user}`,
  ): Promise<PushAddress> {
    await this.store.users.create({ id: user, registered: this.clock.now() });
    return await this.register(user, { provider, token });
  }

  /** The user's device registers another push address. */
  async register(
    user: string,
    { provider = "apns", token }: { provider?: ProviderName; token: string },
  ): Promise<PushAddress> {
    const push = { provider, token, registered: this.clock.now() };
    const seen = this.clock.now();
    const { kind } = await this.store.devices.change(
      user,
      "phone",
      10,
      (known) => ({ user, id: "phone", ...known, push, seen }),
    );
    assert.equal(kind, "changed");
    return push;
  }

  /** The address that the store has for the user's device. */
  async addressOf(user: string): Promise<PushAddress | undefined> {
    return (await this.store.devices.get(user, "phone"))?.push;
  }

  /** Commits a message. */
  async message(to: string, options: MessageOptions = {}): Promise<void> {
    const { from = "ann", text = "hello", urgent = true, ttlMs = 3600 * 1000 } = options;
    const id = `m${++this.#messages}`;
    const body = JSON.stringify({ id, from, to, time: "", message: text });
    const outcomes: readonly Outcome[] = await this.store.mailboxes.append([{
      id,
      kind: "message",
      sender: from,
      from,
      to,
      device: "laptop",
      time: this.clock.now(),
      expires: this.clock.now() + ttlMs,
      receipt: false,
      urgent,
      body,
      bytes: body.length,
    }]);
    assert.deepEqual(outcomes, [{ kind: "accepted" }]);
  }

  /** The user's device connects. */
  async connect(user: string): Promise<void> {
    this.here.add(`${user}/phone`);
    this.dispatcher.cancel(user, "phone");
    await this.store.mailboxes.attach(user, "phone", "oldest");
  }

  /** It reads everything. */
  read(user: string): void {
    this.store.mailboxes.acknowledge(user, "phone", Number.MAX_SAFE_INTEGER);
  }

  /** It goes. */
  leave(user: string): void {
    this.here.delete(`${user}/phone`);
    this.store.mailboxes.detach(user, "phone", 0);
  }

  /** Lets everything happen that needs no time. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 2; turn++) await settled();
  }

  /** Lets time pass, in steps in which everything happens that is due. */
  async pass(ms: number, stepMs = Math.max(100, ms / 20)): Promise<void> {
    await this.settle();
    for (let left = ms; left > 0; left -= stepMs) {
      this.clock.advance(Math.min(left, stepMs));
      await this.settle();
    }
  }

  /** Another process takes over, in which nothing is known but what is stored. */
  async restart(): Promise<void> {
    await this.dispatcher[Symbol.asyncDispose]();
    this.dispatcher = this.#createDispatcher();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = this.dispatcher[Symbol.asyncDispose]();
    // An end that waits for what never comes waits for the clock.
    await this.settle();
    this.clock.advance(MINUTE_MS);
    await ended;
    await this.store[Symbol.asyncDispose]();
  }

  #createDispatcher(): PushDispatcher {
    const { outbox, devices, users } = this.store;
    return new PushDispatcher({
      outbox,
      devices,
      users,
      isHere: (user, device) => this.here.has(`${user}/${device}`),
      providers: new Map([["fcm", this.fcm], ["apns", this.apns], ["web", this.web]]),
      clock: this.clock,
      random: (buffer) => {
        for (let at = 0; at < buffer.length; at++) buffer[at] = this.#random.whole(0, 255);
        return buffer;
      },
      log: this.log,
      content: "sender",
      endMs: 5000,
      tracer: this.tracer,
      ...this.#options,
    });
  }
}
