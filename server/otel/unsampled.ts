/**
 * What Deno is not to tell of by itself. It makes a span of every request, with the whole URL: that
 * of a push to APNs or to a browser ends in what is the device's secret (I8).
 *
 * @module
 */
import {
  type Context,
  context,
  ROOT_CONTEXT,
  trace,
  TraceFlags,
  type Tracer,
} from "@opentelemetry/api";
import { ConfigError } from "../config.ts";

/** The parent of what nobody is told of: a span that was not sampled, and so are its children. */
const UNSAMPLED: Context = trace.setSpanContext(ROOT_CONTEXT, {
  traceId: "1".repeat(32),
  spanId: "1".repeat(16),
  traceFlags: TraceFlags.NONE,
});

/** Does work of which Deno exports no spans; see {@linkcode assertParentIsHeeded}. */
export function unsampled<T>(work: () => T): T {
  return context.with(UNSAMPLED, work);
}

/**
 * Makes sure that {@linkcode unsampled} is heeded: Deno's sampler is one that is not, unless it is
 * told otherwise.
 *
 * @throws {ConfigError} the sampler does not go by the parent.
 */
export function assertParentIsHeeded(tracer: Pick<Tracer, "startSpan">): void {
  const { traceFlags } = tracer.startSpan("unsampled", {}, UNSAMPLED).spanContext();
  if ((traceFlags & TraceFlags.SAMPLED) === 0) return;
  throw new ConfigError([
    "OTEL_TRACES_SAMPLER must be parentbased_always_on, or another that begins with parentbased_, " +
    "where pushes are sent: Deno would export the tokens of devices",
  ]);
}
