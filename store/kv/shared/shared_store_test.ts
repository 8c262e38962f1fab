import { join } from "node:path";
import { systemClock } from "../../../server/clock.ts";
import { testStore } from "../../store_contract.ts";
import { DenoDatabase } from "../deno_database.ts";
import { SharedStore } from "./shared_store.ts";

let opened = 0;

testStore("SharedStore", {
  durable: true,
  async open({ limits, now }, directory) {
    const database = await DenoDatabase.open(join(directory, "shared.kv"));
    const store = await SharedStore.open(database, {
      clock: { ...systemClock, now },
      random: (bytes) => crypto.getRandomValues(bytes),
      limits,
      epoch: `e${++opened}`,
      failed: () => {},
    });
    const dispose = store[Symbol.asyncDispose].bind(store);
    let closing: Promise<void> | undefined;
    const close = () => closing ??= dispose().finally(() => database.close());
    return Object.assign(store, { [Symbol.asyncDispose]: close });
  },
});
