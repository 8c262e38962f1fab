/**
 * The contract of connections: what breaks on the way is a reason to try again, and the next push
 * finds its way.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { PushOutcome, PushProvider } from "../push.ts";
import { assertRetry } from "./outcomes_contract.ts";
import { ANSWER_MS_MAX, type ProviderTest, type ProviderWorld } from "./provider_world.ts";

/** Tests of what happens where no answer comes. */
export const connectionTests: readonly ProviderTest[] = [
  ...(["reset", "killed", "goaway", "truncated"] as const).map((kind): ProviderTest => ({
    name: `send() answers retry at a connection's end (${kind}), and the next push is taken`,
    needs: [kind],
    async run(world) {
      const provider = await world.connect();
      // Once on a new connection and once on one that has worked.
      for (const round of [1, 2]) {
        world.service.answer({ kind });
        assertRetry(await world.send(provider));
        world.service.answer({ kind: "accepted" });
        assert.equal((await world.send(provider)).kind, "accepted");
        // The service may have done what it did not answer; only after GOAWAY it tells what it left.
        if (kind !== "goaway") assert.equal(world.service.seen.length, 2 * round);
      }
    },
  })),
  {
    name: "send() answers retry within 10 seconds where the service keeps quiet",
    needs: ["hang"],
    async run(world) {
      const provider = await world.connect();
      // Once on a new connection and once on one that has worked.
      for (const round of [1, 2]) {
        world.service.answer({ kind: "hang" });
        const outcome = world.send(provider);
        await world.untilSeen(2 * round - 1);
        world.clock.advance(ANSWER_MS_MAX);
        assertRetry(await outcome);
        world.service.answer({ kind: "accepted" });
        assert.equal((await world.send(provider, world.push(1))).kind, "accepted");
        assert.equal(world.service.seen.length, 2 * round);
      }
    },
  },
  {
    // The time of a push runs while it waits for its turn.
    name: "send() answers retry within 10 seconds to those too that wait for their turn",
    needs: ["hang"],
    async run(world) {
      const { inFlightMax } = world.harness;
      const provider = await warm(world);
      world.service.answer({ kind: "hang" });
      const outcomes = sendMany(world, provider, inFlightMax + 10);
      await world.untilSeen(1 + inFlightMax);
      world.clock.advance(ANSWER_MS_MAX);
      for (const outcome of await outcomes) assertRetry(outcome);
      assert.equal(world.service.peak, inFlightMax);
    },
  },
  {
    name: "send() answers retry where nobody listens",
    needs: [],
    async run(world) {
      const provider = await world.connect();
      await world.service[Symbol.asyncDispose]();
      assertRetry(await world.send(provider));
    },
  },
  {
    // Whom it cannot trust it tells nothing.
    name: "send() says so where it cannot trust the service, and shows it nothing",
    needs: [],
    async run(world) {
      const provider = await world.connect(false);
      const outcome = await world.send(provider);
      assert.ok(outcome.kind === "retry" || outcome.kind === "misconfigured", outcome.kind);
      assert.match(outcome.reason, /certificate|TLS/i);
      assert.deepEqual(world.service.seen, []);
    },
  },
  {
    // Memory is bounded (I7), and no service is flooded.
    name: "send() has a bounded number of pushes on the way, and sends them all",
    needs: ["hang"],
    async run(world) {
      const { inFlightMax } = world.harness;
      const provider = await warm(world);
      world.service.answer({ kind: "hang" });
      const count = 3 * inFlightMax + 1;
      const outcomes = sendMany(world, provider, count);
      await world.untilSeen(1 + inFlightMax);
      world.service.answer({ kind: "accepted" });
      world.service.release();
      for (const outcome of await outcomes) assert.equal(outcome.kind, "accepted");
      assert.equal(world.service.peak, inFlightMax);
      const seen = world.service.seen.slice(1);
      const tokens = new Set(seen.map(({ token }) => token));
      assert.deepEqual([tokens.size, seen.length], [count, count]);
    },
  },
  {
    name: "send() tells many outcomes apart that come at once",
    needs: ["hang"],
    async run(world) {
      const provider = await warm(world);
      world.service.answer({ kind: "hang" });
      const held = sendMany(world, provider, 2);
      await world.untilSeen(3);
      world.service.answer({ kind: "server_error", status: 500 });
      assertRetry(await world.send(provider, world.push(2)));
      world.service.answer({ kind: "accepted" });
      world.service.release();
      for (const outcome of await held) assert.equal(outcome.kind, "accepted");
    },
  },
  {
    name: "dispose() answers what is on the way, ends all connections and leaves no timer",
    needs: ["hang"],
    async run(world) {
      const provider = await warm(world);
      world.service.answer({ kind: "hang" });
      const outcomes = sendMany(world, provider, world.harness.inFlightMax + 2);
      await world.untilSeen(2);
      const disposals = [provider[Symbol.asyncDispose](), provider[Symbol.asyncDispose]()];
      await world.inTime("the end of the provider", Promise.all(disposals));
      for (const outcome of await outcomes) assertRetry(outcome);
      await world.until("no connection is left", () => world.service.connections === 0);
      assert.equal(world.clock.timers, 0);
      const seen = world.service.seen.length;
      assertRetry(await world.send(provider));
      assert.equal(world.service.seen.length, seen);
    },
  },
  {
    name: "dispose() ends a provider that was never used, and one that is just connecting",
    needs: [],
    async run(world) {
      const idle = await world.connect();
      await world.inTime("the end of the provider", idle[Symbol.asyncDispose]());
      const provider = await world.connect();
      const outcome = world.send(provider);
      await world.inTime("the end of the provider", provider[Symbol.asyncDispose]());
      const { kind } = await outcome;
      assert.ok(kind === "retry" || kind === "accepted", kind);
      await world.until("no connection is left", () => world.service.connections === 0);
    },
  },
];

/**
 * Makes a provider and sends a first push, which the service accepts: with its connection still to
 * be proven, a provider may send one after the other.
 */
async function warm(world: ProviderWorld): Promise<PushProvider> {
  const provider = await world.connect();
  assert.equal((await world.send(provider)).kind, "accepted");
  return provider;
}

/** Sends a push to each of so many devices at once. */
function sendMany(
  world: ProviderWorld,
  provider: PushProvider,
  count: number,
): Promise<PushOutcome[]> {
  const pushes = Array.from({ length: count }, (_, index) => world.push(index));
  const outcomes = Promise.all(pushes.map((push) => world.send(provider, push)));
  // A test that fails before it looks at them fails for its own reason.
  outcomes.catch(() => {});
  return outcomes;
}
