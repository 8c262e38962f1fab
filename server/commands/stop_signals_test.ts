import assert from "node:assert/strict";
import { FakeClock } from "../fake_clock.ts";
import { StopSignals } from "./stop_signals.ts";

/** Signals that the test sends. */
function scratch() {
  const clock = new FakeClock();
  const again: string[] = [];
  const listeners = new Map<Deno.Signal, () => void>();
  const stop = new StopSignals({
    source: {
      addSignalListener: (signal, listener) => void listeners.set(signal, listener),
      removeSignalListener(signal, listener) {
        assert.equal(listeners.get(signal), listener);
        listeners.delete(signal);
      },
    },
    monotonic: () => clock.monotonic(),
    again: (signal) => again.push(signal),
  });
  return {
    clock,
    again,
    stop,
    listeners,
    send: (signal: Deno.Signal) => listeners.get(signal)?.(),
  };
}

Deno.test("StopSignals resolves with the first signal", async () => {
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    const place = scratch();
    place.send(signal);
    assert.equal(await place.stop.first, signal);
    assert.deepEqual(place.again, []);
  }
});

Deno.test("StopSignals takes a signal that comes twice at once for one", () => {
  const place = scratch();
  place.send("SIGINT");
  place.clock.advance(500);
  place.send("SIGINT");
  assert.deepEqual(place.again, []);
});

Deno.test("StopSignals tells of every later signal", async () => {
  const place = scratch();
  place.send("SIGTERM");
  place.clock.advance(501);
  place.send("SIGINT");
  place.send("SIGTERM");
  assert.deepEqual(place.again, ["SIGINT", "SIGTERM"]);
  assert.equal(await place.stop.first, "SIGTERM");
});

Deno.test("StopSignals listens to nothing once disposed of", () => {
  const place = scratch();
  assert.deepEqual([...place.listeners.keys()], ["SIGHUP", "SIGINT", "SIGTERM"]);
  place.stop[Symbol.dispose]();
  assert.equal(place.listeners.size, 0);
});

Deno.test("StopSignals waits for nothing where the host has no signals", () => {
  const refuse = () => {
    throw new TypeError("Signals are not supported");
  };
  const source = { addSignalListener: refuse, removeSignalListener: refuse };
  using stop = new StopSignals({ source, monotonic: () => 0, again: refuse });
  assert.ok(stop.first instanceof Promise);
});
