import assert from "node:assert/strict";
import { systemRandom } from "./clock.ts";
import { createEpoch } from "./epoch.ts";

Deno.test("createEpoch() never answers the same name twice", () => {
  const epochs = Array.from({ length: 1000 }, () => createEpoch(systemRandom));
  assert.equal(new Set(epochs).size, 1000);
  for (const epoch of epochs) assert.match(epoch, /^[\w-]{16}$/);
});
