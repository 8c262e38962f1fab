/**
 * The world of the contract suite around a local APNs, for the tests that know which service it is.
 *
 * @module
 */
import assert from "node:assert/strict";
import { ProviderWorld } from "../contract/provider_world.ts";
import type { ProviderHarness } from "../provider_contract.ts";
import { FakeApns, type FakeApnsOptions } from "./fake_apns.ts";

/** Pushes that the tests have on the way at the most. */
export const IN_FLIGHT_MAX = 40;

/** What a test wants of its APNs. */
export type FakeApnsParts = Partial<Pick<FakeApnsOptions, "inFlightMax" | "streamsMax">>;

/** A world and its APNs. */
export interface FakeApnsWorld extends AsyncDisposable {
  readonly world: ProviderWorld;
  readonly apns: FakeApns;
}

/** What the contract suite needs. */
export function apnsHarness(parts: FakeApnsParts = {}): ProviderHarness {
  const inFlightMax = parts.inFlightMax ?? IN_FLIGHT_MAX;
  return {
    name: "apns",
    tellsSince: true,
    refusal: "misconfigured",
    explains: true,
    checks: true,
    inFlightMax,
    skip: new Map(),
    open: (options) => FakeApns.open({ ...options, ...parts, inFlightMax }),
  };
}

/** Opens a world. */
export async function openFakeApns(parts: FakeApnsParts = {}): Promise<FakeApnsWorld> {
  const world = await ProviderWorld.open(apnsHarness(parts));
  const { service: apns } = world;
  assert.ok(apns instanceof FakeApns);
  return { world, apns, [Symbol.asyncDispose]: () => world[Symbol.asyncDispose]() };
}
