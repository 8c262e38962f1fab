import assert from "node:assert/strict";
import type { RandomBytes } from "../clock.ts";
import { FakeClock } from "../fake_clock.ts";
import { Circuit, CIRCUIT_FAILURES_MAX } from "./circuit.ts";

const FAILURE = { forAll: false };

/** Waits are as long as they get. */
const longest: RandomBytes = (buffer) => buffer.fill(255);

function createCircuit(insideMax = 3, random = longest) {
  const clock = new FakeClock();
  const called: string[] = [];
  const circuit = new Circuit<string>({
    insideMax,
    clock,
    random,
    called: (one) => called.push(one),
  });
  return { circuit, clock, called };
}

/** One goes in, fails, and leaves. */
function fail(circuit: Circuit<string>, one = "x", failure = FAILURE): boolean {
  assert.ok(circuit.enter(one));
  const opened = circuit.failed(one, failure);
  circuit.leave(one);
  return opened;
}

function openIt(circuit: Circuit<string>): void {
  for (let n = 1; n < CIRCUIT_FAILURES_MAX; n++) assert.equal(fail(circuit), false);
  assert.equal(fail(circuit), true);
}

Deno.test("Circuit lets in as many as may be inside, and calls the others one for each that leaves", () => {
  const { circuit, called } = createCircuit();
  assert.deepEqual(["a", "b", "c", "d", "e"].map((one) => circuit.enter(one)), [
    true,
    true,
    true,
    false,
    false,
  ]);
  circuit.leave("b");
  assert.deepEqual(called, ["d"]);
  assert.equal(circuit.enter("f"), false, "a place is kept for d");
  assert.equal(circuit.enter("d"), true);
  circuit.leave("a");
  assert.deepEqual(called, ["d", "e"]);
});

Deno.test("Circuit calls the next where one that was called leaves", () => {
  const { circuit, called } = createCircuit(1);
  for (const one of ["a", "b", "c"]) circuit.enter(one);
  circuit.leave("a");
  circuit.leave("b");
  assert.deepEqual(called, ["b", "c"]);
});

Deno.test("Circuit opens after failures in a row, not before", () => {
  const { circuit } = createCircuit();
  for (let n = 1; n < CIRCUIT_FAILURES_MAX; n++) fail(circuit);
  circuit.enter("y");
  assert.equal(circuit.succeeded(), false);
  circuit.leave("y");
  openIt(circuit);
  assert.equal(circuit.isOpen, true);
  assert.equal(circuit.enter("z"), false);
});

Deno.test("Circuit opens at once where the failure is one for all", () => {
  const { circuit } = createCircuit();
  assert.equal(fail(circuit, "x", { forAll: true }), true);
  assert.equal(circuit.isOpen, true);
});

Deno.test("Circuit lets one in after a second, and closes when that one succeeds", () => {
  const { circuit, clock, called } = createCircuit();
  openIt(circuit);
  for (const one of ["a", "b", "c", "d", "e"]) assert.equal(circuit.enter(one), false);
  clock.advance(999);
  assert.deepEqual(called, []);
  clock.advance(1);
  assert.deepEqual(called, ["a"]);
  assert.equal(circuit.enter("a"), true);
  assert.equal(circuit.enter("f"), false);
  assert.equal(circuit.succeeded(), true);
  assert.deepEqual(called, ["a", "b", "c"], "as many as may be inside");
  circuit.leave("a");
  assert.deepEqual(called, ["a", "b", "c", "d"]);
});

Deno.test("Circuit waits twice as long after each failure of the one, up to 15 s", () => {
  const { circuit, clock, called } = createCircuit();
  openIt(circuit);
  const waits: number[] = [];
  for (let n = 0; n < 8; n++) {
    circuit.enter(`${n}`);
    const before = clock.monotonic();
    while (called.at(-1) !== `${n}`) clock.advance(500);
    waits.push((clock.monotonic() - before) / 1000);
    assert.equal(circuit.failed(`${n}`, FAILURE), false);
    circuit.leave(`${n}`);
  }
  assert.deepEqual(waits, [1, 2, 4, 8, 15, 15, 15, 15]);
});

Deno.test("Circuit waits between half and all of its time", () => {
  const { circuit, clock, called } = createCircuit(3, (buffer) => buffer.fill(0));
  openIt(circuit);
  circuit.enter("a");
  clock.advance(499);
  assert.deepEqual(called, []);
  clock.advance(1);
  assert.deepEqual(called, ["a"]);
});

Deno.test("Circuit waits as long as the service asks for, up to ten minutes", () => {
  for (const [afterMs, expected] of [[7000, 7000], [3_600_000, 600_000], [10, 1000]] as const) {
    const { circuit, clock, called } = createCircuit();
    circuit.enter("x");
    circuit.failed("x", { forAll: true, afterMs });
    circuit.leave("x");
    circuit.enter("a");
    clock.advance(expected - 1);
    assert.deepEqual(called, []);
    clock.advance(1);
    assert.deepEqual(called, ["a"]);
  }
});

Deno.test("Circuit calls another where the one that was to try leaves without having tried", () => {
  const { circuit, clock, called } = createCircuit();
  openIt(circuit);
  circuit.enter("a");
  circuit.enter("b");
  clock.advance(1000);
  circuit.leave("a");
  assert.deepEqual(called, ["a", "b"]);
});

Deno.test("Circuit lets in one that comes when nobody waited for the trial", () => {
  const { circuit, clock } = createCircuit();
  openIt(circuit);
  clock.advance(1000);
  assert.deepEqual([circuit.enter("a"), circuit.enter("b")], [true, false]);
});

Deno.test("Circuit hears no news from those who were inside when it opened, but of a success", () => {
  const { circuit, clock, called } = createCircuit(10);
  for (const one of ["a", "b", "c", "d", "e", "f", "g"]) circuit.enter(one);
  for (const one of ["a", "b", "c", "d", "e"]) {
    circuit.failed(one, FAILURE);
    circuit.leave(one);
  }
  circuit.enter("z");
  assert.equal(circuit.failed("f", FAILURE), false);
  circuit.leave("f");
  clock.advance(1000);
  assert.deepEqual(called, [], "one is still inside");
  assert.equal(circuit.succeeded(), true);
  assert.deepEqual(called, ["z"]);
});

Deno.test("Circuit calls nobody after it was disposed of", () => {
  const { circuit, clock, called } = createCircuit();
  openIt(circuit);
  circuit.enter("a");
  circuit[Symbol.dispose]();
  clock.advance(100_000);
  assert.deepEqual(called, []);
  assert.equal(clock.timers, 0);
});
