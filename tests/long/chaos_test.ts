/**
 * The chaos script, short: everything that it does to a server, once.
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { CHAOS_EVENTS } from "../chaos/chaos_events.ts";
import type { ChaosReport } from "../chaos/chaos_run.ts";
import { isRoot } from "../crash/small_disk.ts";
import { testSeed } from "../crash/seeded.ts";
import { fromJsonLine } from "../../bench/harness/report.ts";

const seed = testSeed();

/** Runs the script in a process of its own, which needs all permissions. */
async function chaos(...args: readonly string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "tests/chaos/chaos.ts", "--seed", String(seed), "--pairs", "20", ...args],
    cwd: fileURLToPath(new URL("../../", import.meta.url)),
    stdout: "piped",
    stderr: "piped",
  }).output();
  const decoder = new TextDecoder();
  return { code, said: decoder.decode(stdout), told: decoder.decode(stderr) };
}

Deno.test(`chaos - nothing that was accepted is lost, whatever happens, seed ${seed}`, async () => {
  const { code, said, told } = await chaos("--seconds", "2");
  console.info(told + said);
  assert.equal(code, 0);
  const { events, leftOut } = fromJsonLine<ChaosReport>(said.trim().split("\n").at(-1) ?? "");
  for (const line of leftOut) assert.match(line, /only root|libfaketime is not installed/);
  if (await isRoot()) assert.ok(!leftOut.some((line) => line.startsWith("disk")), `${leftOut}`);
  assert.equal(events.length + leftOut.length, CHAOS_EVENTS.length);
  for (const { event, figures, backup } of events) {
    const { accepted, firstAckMs, deliveredMs, refused } = figures;
    assert.ok(accepted > 0 && firstAckMs !== undefined && deliveredMs !== undefined, event);
    // Something was on its way when the server died: in the end also between commit and answer.
    const { resent, redelivered } = figures;
    if (event === "kill") assert.ok(resent > 0 && redelivered > 0, "the kill cost nobody anything");
    if (event === "disk") assert.ok(refused > 0, event);
    assert.equal(backup !== undefined, event === "backup");
    if (backup !== undefined) assert.ok(backup.due > 0 && backup.repeated > 0);
  }
});

Deno.test(`chaos - a server that answers before it has stored is found, seed ${seed}`, async () => {
  const fault = JSON.stringify({ acceptEarlyMs: 50 });
  const { code, told } = await chaos("--seconds", "2", "--only", "kill", "--fault", fault);
  assert.equal(code, 1, told);
  assert.match(told, new RegExp(`^error: seed ${seed}: Event "kill": .* of I1`, "m"));
});
