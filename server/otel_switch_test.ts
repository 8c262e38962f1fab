import assert from "node:assert/strict";
import { isTracingOn, loadUnsampled } from "./otel_switch.ts";

Deno.test("isTracingOn() goes by what Deno has registered", () => {
  const api = Symbol.for("opentelemetry.js.api.1");
  assert.equal(isTracingOn({}), false);
  assert.equal(isTracingOn({ [api]: { metrics: {} } }), false);
  assert.equal(isTracingOn({ [api]: { trace: {} } }), true);
});

Deno.test("loadUnsampled() lets work be where nothing is traced", async () => {
  assert.equal(isTracingOn(), false);
  assert.equal((await loadUnsampled())(() => 5), 5);
});
