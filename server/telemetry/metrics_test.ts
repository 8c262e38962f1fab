import assert from "node:assert/strict";
import { METRICS } from "./metrics.ts";

// https://prometheus.io/docs/practices/naming/
Deno.test("METRICS have names as Prometheus wants them", () => {
  const names = METRICS.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length, "a name is there twice");
  for (const { name, type, label } of METRICS) {
    assert.match(name, /^titan(_[a-z]+)+$/);
    assert.equal(name.endsWith("_total"), type === "counter", name);
    if (label !== undefined) assert.match(label, /^[a-z]+$/);
  }
});
