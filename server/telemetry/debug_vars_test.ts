import assert from "node:assert/strict";
import { debugVars } from "./debug_vars.ts";
import { createFakeSources } from "./fake_sources.ts";
import { METRICS } from "./metrics.ts";

Deno.test("debugVars() has every metric by its name, as JSON can hold it", () => {
  const sources = createFakeSources();
  sources.telemetry.ended(4101);
  sources.telemetry.commitBytes.observe(300);
  const vars = JSON.parse(JSON.stringify(debugVars(sources)));
  assert.deepEqual(Object.keys(vars), [...METRICS.map(({ name }) => name), "memstats"]);
  assert.equal(vars.titan_users_connected, 4);
  assert.equal(vars.titan_connections_closed_total["4101"], 1);
  const { count, sum, buckets } = vars.titan_commit_bytes;
  assert.deepEqual([count, sum, buckets["1024"], buckets["+Inf"]], [1, 300, 1, 0]);
  assert.ok(vars.memstats.rss > 0);
});
