/**
 * The contract of outcomes: what a service answers, and what becomes of it.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { PushOutcome } from "../push.ts";
import type { Situation } from "./harness.ts";
import type { ProviderTest } from "./provider_world.ts";

/** Tests of what an answer of the service leads to. */
export const outcomesTests: readonly ProviderTest[] = [
  {
    name: "send() answers accepted where the service takes the push",
    needs: ["accepted"],
    async run(world) {
      const outcome = await world.outcomeOf({ kind: "accepted" });
      assert.equal(outcome.kind, "accepted");
      assert.equal(world.service.seen.length, 1);
    },
  },
  {
    // The time decides whether a token that was registered anew must be kept.
    name: "send() answers unregistered where the device is gone, and since when",
    needs: ["unregistered"],
    async run(world) {
      const since = world.clock.now() - 86_400_000;
      const outcome = await world.outcomeOf({ kind: "unregistered", since });
      const expected: PushOutcome = world.harness.tellsSince
        ? { kind: "unregistered", since }
        : { kind: "unregistered" };
      assert.deepEqual(outcome, expected);
    },
  },
  {
    // A proxy in between may answer anything: where the service would have said why, nothing is lost.
    name: "send() gives no push up at an answer that is not the service's",
    needs: ["gibberish"],
    async run(world) {
      const outcome = await world.outcomeOf({ kind: "gibberish" });
      assert.equal(outcome.kind, world.harness.explains ? "retry" : "rejected");
      assert.equal(world.service.seen.length, 1);
    },
  },
  ...(["bad_token", "wrong_topic", "too_large"] as const).map((
    kind,
  ): ProviderTest => ({
    // A token is never forgotten for these: they also come of a mistake in the configuration.
    name: `send() answers rejected, once and for all, at ${kind.replace("_", " ")}`,
    needs: [kind],
    async run(world) {
      const outcome = await world.outcomeOf({ kind });
      assert.equal(outcome.kind, "rejected");
      assert.equal(world.service.seen.length, 1);
    },
  })),
  {
    name: "send() answers retry after the seconds of Retry-After where pushes are too many",
    needs: [],
    async run(world) {
      const outcome = await world.outcomeOf({ kind: "rate_limited", retryAfter: "120" });
      assertRetry(outcome, 120_000);
    },
  },
  {
    name: "send() answers retry until the date of Retry-After where pushes are too many",
    needs: [],
    async run(world) {
      const retryAfter = new Date(world.clock.now() + 90_000).toUTCString();
      assertRetry(await world.outcomeOf({ kind: "rate_limited", retryAfter }), 90_000);
    },
  },
  {
    // What is no time says nothing; a time that is past says: now.
    name: "send() reads no time out of a Retry-After that has none",
    needs: [],
    async run(world) {
      assertRetry(await world.outcomeOf({ kind: "rate_limited" }));
      for (const retryAfter of ["soon", "-5", "1e3", "NaN"]) {
        assertRetry(await world.outcomeOf({ kind: "rate_limited", retryAfter }));
      }
      const past = new Date(world.clock.now() - 60_000).toUTCString();
      assertRetry(await world.outcomeOf({ kind: "rate_limited", retryAfter: past }), 0);
    },
  },
  ...([500, 503] as const).map((status): ProviderTest => ({
    name: `send() answers retry where the service has a fault of status ${status}`,
    needs: [],
    async run(world) {
      assertRetry(await world.outcomeOf({ kind: "server_error", status }));
      const late: Situation = { kind: "server_error", status, retryAfter: "30" };
      assertRetry(await world.outcomeOf(late), 30_000);
    },
  })),
  {
    name: "send() renews credentials that have expired and sends the push again",
    needs: ["expired_credentials"],
    async run(world) {
      const provider = await world.connect();
      await world.send(provider);
      // Within one second a signature over the same claims may well be the same.
      world.clock.advance(60_000);
      world.service.answer({ kind: "expired_credentials", until: "renewed" });
      assert.equal((await world.send(provider)).kind, "accepted");
      assert.equal(world.service.seen.length, 3);
      // What was renewed stays.
      assert.equal((await world.send(provider)).kind, "accepted");
      assert.equal(world.service.seen.length, 4);
    },
  },
  {
    // A clock that is wrong must not lead to signing without end.
    name: "send() does not renew credentials again where renewed ones do not help",
    needs: ["expired_credentials"],
    async run(world) {
      const outcome = await world.outcomeOf({ kind: "expired_credentials", until: "never" });
      assert.equal(outcome.kind, world.harness.refusal);
      assert.equal(world.service.seen.length, 2);
    },
  },
  {
    // No push is lost for it: whoever operates the deployment may mend it.
    name: "send() answers misconfigured or retry while credentials are refused, then accepted",
    needs: ["refused_credentials"],
    async run(world) {
      const provider = await world.connect();
      world.service.answer({ kind: "refused_credentials" });
      assert.equal((await world.send(provider)).kind, world.harness.refusal);
      world.service.answer({ kind: "accepted" });
      assert.equal((await world.send(provider)).kind, "accepted");
    },
  },
];

/** An outcome that says to try again after a time, or when one likes. */
export function assertRetry(outcome: PushOutcome, afterMs?: number): void {
  assert.equal(outcome.kind, "retry", JSON.stringify(outcome));
  assert.equal(outcome.kind === "retry" ? outcome.afterMs : NaN, afterMs);
}
