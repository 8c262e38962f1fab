import assert from "node:assert/strict";
import { strayVariables } from "./stray_variables.ts";

Deno.test("strayVariables() finds misspelt variables, and leaves those of commands alone", () => {
  const names = ["PATH", "TITAN_TOKEN", "TITAN_HOTS", "TITAN_HOST"];
  assert.deepEqual(strayVariables(names), [{ name: "TITAN_HOTS", nearest: "TITAN_HOST" }]);
});
