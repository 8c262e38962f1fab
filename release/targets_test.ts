import assert from "node:assert/strict";
import { readTargets, suffixOf, TARGETS } from "./targets.ts";
import { runDeno } from "./run_deno.ts";

Deno.test("TARGETS are those of deno compile", async () => {
  const { stderr } = await runDeno("compile", "--target", "none", "main.ts");
  const [, offered = ""] = /possible values: ([\w, -]+)/.exec(stderr) ?? [];
  assert.deepEqual(offered.split(", ").sort(), [...TARGETS].sort());
});

Deno.test("readTargets() takes a target, or all of them, and nothing else", () => {
  assert.deepEqual(readTargets("aarch64-apple-darwin"), ["aarch64-apple-darwin"]);
  assert.deepEqual(readTargets("all"), TARGETS);
  for (const text of ["", "linux", "ALL", "aarch64-apple"]) assert.equal(readTargets(text), null);
});

Deno.test("suffixOf() is .exe where Windows needs it", () => {
  assert.equal(suffixOf("x86_64-pc-windows-msvc"), ".exe");
  assert.equal(suffixOf("x86_64-unknown-linux-gnu"), "");
});
