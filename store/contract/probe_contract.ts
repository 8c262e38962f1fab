/**
 * The contract of asking whether the store can be written.
 *
 * @module
 */
import assert from "node:assert/strict";
import { assertEntries } from "./delivered.ts";
import type { ContractTest } from "./world.ts";

/** Tests of the probe. */
export const probeTests: readonly ContractTest[] = [
  {
    // It is asked once a second for years.
    name: "Store.probe() leaves nothing behind, between messages and after a restart",
    reopens: true,
    async run(world) {
      await world.users("bob");
      await world.store.probe();
      await world.sendMany(2);
      await Promise.all([world.store.probe(), world.sendMany(2), world.store.probe()]);
      await world.settle();
      await world.store.probe();
      await world.reopen();
      assertEntries(await world.read("bob", "phone"), world.entries("bob"));
      assert.equal((await world.waiting("bob")).messages, 4);
    },
  },
];
