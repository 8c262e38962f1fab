import assert from "node:assert/strict";
import { Gate } from "./gate.ts";

function createGate(max: number, serviceMax = max) {
  const called: string[] = [];
  return { gate: new Gate<string>({ max, serviceMax, called: (one) => called.push(one) }), called };
}

Deno.test("Gate.enter() lets in as many as may be inside, each once", () => {
  const { gate } = createGate(1);
  assert.deepEqual(["x", "x", "y"].map((one) => gate.enter(one, "a")), [true, true, false]);
});

Deno.test("Gate.leave() has the services take turns", () => {
  const { gate, called } = createGate(1);
  gate.enter("inside", "a");
  for (const one of ["a1", "a2", "a3"]) gate.enter(one, "a");
  gate.enter("b1", "b");
  gate.leave("a2", "a");
  gate.leave("inside", "a");
  gate.leave("a1", "a");
  gate.leave("b1", "b");
  gate.leave("a3", "a");
  assert.deepEqual(called, ["a1", "b1", "a3"]);
});

Deno.test("Gate leaves places for others, however many want to go to one service", () => {
  const { gate, called } = createGate(3, 2);
  assert.deepEqual(["a1", "a2", "a3"].map((one) => gate.enter(one, "a")), [true, true, false]);
  assert.deepEqual(["b1", "b2"].map((one) => gate.enter(one, "b")), [true, false]);
  gate.leave("b1", "b");
  gate.leave("a1", "a");
  assert.deepEqual(called, ["b2", "a3"]);
});

Deno.test("Gate.open() calls whoever waits for the service, and nobody else", () => {
  const { gate, called } = createGate(1);
  gate.enter("inside", "a");
  for (const [one, service] of [["x", "b"], ["y", "c"], ["z", "b"]] as const) {
    gate.enter(one, service);
  }
  gate.open("b");
  assert.deepEqual(called, ["x", "z"]);
});

Deno.test("Gate calls nobody once it is disposed of", () => {
  const { gate, called } = createGate(1);
  gate.enter("inside", "a");
  gate.enter("x", "a");
  gate[Symbol.dispose]();
  gate.leave("inside", "a");
  gate.open("a");
  assert.deepEqual(called, []);
});
