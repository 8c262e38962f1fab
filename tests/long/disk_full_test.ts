/**
 * The disk stays full for longer than Deno KV's sweep takes, which once ended the process.
 */
import { fillAndRecover } from "../crash/full_disk.ts";
import { testSeed } from "../crash/seeded.ts";
import { isRoot } from "../crash/small_disk.ts";

const seed = testSeed();
const ignore = !await isRoot();
const needs = ignore ? " (left out: only root may mount a small disk)" : "";

Deno.test({
  name: `disk full - the server lives past the sweeps of its database, seed ${seed}${needs}`,
  ignore,
  async fn() {
    const figures = await fillAndRecover({ seed, fullMs: 130_000 });
    console.info(JSON.stringify({ seed, ...figures }));
  },
});
