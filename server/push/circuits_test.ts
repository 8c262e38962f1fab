import assert from "node:assert/strict";
import { FakeClock } from "../fake_clock.ts";
import { Circuits } from "./circuits.ts";

function createCircuits(max: number): Circuits<string> {
  return new Circuits({
    max,
    insideMax: 1,
    clock: new FakeClock(),
    random: (buffer) => buffer,
    called() {},
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
  assert.equal(circuits.size, 0);
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
