/**
 * Metrics as Prometheus reads them. The library is loaded when somebody first asks: it takes 20 MB.
 *
 * @module
 */
import type { Metric as LibraryMetric } from "prom-client";
import { type Metric, type MetricHistogram, METRICS, type MetricSources } from "./metrics.ts";

/** What one line of the library says. */
interface Sample {
  readonly metricName?: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

/** Metrics in Prometheus' text format. */
export class Prometheus {
  readonly #sources: MetricSources;

  /** Reads what others count. */
  constructor(sources: MetricSources) {
    this.#sources = sources;
  }

  /** All metrics now, and of what type the text is. */
  async read(): Promise<{ readonly text: string; readonly type: string }> {
    const { Registry } = await import("./prom_client.ts");
    const registry = new Registry();
    for (const metric of METRICS) {
      const { name, meaning: help, type } = metric;
      const get = () => Promise.resolve({ name, help, type, values: this.#samplesOf(metric) });
      // The library's own metrics count for themselves, by labels. Of them its registry needs only
      // these two members, and so no message has to pass through the library.
      registry.registerMetric({ name, get } as unknown as LibraryMetric);
    }
    return { text: await registry.metrics(), type: registry.contentType };
  }

  #samplesOf({ name, label = "", read }: Metric): readonly Sample[] {
    const value = read(this.#sources);
    if (typeof value === "number") return [{ labels: {}, value }];
    if ("histogram" in value) return bucketsOf(name, value);
    return Array.from(value, ([key, count]) => ({ labels: { [label]: key }, value: count }));
  }
}

/** Each bucket holds those below it, too. */
function bucketsOf(name: string, { histogram, factor }: MetricHistogram): readonly Sample[] {
  const { bounds, counts, sum } = histogram;
  let below = 0;
  const buckets = Array.from(counts, (count, index) => {
    const bound = bounds[index];
    const le = bound === undefined ? "+Inf" : Number((bound * factor).toPrecision(6));
    return { metricName: `${name}_bucket`, labels: { le }, value: below += count };
  });
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels: {}, value: sum * factor },
    { metricName: `${name}_count`, labels: {}, value: below },
  ];
}
