import assert from "node:assert/strict";
import { Line } from "./line.ts";

Deno.test("Line.take() answers in the order in which they came", () => {
  const line = new Line<string>();
  for (const one of ["a", "b", "c"]) line.add(one);
  assert.deepEqual([line.take(), line.take()], ["a", "b"]);
  line.add("a");
  assert.deepEqual([line.take(), line.take(), line.take()], ["c", "a", undefined]);
});

Deno.test("Line.take() goes on after the line was empty", () => {
  const line = new Line<string>();
  assert.equal(line.take(), undefined);
  line.add("a");
  assert.equal(line.take(), "a");
  assert.equal(line.take(), undefined);
  line.add("b");
  assert.equal(line.take(), "b");
});

Deno.test("Line.delete() takes out whoever waits, and says whether it did", () => {
  const line = new Line<string>();
  for (const one of ["a", "b", "c"]) line.add(one);
  assert.equal(line.delete("b"), true);
  assert.equal(line.delete("b"), false);
  assert.equal(line.size, 2);
  assert.deepEqual([line.take(), line.take(), line.take()], ["a", "c", undefined]);
});

Deno.test("Line.add() keeps the place of whoever waits already", () => {
  const line = new Line<string>();
  for (const one of ["a", "b", "a"]) line.add(one);
  assert.deepEqual([line.take(), line.take(), line.take()], ["a", "b", undefined]);
});
