import assert from "node:assert/strict";
import { FakeClock } from "../fake_clock.ts";
import { Circuits } from "./circuits.ts";

function createCircuits(max: number, unprovenMax = 10, called: string[] = []): Circuits<string> {
  return new Circuits({
    max,
    insideMax: 1,
    unprovenMax,
    unprovenServiceMax: unprovenMax,
    clock: new FakeClock(),
    random: (buffer) => buffer,
    called: (one) => called.push(one),
  });
}

Deno.test("Circuits.of() answers the same for a service as long as something is known of it", () => {
  const circuits = createCircuits(10);
  const circuit = circuits.of("a");
  circuit?.enter("x");
  assert.equal(circuits.of("a"), circuit);
  circuit?.failed("x", { forAll: false });
  circuits.leave("a", "x");
  assert.equal(circuits.of("a"), circuit, "it has failed");
  circuit?.succeeded();
  circuits.leave("a", "x");
  assert.equal(circuits.of("a"), circuit, "it works");
  circuits.enter("b", "y");
  circuits.leave("b", "y");
  assert.equal(circuits.size, 1);
});

Deno.test("Circuits.of() forgets one in which nobody is where there are as many as may be", () => {
  const circuits = createCircuits(2);
  for (const service of ["a", "b"]) {
    circuits.of(service)?.enter(service);
    circuits.of(service)?.failed(service, { forAll: false });
  }
  assert.equal(circuits.of("c"), null);
  circuits.leave("b", "b");
  assert.notEqual(circuits.of("c"), null);
  assert.equal(circuits.size, 2);
  assert.equal(circuits.of("a")?.isEmpty, false);
});

Deno.test("Circuits keeps one service from another", () => {
  const circuits = createCircuits(2);
  circuits.of("a")?.enter("x");
  circuits.of("a")?.failed("x", { forAll: true });
  assert.equal(circuits.of("a")?.enter("y"), false);
  assert.equal(circuits.of("b")?.enter("z"), true);
});

Deno.test("Circuits.of() forgets a service that works last", () => {
  const circuits = createCircuits(2);
  for (const service of ["works", "fails"]) circuits.enter(service, service);
  circuits.of("works")?.succeeded();
  circuits.of("fails")?.failed("fails", { forAll: false });
  for (const service of ["works", "fails"]) circuits.leave(service, service);
  circuits.enter("new", "x");
  assert.equal(circuits.of("works")?.isProven, true);
  circuits.of("newer");
  assert.equal(circuits.size, 2);
});

Deno.test("Circuits.enter() has services that are not known to work share few places", () => {
  const called: string[] = [];
  const circuits = createCircuits(10, 1, called);
  assert.equal(circuits.enter("a", "x"), true);
  assert.equal(circuits.enter("b", "y"), false);
  circuits.leave("a", "x");
  assert.deepEqual(called, ["y"]);
  assert.equal(circuits.enter("b", "y"), true);
  circuits.of("b")?.succeeded();
  circuits.leave("b", "y");
  assert.equal(circuits.enter("a", "x"), true);
  assert.equal(circuits.enter("b", "y"), true, "it works");
  circuits.of("b")?.failed("y", { forAll: false });
  circuits.leave("b", "y");
  assert.equal(circuits.enter("b", "y"), false, "it failed last");
});

Deno.test("Circuits lets in whoever waits for a service as soon as that works", () => {
  const called: string[] = [];
  const circuits = createCircuits(10, 1, called);
  circuits.enter("a", "x");
  circuits.enter("b", "y");
  circuits.of("b")?.succeeded();
  assert.deepEqual(called, ["y"]);
  assert.equal(circuits.enter("b", "y"), true);
});
