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
    // What an operator sees of the store's work.
    name: "Store tells each commit with its entries before it tells what they are news for",
    async run(world) {
      await world.users("bob");
      await world.attach("bob", "phone");
      const told: string[] = [];
      world.store.listen({
        committed: ({ entries }) => void told.push(`news of ${entries.map(({ id }) => id)}`),
        wrote({ ms, bytes, entries }) {
          assert.ok(ms >= 0 && bytes >= 0);
          if (entries.length > 0) told.push(`commit of ${entries.map(({ id }) => id)}`);
        },
      });
      const draft = world.draft();
      const { id } = draft;
      await world.mailboxes.append([draft]);
      assert.deepEqual(told, [`commit of ${id}`, `news of ${id}`]);
      const { backlogBytes, mailboxes } = world.store.figures();
      assert.equal(backlogBytes, 0);
      assert.ok(mailboxes >= 1);
    },
  },
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
