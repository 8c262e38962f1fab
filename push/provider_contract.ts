/**
 * The suite that every provider passes, each against a local service that speaks its documented
 * protocol over TLS. A provider's test file begins with one call:
 *
 * ```ts ignore
 * testProvider("ApnsProvider", {
 *   name: "apns",
 *   tellsSince: true,
 *   refusal: "misconfigured",
 *   explains: true,
 *   checks: true,
 *   inFlightMax: 500,
 *   skip: new Map(),
 *   open: (options) => LocalApns.open(options),
 * });
 * ```
 *
 * The suite knows the port and nothing else of a provider. Each test has a service and providers of
 * its own; of every reason that one of them gives it is checked that it holds no secret.
 *
 * @module
 */
import assert from "node:assert/strict";
import { checkTests } from "./contract/check_contract.ts";
import { connectionTests } from "./contract/connection_contract.ts";
import type { ProviderHarness } from "./contract/harness.ts";
import { outcomesTests } from "./contract/outcomes_contract.ts";
import { payloadTests } from "./contract/payload_contract.ts";
import { type ProviderTest, ProviderWorld } from "./contract/provider_world.ts";

export type {
  LocalService,
  ProviderHarness,
  SeenPush,
  ServiceOptions,
  Situation,
} from "./contract/harness.ts";

const TESTS: readonly ProviderTest[] = [
  ...outcomesTests,
  ...connectionTests,
  ...payloadTests,
  ...checkTests,
];

/**
 * Registers the tests of the contract for one provider.
 *
 * @param name what the tests call the provider
 * @param harness its local service, and what that does not know
 */
export function testProvider(name: string, harness: ProviderHarness): void {
  for (const test of TESTS) {
    const missing = test.needs.find((kind) => harness.skip.has(kind));
    const why = missing === undefined ? "" : ` (skipped: ${harness.skip.get(missing)})`;
    Deno.test({
      name: `${name}: ${test.name}${why}`,
      ignore: missing !== undefined,
      async fn() {
        await using world = await ProviderWorld.open(harness);
        await test.run(world);
      },
    });
  }

  Deno.test(`${name}: has the name of its harness, and skips only what the contract asks for`, async () => {
    await using world = await ProviderWorld.open(harness);
    assert.equal((await world.connect()).name, harness.name);
    const kinds = new Set<string>(TESTS.flatMap(({ needs }) => needs));
    assert.deepEqual([...harness.skip.keys()].filter((kind) => !kinds.has(kind)), []);
  });
}
