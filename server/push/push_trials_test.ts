import assert from "node:assert/strict";
import { PushWorld } from "./fake_push_world.ts";
import type { PushTrialOptions, PushTrialStep } from "./push_trials.ts";

/** Runs a trial; `during` is called with its nonce once the push was sent. */
async function runTrial(
  world: PushWorld,
  user: string,
  { during, ...options }: PushTrialOptions & { during?: (nonce: string) => void } = {},
): Promise<readonly PushTrialStep[]> {
  const steps: PushTrialStep[] = [];
  const trial = Array.fromAsync(world.dispatcher.test(user, "phone", options), (step) => {
    steps.push(step);
  });
  await world.settle();
  const nonce = world.apns.pushes.at(-1)?.content.nonce;
  if (nonce !== undefined) during?.(nonce);
  await trial;
  return steps;
}

Deno.test("PushTrials sends a push at once, and tells when the device has answered", async () => {
  await using world = new PushWorld();
  const { registered } = await world.sleeper("bob");
  const steps = await runTrial(world, "bob", {
    during(nonce) {
      world.clock.advance(1500);
      assert.equal(world.dispatcher.received("bob", "phone", nonce), true);
    },
  });
  assert.deepEqual(steps, [
    { step: "device", ok: true },
    { step: "address", ok: true, provider: "apns", registered },
    { step: "provider", ok: true, name: "apns" },
    { step: "outcome", ok: true, outcome: { kind: "accepted" } },
    { step: "answer", ok: true, ms: 1500 },
  ]);
  const [push] = world.apns.pushes;
  assert.deepEqual([push?.urgent, push?.collapse, push?.content.badge], [true, "titan-trial", 0]);
  const { sent, accepted, seen } = world.dispatcher.figures;
  assert.deepEqual([sent, accepted, seen], [1, 1, 1]);
  assert.equal(world.clock.timers, 1, "of the sweep");
});

Deno.test("PushTrials says where a push stops", async () => {
  await using world = new PushWorld({ providers: new Map() });
  assert.deepEqual(await runTrial(world, "nobody"), [{ step: "device", ok: false }]);
  await world.sleeper("bob");
  assert.deepEqual((await runTrial(world, "bob")).at(-1), { step: "provider", ok: false });
  await world.store.devices.change("bob", "phone", 10, () => ({
    user: "bob",
    id: "phone",
    seen: 0,
  }));
  assert.deepEqual((await runTrial(world, "bob")).at(-1), { step: "address", ok: false });
});

Deno.test("PushTrials tells what the service says, and does not try again", async () => {
  await using world = new PushWorld();
  await world.sleeper("bob");
  const outcome = { kind: "misconfigured", reason: "InvalidProviderToken" } as const;
  world.apns.script(outcome);
  const steps = await runTrial(world, "bob");
  assert.deepEqual(steps.at(-1), { step: "outcome", ok: false, outcome });
  assert.equal(world.apns.given.length, 1);
  assert.equal(world.dispatcher.figures.misconfigured, 1);
});

Deno.test("PushTrials gives up after a minute, or when it is told to", async () => {
  await using world = new PushWorld();
  await world.sleeper("bob");
  const steps = await runTrial(world, "bob", { during: () => world.clock.advance(60_000) });
  assert.deepEqual(steps.at(-1), { step: "answer", ok: false, ms: 60_000 });
  const soon = await runTrial(world, "bob", { during: () => world.clock.advance(5000), ms: 5000 });
  assert.deepEqual(soon.at(-1), { step: "answer", ok: false, ms: 5000 });
  const stop = new AbortController();
  const others = await runTrial(world, "bob", { during: () => stop.abort(), signal: stop.signal });
  assert.deepEqual(others.at(-1), { step: "answer", ok: false, ms: 0 });
});
