import { testStore } from "../store_contract.ts";
import { MemoryStore } from "./memory_store.ts";

testStore("MemoryStore", {
  open: (options) => Promise.resolve(new MemoryStore(options)),
  durable: false,
  reason: "everything is in memory",
});
