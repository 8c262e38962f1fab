/**
 * What `deploy/` says of Titan's metrics is true: a name that is gone would show an empty panel, or
 * an alert that never comes.
 */
import assert from "node:assert/strict";
import { RPC_ERRORS } from "../rpc/mod.ts";
import { CLOSE } from "../server/close_code.ts";
import { type Metric, METRICS } from "../server/telemetry/mod.ts";
import { readText } from "./tidy_tree.ts";

const ALERTS = "deploy/prometheus_alerts.yaml";
const DASHBOARD = "deploy/grafana_dashboard.json";

/** The metric that a name in a query is of, and how it is meant there. */
function metricOf(name: string): Metric | undefined {
  const [, base = name] = /^(.+)_(?:bucket|sum|count)$/.exec(name) ?? [];
  const of = (name: string) => METRICS.find((metric) => metric.name === name);
  const histogram = of(base);
  return histogram?.type === "histogram" && base !== name ? histogram : of(name);
}

/** The queries of the dashboard. */
async function dashboardQueries(): Promise<readonly string[]> {
  const { panels } = JSON.parse(await readText(DASHBOARD)) as {
    panels: readonly { readonly targets?: readonly { readonly expr: string }[] }[];
  };
  return panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
}

/** The alerts, each as its text. */
async function alerts(): Promise<readonly string[]> {
  const [, ...texts] = (await readText(ALERTS)).split("- alert: ");
  return texts;
}

/** The query of an alert; it may go on over several lines. */
function queryOf(alert: string): string {
  const [, query = ""] = /expr: (?:>-)?([\s\S]*?)\n {8}(?:for|labels):/.exec(alert) ?? [];
  return query.trim();
}

async function queries(): Promise<readonly string[]> {
  return [...await dashboardQueries(), ...(await alerts()).map(queryOf)];
}

Deno.test("deploy/ asks only for metrics that there are, each as its type allows", async () => {
  const all = await queries();
  assert.ok(all.length > 40, `only ${all.length} queries`);
  for (const query of all) {
    assert.match(query, /titan/, "a query is empty");
    for (const [name] of query.matchAll(/titan_\w+/g)) {
      const metric = metricOf(name);
      assert.ok(metric !== undefined, `${name} is no metric: ${query}`);
      const isPart = metric.name !== name;
      assert.equal(isPart, metric.type === "histogram", `${name} in ${query}`);
      const isRated = new RegExp(`(rate|increase)\\(${name}\\W`).test(query);
      assert.equal(isRated, metric.type !== "gauge", `${name} in ${query}`);
    }
  }
});

Deno.test("deploy/ asks only for labels and values that there are", async () => {
  const values: Readonly<Record<string, readonly string[]>> = {
    error: Object.keys(RPC_ERRORS),
    code: ["0", ...Object.values(CLOSE).map(({ code }) => `${code}`)],
    reason: ["crowded", "draining", "overloaded"],
    outcome: ["accepted", "rejected", "misconfigured", "unregistered", "retried", "seen"],
  };
  for (const query of await queries()) {
    for (const [, name = "", selector = ""] of query.matchAll(/(titan_\w+)\{([^}]*)\}/g)) {
      for (const [, label = "", value = ""] of selector.matchAll(/(\w+)=~?"([^"]*)"/g)) {
        if (label === "instance") continue;
        assert.equal(metricOf(name)?.label, label, query);
        assert.ok(values[label]?.includes(value), `${label} is never "${value}": ${query}`);
      }
    }
    for (const [, labels = "", inner = ""] of query.matchAll(/sum by \(([^)]*)\) \((.*)\)/g)) {
      const [, name = ""] = /(titan_\w+)/.exec(inner) ?? [];
      for (const label of labels.split(", ")) {
        if (label !== "le" && label !== "instance") assert.equal(metricOf(name)?.label, label);
      }
    }
  }
});

Deno.test("deploy/ shows every metric but the version", async () => {
  const asked = new Set<string>();
  for (const query of await dashboardQueries()) {
    for (const [name] of query.matchAll(/titan_\w+/g)) asked.add(metricOf(name)?.name ?? "");
  }
  const unseen = METRICS.map(({ name }) => name).filter((name) => !asked.has(name));
  assert.deepEqual(unseen, UNSEEN);
});

/** Metrics that the dashboard leaves out. */
const UNSEEN = [
  "titan_info",
  "titan_replies_total",
  "titan_message_bytes_total",
  "titan_messages_sent_total",
  "titan_messages_set_aside_total",
];

Deno.test("every alert says whom it wakes, what is wrong, and where to read on", async () => {
  const headings = [...(await readText("docs/operating.md")).matchAll(/^##+ (.+)$/gm)]
    .map(([, title = ""]) => title.toLowerCase().replace(/[^\w -]/g, "").replaceAll(" ", "-"));
  const names = new Set<string>();
  for (const alert of await alerts()) {
    const [, name = ""] = /^(\w+)/.exec(alert) ?? [];
    assert.match(name, /^Titan[A-Z]\w+$/);
    assert.ok(!names.has(name), `${name} is there twice`);
    names.add(name);
    assert.match(alert, /labels: \{ severity: (page|ticket) \}/, name);
    assert.match(alert, /summary: ".+"/, name);
    const [, anchor = ""] = /runbook: docs\/operating\.md#(\S+)/.exec(alert) ?? [];
    assert.ok(headings.includes(anchor), `${name} names "#${anchor}"`);
  }
  assert.ok(names.size >= 10);
});
