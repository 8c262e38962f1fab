import assert from "node:assert/strict";
import { fromJsonLine, markdownTable, median, round, toJsonLine } from "./report.ts";

Deno.test("median() answers the middle of numbers in any order", () => {
  assert.equal(median([10, 9, 100]), 10);
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.equal(median([7]), 7);
  assert.ok(Number.isNaN(median([])));
});

Deno.test("round() keeps so many digits", () => {
  assert.equal(round(1.2345, 2), 1.23);
  assert.equal(round(1234.5), 1235);
});

Deno.test("fromJsonLine() reads what toJsonLine() writes in snake case", () => {
  const result = { msgsPerS: 5, server: { p50Ms: 0.5 }, loadBefore: [1, { isBusy: true }] };
  const line = toJsonLine(result);
  assert.equal(
    line,
    '{"msgs_per_s":5,"server":{"p50_ms":0.5},"load_before":[1,{"is_busy":true}]}',
  );
  assert.deepEqual(fromJsonLine(line), result);
});

Deno.test("markdownTable() makes columns as wide as their cells", () => {
  assert.equal(
    markdownTable(["a", "long"], [["wide", 1]]),
    ["| a    | long |", "| ---- | ---- |", "| wide | 1    |"].join("\n"),
  );
});
