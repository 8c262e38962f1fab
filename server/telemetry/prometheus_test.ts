import assert from "node:assert/strict";
import { createFakeSources } from "./fake_sources.ts";
import { METRICS } from "./metrics.ts";
import { Prometheus } from "./prometheus.ts";

Deno.test("Prometheus.read() tells every metric with its help and type", async () => {
  const { text, type } = await new Prometheus(createFakeSources()).read();
  assert.match(type, /^text\/plain; version=0\.0\.4/);
  for (const metric of METRICS) {
    assert.ok(text.includes(`# HELP ${metric.name} ${metric.meaning}\n`), metric.name);
    assert.ok(text.includes(`# TYPE ${metric.name} ${metric.type}\n`), metric.name);
  }
});

Deno.test("Prometheus.read() tells numbers, labels and buckets as they are now", async () => {
  const sources = createFakeSources();
  const prometheus = new Prometheus(sources);
  const { telemetry } = sources;
  telemetry.rpc.calls = 5;
  telemetry.rpc.refused("busy");
  telemetry.ended(4101);
  for (const ms of [0.4, 4, 4, 90_000]) telemetry.commitMs.observe(ms);
  const lines = (await prometheus.read()).text.split("\n");
  for (
    const line of [
      'titan_info{version="1.2.3"} 1',
      "titan_connections 7",
      "titan_requests_total 5",
      'titan_errors_total{error="busy"} 1',
      'titan_connections_closed_total{code="4101"} 1',
      'titan_push_outcomes_total{outcome="unregistered"} 26',
      'titan_commit_seconds_bucket{le="0.0005"} 1',
      'titan_commit_seconds_bucket{le="0.003"} 1',
      'titan_commit_seconds_bucket{le="0.005"} 3',
      'titan_commit_seconds_bucket{le="5"} 3',
      'titan_commit_seconds_bucket{le="+Inf"} 4',
      "titan_commit_seconds_sum 90.0084",
      "titan_commit_seconds_count 4",
    ]
  ) assert.ok(lines.includes(line), line);
  telemetry.rpc.calls = 6;
  assert.match((await prometheus.read()).text, /^titan_requests_total 6$/m);
});
