import assert from "node:assert/strict";
import { findingLine, ok, skipped, warn, wrong } from "./finding.ts";

Deno.test("findingLine() tells a finding on one line, with what to do", () => {
  const lines = [
    ok("clock", "Right"),
    warn("clock", "A bit off", "Set it"),
    wrong("clock", "Off\u001b[2J"),
    wrong("clock", "Off", "Set it"),
    skipped("clock", "Nobody answered"),
  ].map(findingLine);
  assert.deepEqual(lines, [
    "ok      clock: Right",
    "warning clock: A bit off. Set it",
    "WRONG   clock: Off\u241b[2J",
    "WRONG   clock: Off. Set it",
    "skipped clock: Nobody answered",
  ]);
});
