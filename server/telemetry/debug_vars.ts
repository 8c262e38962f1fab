/**
 * Metrics as one JSON object, in the manner of Go's `expvar`.
 *
 * @module
 */
import { METRICS, type MetricSources, type MetricValue } from "./metrics.ts";

/** All metrics now, by their names, and `memstats` as the runtime has them. */
export function debugVars(sources: MetricSources): Readonly<Record<string, unknown>> {
  const values = METRICS.map(({ name, read }) => [name, plain(read(sources))]);
  return { ...Object.fromEntries(values), memstats: Deno.memoryUsage() };
}

function plain(value: MetricValue): unknown {
  if (typeof value === "number") return value;
  if (!("histogram" in value)) return Object.fromEntries(value);
  const { histogram: { bounds, counts, count, sum }, factor } = value;
  const buckets = Array.from(counts, (held, index) => {
    const bound = bounds[index];
    return [bound === undefined ? "+Inf" : `${Number((bound * factor).toPrecision(6))}`, held];
  });
  return { count, sum: sum * factor, buckets: Object.fromEntries(buckets) };
}
