import { join } from "node:path";
import { testStore } from "../store_contract.ts";
import { DenoDatabase } from "./deno_database.ts";
import { KvStore } from "./kv_store.ts";

testStore("KvStore", {
  durable: true,
  async open({ limits, now }, directory) {
    return await KvStore.open(await DenoDatabase.open(join(directory, "titan.kv")), {
      clock: { now, monotonic: () => 0, after: () => () => {} },
      limits,
      owner: { instance: "test" },
      lost: () => {},
      failed: () => {},
    });
  },
  async settle(store) {
    if (store instanceof KvStore) await store.mailboxes.settle();
  },
});
