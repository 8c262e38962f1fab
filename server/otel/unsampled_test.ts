import assert from "node:assert/strict";
import { type Context, trace } from "@opentelemetry/api";
import { assertParentIsHeeded, unsampled } from "./unsampled.ts";

/** A tracer whose spans are recorded as a sampler says of their parents. */
function tracerOf(isSampled: (parent: number | undefined) => boolean) {
  return {
    startSpan: (_name: string, _options?: unknown, context?: Context) => {
      const parent = context && trace.getSpanContext(context)?.traceFlags;
      return trace.wrapSpanContext({
        traceId: "",
        spanId: "",
        traceFlags: Number(isSampled(parent)),
      });
    },
  };
}

Deno.test("assertParentIsHeeded() takes a sampler that goes by the parent, and no other", () => {
  assertParentIsHeeded(tracerOf((parent) => parent !== 0));
  assert.throws(
    () => assertParentIsHeeded(tracerOf(() => true)),
    /OTEL_TRACES_SAMPLER must be parentbased_always_on, or /,
  );
});

Deno.test("unsampled() answers what the work does", () => {
  assert.equal(unsampled(() => 5), 5);
});
