import assert from "node:assert/strict";
import { FakeClock } from "./fake_clock.ts";
import { Probes } from "./ws_probes.ts";
import type { WsTransport } from "./ws_transport.ts";

class Probed {
  probes = 0;

  probe(): void {
    this.probes++;
  }
}

/** Adds something that is probed, as the listener adds a transport. */
function add(probes: Probes): Probed {
  const probed = new Probed();
  // The heartbeat uses nothing else of a transport.
  probes.round.transports.add(probed as unknown as WsTransport);
  return probed;
}

Deno.test("Probes probes each once in a heartbeat, a whole one after it came", () => {
  const clock = new FakeClock();
  using probes = new Probes(clock, 25, () => {}, () => {});
  const early = add(probes);
  clock.advance(10_000);
  const late = add(probes);
  clock.advance(14_000);
  assert.deepEqual([early.probes, late.probes], [0, 0]);
  clock.advance(1000);
  assert.deepEqual([early.probes, late.probes], [1, 0]);
  clock.advance(10_000);
  assert.deepEqual([early.probes, late.probes], [1, 1]);
  clock.advance(50_000);
  assert.deepEqual([early.probes, late.probes], [3, 3]);
  assert.equal(clock.timers, 1);
});

Deno.test("Probes forgets who is gone, and says so", () => {
  const clock = new FakeClock();
  const gone: unknown[] = [];
  using probes = new Probes(clock, 2, () => {}, (transport) => gone.push(transport));
  const { round } = probes;
  const probed = add(probes);
  const [transport] = probes.transports;
  assert.ok(transport !== undefined);
  clock.advance(1000);
  round.forget(transport);
  clock.advance(10_000);
  assert.equal(probed.probes, 0);
  assert.deepEqual([gone, probes.transports], [[transport], []]);
});

Deno.test("Probes stops when disposed of", () => {
  const clock = new FakeClock();
  {
    using _probes = new Probes(clock, 25, () => {}, () => {});
  }
  assert.equal(clock.timers, 0);
});
