/**
 * A whole server in this process among local push services, with many devices that sleep. Its clock
 * is moved by hand, so that minutes are over in a moment and a pace is exact.
 *
 * @module
 */
import assert from "node:assert/strict";
import { PUSHES_IN_FLIGHT_MAX_APNS, SEND_MESSAGES_MAX } from "../../limits.ts";
import { FakeApns } from "../../push/apns/fake_apns.ts";
import { LocalFcm } from "../../push/fcm/contract/local_fcm.ts";
import { makeTestAccount } from "../../push/fcm/contract/test_account.ts";
import type { LocalService } from "../../push/provider_contract.ts";
import { systemRandom } from "../../server/clock.ts";
import { FakeClock } from "../../server/fake_clock.ts";
import type { TestClient } from "../harness/client.ts";
import { LocalServer } from "../harness/local_server.ts";
import { Changes } from "../harness/wait_for.ts";

/** Who sleeps: so many devices of one service. */
export interface Sleepers {
  readonly provider: "apns" | "fcm";
  readonly users: readonly string[];
}

/** Devices that are made at a time. */
const MAKING_MAX = 500;

/** How long anything may take in real time, in milliseconds. */
const PATIENCE_MS = 60_000;

/** The world of these tests. Disposing of it ends everything. */
export class Dormitory implements AsyncDisposable {
  readonly clock: FakeClock;
  readonly server: LocalServer;
  readonly apns: FakeApns;
  readonly fcm: LocalFcm;
  /** When APNs accepted each push, in milliseconds of the clock. */
  readonly acceptedAt: readonly number[];
  readonly #sender: TestClient;
  readonly #changes: Changes;
  readonly #stack: AsyncDisposableStack;

  private constructor(
    parts: Pick<Dormitory, "clock" | "server" | "apns" | "fcm" | "acceptedAt">,
    sender: TestClient,
    changes: Changes,
    stack: AsyncDisposableStack,
  ) {
    this.clock = parts.clock;
    this.server = parts.server;
    this.apns = parts.apns;
    this.fcm = parts.fcm;
    this.acceptedAt = parts.acceptedAt;
    this.#sender = sender;
    this.#changes = changes;
    this.#stack = stack;
  }

  /** Starts everything; nobody sleeps yet. */
  static async open(): Promise<Dormitory> {
    await using stack = new AsyncDisposableStack();
    const clock = new FakeClock();
    const changes = new Changes();
    const acceptedAt: number[] = [];
    let accepted = () => 0;
    const changed = () => {
      while (acceptedAt.length < accepted()) acceptedAt.push(clock.monotonic());
      changes.note();
    };
    const options = {
      clock,
      random: systemRandom,
      changed,
      inFlightMax: PUSHES_IN_FLIGHT_MAX_APNS,
    };
    const apns = stack.use(await FakeApns.open(options));
    accepted = () => apns.accepted.length;
    const fcm = stack.use(await LocalFcm.open(options, await makeTestAccount()));
    const server = stack.use(
      await LocalServer.start({
        store: "kv",
        clock,
        env: { TITAN_SEND_RATE: "0" },
        providers: new Map([
          ["apns", await apns.connect(true)],
          ["fcm", await fcm.connect(true)],
        ]),
      }),
    );
    const sender = await server.enter("sender");
    const parts = { clock, server, apns, fcm, acceptedAt };
    return new Dormitory(parts, sender, changes, stack.move());
  }

  /** Makes users whose device sleeps. */
  async lay(provider: Sleepers["provider"], count: number): Promise<Sleepers> {
    const service: LocalService = provider === "apns" ? this.apns : this.fcm;
    const users = Array.from({ length: count }, (_, index) => `${provider}-${index}`);
    for (let start = 0; start < count; start += MAKING_MAX) {
      await Promise.all(
        users.slice(start, start + MAKING_MAX).map((user, index) =>
          this.#lay(user, { provider, token: service.target(start + index).token })
        ),
      );
    }
    return { provider, users };
  }

  /** Sends everybody a message that wakes them. */
  async sendToAll({ users }: Sleepers, message = "wake up"): Promise<void> {
    for (let start = 0; start < users.length; start += SEND_MESSAGES_MAX) {
      const some = users.slice(start, start + SEND_MESSAGES_MAX);
      const { accepted } = await this.#sender.sendMessages(
        some.map((to) => ({ to, message, urgent: true })),
      );
      assert.equal(accepted.length, some.length);
    }
  }

  /** Waits for something while the clock stands still. What it is is looked at with each push. */
  async untilNow(isSo: () => boolean, what: string): Promise<void> {
    const state = () => JSON.stringify(this.server.server.pushes.figures);
    await this.#changes.until(() => isSo() || undefined, what, { ms: PATIENCE_MS, state });
  }

  /**
   * Waits for something and lets time pass, but not while a push is under way: nothing takes long
   * only because this machine is slow.
   *
   * @returns how long it took, in milliseconds of the clock
   */
  async until(
    isSo: () => boolean | Promise<boolean>,
    what: string,
    stepMs = 100,
  ): Promise<number> {
    const { clock, server: { server: { pushes } } } = this;
    const start = clock.monotonic();
    const deadline = performance.now() + PATIENCE_MS;
    while (!await isSo()) {
      if (performance.now() > deadline) {
        assert.fail(`Waited for ${what} in vain: ${JSON.stringify(pushes.figures)}`);
      }
      if (pushes.figures.inFlight === 0) clock.advance(stepMs);
      await new Promise((resolve) => setTimeout(resolve));
    }
    return clock.monotonic() - start;
  }

  /** Whom the outbox still names. */
  async listed(): Promise<number> {
    const { outbox } = this.server.store;
    let count = 0;
    for (let after: string | null = ""; after !== null;) {
      const page: Awaited<ReturnType<typeof outbox.list>> = await outbox.list(after, 1000);
      count += page.sleepers.length;
      after = page.next;
    }
    return count;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Pushes that wait would keep the end waiting, and nobody moves the clock.
    this.apns.answer({ kind: "accepted" });
    this.apns.release();
    await this.#stack[Symbol.asyncDispose]();
  }

  async #lay(
    user: string,
    { provider, token }: { readonly provider: Sleepers["provider"]; readonly token: string },
  ): Promise<void> {
    const { store } = this.server;
    const now = this.clock.now();
    await store.users.create({ id: user, registered: now });
    const push = { provider, token, registered: now };
    const device = { user, id: "phone", push, seen: now };
    const { kind } = await store.devices.change(user, "phone", 10, () => device);
    assert.equal(kind, "changed");
  }
}

/** The most of some moments that fall into one second. */
export function mostInOneSecond(moments: readonly number[]): number {
  let most = 0;
  let first = 0;
  for (const [index, moment] of moments.entries()) {
    while (moment - (moments[first] ?? 0) >= 1000) first++;
    most = Math.max(most, index - first + 1);
  }
  return most;
}
