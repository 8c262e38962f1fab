/**
 * The suite that every backend of the store passes. A backend's whole test file is one call:
 *
 * ```ts ignore
 * testStore("MemoryStore", {
 *   open: (options) => Promise.resolve(new MemoryStore(options)),
 *   durable: false,
 *   reason: "everything is in memory",
 * });
 * ```
 *
 * The suite knows the port and nothing else of a backend. Each test opens a store of its own, and
 * the comment above it says what it is about and why that matters.
 *
 * @module
 */
import { acknowledgeTests } from "./contract/acknowledge_contract.ts";
import { appendTests } from "./contract/append_contract.ts";
import { asideTests } from "./contract/aside_contract.ts";
import { atomicTests } from "./contract/atomic_contract.ts";
import { attachTests } from "./contract/attach_contract.ts";
import { cidTests } from "./contract/cid_contract.ts";
import { closingTests, reopeningTests } from "./contract/closing_contract.ts";
import { devicesTests } from "./contract/devices_contract.ts";
import { directoryTests } from "./contract/directory_contract.ts";
import { emailsTests } from "./contract/emails_contract.ts";
import type { StoreHarness } from "./contract/harness.ts";
import { modelTests } from "./contract/model_contract.ts";
import { namesTests } from "./contract/names_contract.ts";
import { outboxTests } from "./contract/outbox_contract.ts";
import { ownDevicesTests } from "./contract/own_devices_contract.ts";
import { probeTests } from "./contract/probe_contract.ts";
import { pushTests } from "./contract/push_contract.ts";
import { quotaTests } from "./contract/quota_contract.ts";
import { readTests } from "./contract/read_contract.ts";
import { revocationsTests } from "./contract/revocations_contract.ts";
import { sweepTests } from "./contract/sweep_contract.ts";
import { usersTests } from "./contract/users_contract.ts";
import { type ContractTest, type Settling, World } from "./contract/world.ts";

export type { StoreFactory, StoreHarness, StoreOptions } from "./contract/harness.ts";

/** Tests to which it must make no difference whether a backend's background work is done. */
const SETTLED_TESTS: readonly ContractTest[] = [
  ...appendTests,
  ...cidTests,
  ...atomicTests,
  ...quotaTests,
  ...ownDevicesTests,
  ...attachTests,
  ...readTests,
  ...acknowledgeTests,
  ...asideTests,
  ...sweepTests,
  ...outboxTests,
  ...reopeningTests,
  ...probeTests,
  ...usersTests,
  ...devicesTests,
  ...namesTests,
  ...modelTests,
];

/** Tests of what no background work touches. */
const OTHER_TESTS: readonly ContractTest[] = [
  ...emailsTests,
  ...pushTests,
  ...revocationsTests,
  ...directoryTests,
  ...closingTests,
];

/**
 * Registers the tests of the contract for one backend.
 *
 * @param name what the tests call the backend
 * @param harness how it is opened
 */
export function testStore(name: string, harness: StoreHarness): void {
  const register = (test: ContractTest, settling: Settling, variant: string) => {
    const skipped = test.reopens === true && !harness.durable
      ? ` (skipped: ${harness.reason})`
      : "";
    Deno.test({
      name: `${name}: ${test.name}${variant}${skipped}`,
      ignore: skipped !== "",
      async fn() {
        await using world = await World.open(harness, settling, test.limits);
        await test.run(world);
      },
    });
  };
  for (const test of SETTLED_TESTS) {
    register(test, "never", harness.settle ? ", as appended" : "");
    if (harness.settle) register(test, "asked", ", after settling");
  }
  for (const test of OTHER_TESTS) register(test, "never", "");
}
