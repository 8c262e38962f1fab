/**
 * The contract of checks: whether the service takes the credentials, without a device that hears of
 * it. Where there is no service to ask, all answers are `unasked` and nothing is sent.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { PushCheck } from "../push.ts";
import type { Situation } from "./harness.ts";
import type { ProviderTest, ProviderWorld } from "./provider_world.ts";

/** Tests of what a check finds. */
export const checkTests: readonly ProviderTest[] = [
  {
    name: "check() answers accepted where only the device is wrong, and shows the same each time",
    needs: ["bad_token"],
    async run(world) {
      world.service.answer({ kind: "bad_token" });
      const provider = await world.connect();
      for (let checks = 0; checks < 2; checks++) {
        assert.equal((await world.check(provider)).kind, expected(world, "accepted"));
      }
      assert.equal(world.service.seen.length, world.harness.checks ? 2 : 0);
    },
  },
  {
    // Whoever holds a token of a device must never be woken by it.
    name: "check() is for no device that there is, and tells it nothing",
    needs: [],
    async run(world) {
      await world.check(await world.connect());
      for (const { token, content, urgent } of world.service.seen) {
        assert.ok(token !== world.service.target(0).token);
        assert.deepEqual([content, urgent], [{ badge: 0, fetch: false }, false]);
      }
    },
  },
  {
    name: "check() answers misconfigured where the credentials are refused, then accepted",
    needs: ["refused_credentials", "bad_token"],
    async run(world) {
      const provider = await world.connect();
      world.service.answer({ kind: "refused_credentials" });
      assert.equal((await world.check(provider)).kind, expected(world, "misconfigured"));
      world.service.answer({ kind: "bad_token" });
      assert.equal((await world.check(provider)).kind, expected(world, "accepted"));
    },
  },
  {
    name: "check() renews credentials that have expired",
    needs: ["expired_credentials"],
    async run(world) {
      const provider = await world.connect();
      await world.check(provider);
      // Within one second a signature over the same claims may well be the same.
      world.clock.advance(60_000);
      world.service.answer({ kind: "expired_credentials", until: "renewed" });
      assert.equal((await world.check(provider)).kind, expected(world, "accepted"));
    },
  },
  {
    name: "check() answers retry where the service has a fault or breaks off",
    needs: ["killed"],
    async run(world) {
      const situations: readonly Situation[] = [
        { kind: "server_error", status: 503 },
        { kind: "rate_limited" },
        { kind: "killed" },
      ];
      for (const situation of situations) {
        world.service.answer(situation);
        const { kind } = await world.check(await world.connect());
        assert.equal(kind, expected(world, "retry"), situation.kind);
      }
    },
  },
  {
    name: "check() answers retry where the service is not trusted",
    needs: [],
    async run(world) {
      const { kind } = await world.check(await world.connect(false));
      assert.equal(kind, expected(world, "retry"));
      assert.equal(world.service.seen.length, 0);
    },
  },
  {
    name: "check() answers retry once the provider is disposed",
    needs: [],
    async run(world) {
      const provider = await world.connect();
      await provider[Symbol.asyncDispose]();
      assert.equal((await world.check(provider)).kind, "retry");
    },
  },
];

/** What a check must answer, for a provider that has a service to ask. */
function expected({ harness }: ProviderWorld, kind: PushCheck["kind"]): PushCheck["kind"] {
  return harness.checks ? kind : "unasked";
}
