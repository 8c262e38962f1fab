/**
 * What OpenTelemetry is told. Loaded only where Deno has it switched on.
 *
 * @module
 */
export { unsampled } from "./unsampled.ts";
export { createOtelSpans } from "./otel_spans.ts";
