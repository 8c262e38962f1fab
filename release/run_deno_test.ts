import assert from "node:assert/strict";
import { reasonOf, runDeno } from "./run_deno.ts";

Deno.test("runDeno() answers whether Deno was content, and what it said", async () => {
  const good = await runDeno("eval", "console.log(1 + 1)");
  assert.deepEqual(good, { isDone: true, stdout: "2\n", stderr: "" });
  const bad = await runDeno("eval", "throw new Error('too bad')");
  assert.equal(bad.isDone, false);
  assert.match(bad.stderr, /too bad/);
});

Deno.test("reasonOf() finds the reason in what Deno says", () => {
  const caused = `Compile a.ts to a
error: Writing deno compile executable to temporary file 'a.tmp-1'

Caused by:
    0: Setting up base binary.
    1: error sending request for url (https://example.org/x.zip): dns error
    2: dns error

Stack backtrace:
   0: <unknown>
`;
  assert.equal(
    reasonOf(caused),
    "Setting up base binary.: error sending request for url (https://example.org/x.zip): dns error",
  );
  assert.equal(reasonOf("Check a.ts\nerror: Module not found\n  at a.ts\n"), "Module not found");
  assert.equal(reasonOf("killed\n"), "killed");
});
