import assert from "node:assert/strict";
import type { Finding } from "./finding.ts";
import { TimeSamples } from "./time_samples.ts";

const NOW = Date.UTC(2026, 10, 23, 12);

/** What the samples say after one answer that came by a clock so many milliseconds behind. */
async function findingAt(
  behindMs: number,
  { tookMs = 100, age }: { tookMs?: number; age?: string } = {},
): Promise<Finding> {
  let clock = NOW - behindMs;
  const samples = new TimeSamples(() => clock);
  const fetch = samples.watching(() => {
    clock += tookMs;
    const old = Number(age ?? 0) * 1000;
    const date = new Date(NOW - old).toUTCString();
    return Promise.resolve(new Response("", { headers: { date, ...(age ? { age } : {}) } }));
  });
  await fetch("https://time.example/x", {});
  return samples.finding();
}

Deno.test("TimeSamples compares the clock with answers", async () => {
  assert.deepEqual(await findingAt(0), {
    mark: "ok",
    check: "clock",
    text: "It agrees with time.example",
  });
  const cases = [[3000, "ok"], [20_000, "warn"], [90_000, "wrong"], [-90_000, "wrong"]] as const;
  for (const [behindMs, mark] of cases) {
    assert.equal((await findingAt(behindMs)).mark, mark, `${behindMs}`);
  }
  assert.match((await findingAt(90_000)).text, /^It is (89|90) s behind time\.example$/);
  assert.match((await findingAt(-90_000)).text, /^It is (89|90) s ahead of time\.example$/);
});

Deno.test("TimeSamples counts with what a slow answer and a cache do to the time", async () => {
  assert.equal((await findingAt(15_000, { tookMs: 30_000 })).mark, "ok");
  assert.equal((await findingAt(0, { age: "3600" })).mark, "ok");
});

Deno.test("TimeSamples goes by the fastest of the answers", async () => {
  let clock = NOW;
  const samples = new TimeSamples(() => clock);
  for (const [ms, date] of [[9000, NOW - 300_000], [10, NOW]] as const) {
    const fetch = samples.watching(() => {
      clock = NOW + ms;
      const headers = { date: new Date(date).toUTCString() };
      return Promise.resolve(new Response("", { headers }));
    });
    await fetch("https://time.example/", {});
    clock = NOW;
  }
  assert.equal(samples.finding().mark, "ok");
});

Deno.test("TimeSamples makes up no result", async () => {
  const samples = new TimeSamples(() => NOW);
  assert.equal(samples.finding().mark, "skipped");
  for (const headers of [{}, { date: "noon" }]) {
    await samples.watching(() => Promise.resolve(new Response("", { headers })))(
      "https://x.y/",
      {},
    );
  }
  await assert.rejects(
    samples.watching(() => Promise.reject(new TypeError("offline")))("https://x.y/", {}),
  );
  assert.equal(samples.finding().mark, "skipped");
});
