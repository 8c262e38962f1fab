import assert from "node:assert/strict";
import { isTracingOn } from "./otel_switch.ts";

Deno.test("isTracingOn() goes by what Deno has registered", () => {
  const api = Symbol.for("opentelemetry.js.api.1");
  assert.equal(isTracingOn({}), false);
  assert.equal(isTracingOn({ [api]: { metrics: {} } }), false);
  assert.equal(isTracingOn({ [api]: { trace: {} } }), true);
});
