/**
 * The chaos script as its users see it. What it finds is in `../long/chaos_test.ts`.
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { CHAOS_EVENTS } from "./chaos_events.ts";
import { runChaos } from "./chaos_run.ts";

async function chaos(...args: readonly string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "tests/chaos/chaos.ts", ...args],
    cwd: fileURLToPath(new URL("../../", import.meta.url)),
    stdout: "piped",
    stderr: "piped",
  }).output();
  const decoder = new TextDecoder();
  return { code, said: decoder.decode(stdout), told: decoder.decode(stderr) };
}

Deno.test("chaos --help names every event", async () => {
  const { code, said } = await chaos("--help");
  assert.equal(code, 0);
  for (const { name, about } of CHAOS_EVENTS) assert.match(said, new RegExp(`${name} +${about}`));
});

Deno.test("chaos --only refuses an event that there is not, and says which there are", async () => {
  const { code, told } = await chaos("--only", "kill,flood");
  assert.equal(code, 1);
  assert.match(told, /argument 'kill,flood' is invalid\. Give some of sigterm, kill, stop, disk/);
});

Deno.test("runChaos() says what it leaves out where libfaketime is not installed", async () => {
  const directory = await Deno.makeTempDir({ prefix: "titan-chaos-" });
  const told: string[] = [];
  const { events, leftOut } = await runChaos({
    ...{ seed: 1, seconds: 1, pairs: 1, window: 1, directory, faketime: undefined },
    events: CHAOS_EVENTS.filter(({ needs }) => needs === "faketime"),
    signal: new AbortController().signal,
    tell: (line) => told.push(line),
  });
  await Deno.remove(directory, { recursive: true });
  assert.deepEqual(events, []);
  assert.equal(leftOut.length, 2);
  for (const line of leftOut) assert.match(line, /^(forward|back): libfaketime is not installed/);
  assert.equal(told.length, 2);
});
