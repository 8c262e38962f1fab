import assert from "node:assert/strict";
import config from "../deno.json" with { type: "json" };
import { ReleaseError } from "./release_error.ts";
import { taskOptions } from "./task_options.ts";

Deno.test("taskOptions() takes what the task start runs with, but for its paths", () => {
  const options = taskOptions(config.tasks.start.command);
  assert.ok(options.includes("--no-prompt"));
  assert.ok(options.includes("--ignore-env"));
  assert.ok(options.some((option) => option.startsWith("--allow-env=PORT,TITAN_*,")));
  assert.deepEqual(options.filter((option) => /read|write|run|ffi|all$|[$"]/.test(option)), []);
});

Deno.test("taskOptions() refuses an option that names something an executable does not have", () => {
  for (const option of ['--allow-read="$ELSEWHERE"', '--allow-run="$DENO"', "-A", "--x=$(id)"]) {
    const command = `deno run --no-prompt ${option} main.ts serve`;
    assert.throws(() => taskOptions(command), ReleaseError, option);
  }
  assert.throws(() => taskOptions("deno run other.ts"), ReleaseError);
});
