import assert from "node:assert/strict";
import { AcceptProbe } from "./accept_probe.ts";
import { FakeClock } from "./fake_clock.ts";

/** A listener as the probe sees it, and what the probe did. */
function setup(connect: () => Promise<void> = () => Promise.resolve()) {
  const clock = new FakeClock();
  const seen = { connected: 0, ended: 0, deaf: 0 };
  const probe = new AcceptProbe({
    clock,
    async connect() {
      await connect();
      seen.connected++;
      return { [Symbol.dispose]: () => void seen.ended++ };
    },
    deaf: () => void seen.deaf++,
  });
  const round = async () => {
    clock.advance(5000);
    await new Promise((resolve) => setTimeout(resolve));
  };
  return { probe, seen, round };
}

Deno.test("AcceptProbe tells that nobody took its connection for two rounds", async () => {
  const { probe, seen, round } = setup();
  using _probe = probe;
  await round();
  await round();
  assert.deepEqual(seen, { connected: 1, ended: 0, deaf: 0 });
  await round();
  assert.deepEqual(seen, { connected: 1, ended: 1, deaf: 1 });
});

Deno.test("AcceptProbe is content with any connection that is taken", async () => {
  const { probe, seen, round } = setup();
  using _probe = probe;
  await round();
  await round();
  probe.taken();
  assert.deepEqual(seen, { connected: 1, ended: 1, deaf: 0 });
  for (let i = 0; i < 10; i++) {
    probe.taken();
    await round();
  }
  assert.deepEqual(seen, { connected: 1, ended: 1, deaf: 0 });
});

Deno.test("AcceptProbe knows nothing where it cannot connect, and tries again", async () => {
  let isFull = true;
  const { probe, seen, round } = setup(() =>
    isFull ? Promise.reject(new Error()) : Promise.resolve()
  );
  using _probe = probe;
  for (let i = 0; i < 10; i++) await round();
  assert.equal(seen.deaf, 0);
  isFull = false;
  for (let i = 0; i < 3; i++) await round();
  assert.equal(seen.deaf, 1);
});

Deno.test("AcceptProbe leaves no connection behind when it is disposed of", async () => {
  const { probe, seen, round } = setup();
  await round();
  probe[Symbol.dispose]();
  await round();
  assert.deepEqual(seen, { connected: 1, ended: 1, deaf: 0 });
});
