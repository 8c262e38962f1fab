import assert from "node:assert/strict";
import { ACK_MS_MAX, HEARTBEAT_SECONDS, PONG_MS_MAX } from "../limits.ts";
import { CLOSE, type CloseCode } from "./close_code.ts";
import { Liveness } from "./liveness.ts";

const HEARTBEAT_MS = HEARTBEAT_SECONDS * 1000;

/** A client, and what its ticks said: each with its second. */
class World {
  now = 5000;
  readonly liveness = new Liveness(this.now);
  readonly said: [ms: number, said: "ping" | CloseCode][] = [];
  waitingSince: number | null = null;
  isProbed = false;

  /** Lets time pass, a tick a second. */
  pass(ms: number): void {
    for (const end = this.now + ms; this.now < end;) {
      this.now += 1000;
      const { now, waitingSince, isProbed } = this;
      const said = this.liveness.tick({ now, waitingSince, isProbed });
      if (said !== null) this.said.push([this.now - 5000, said]);
    }
  }
}

Deno.test("Liveness.tick() asks a silent client after a heartbeat, and again after each", () => {
  const world = new World();
  world.pass(HEARTBEAT_MS - 1000);
  assert.equal(world.said.length, 0);
  world.pass(10 * HEARTBEAT_MS);
  const pings = world.said.map(([ms]) => ms / HEARTBEAT_MS);
  // A client that never answered any is not given up.
  assert.deepEqual(pings, [1, 3, 5, 7, 9]);
  assert.ok(world.said.every(([, said]) => said === "ping"));
});

Deno.test("Liveness.tick() gives a client up that answered before and does so no more", () => {
  const world = new World();
  world.pass(HEARTBEAT_MS);
  world.liveness.heard();
  world.liveness.answered();
  world.pass(2 * HEARTBEAT_MS + 1000);
  assert.deepEqual(world.said, [
    [HEARTBEAT_MS, "ping"],
    [2 * HEARTBEAT_MS + 1000, "ping"],
    [3 * HEARTBEAT_MS + 1000, CLOSE.noPong],
  ]);
});

Deno.test("Liveness.tick() asks nobody who is heard of", () => {
  const world = new World();
  for (let second = 0; second < 10 * HEARTBEAT_SECONDS; second += 10) {
    world.liveness.heard();
    world.pass(10_000);
  }
  assert.deepEqual(world.said, []);
});

Deno.test("Liveness.tick() leaves silence to a transport that probes its peer", () => {
  const world = new World();
  world.isProbed = true;
  world.pass(10 * HEARTBEAT_MS);
  assert.deepEqual(world.said, []);
});

Deno.test("Liveness.tick() asks where an acknowledgement is late, and closes where it stays so", () => {
  for (const lives of [false, true]) {
    const world = new World();
    world.isProbed = true;
    world.waitingSince = world.now;
    world.pass(ACK_MS_MAX);
    assert.deepEqual(world.said, [[ACK_MS_MAX, "ping"]]);
    if (lives) world.liveness.heard();
    world.pass(PONG_MS_MAX);
    const close = lives ? CLOSE.ackLate : CLOSE.noPong;
    assert.deepEqual(world.said.slice(1), [[ACK_MS_MAX + PONG_MS_MAX, close]]);
  }
});

Deno.test("Liveness.tick() asks anew for an acknowledgement that is late in a silence", () => {
  const world = new World();
  world.pass(HEARTBEAT_MS + 1000);
  world.waitingSince = world.now;
  world.pass(ACK_MS_MAX + HEARTBEAT_MS);
  const [, [, second] = [], close] = world.said;
  assert.equal(second, "ping");
  assert.deepEqual(close?.[1], CLOSE.noPong);
});

Deno.test("Liveness.tick() forgives an acknowledgement that comes after the question", () => {
  const world = new World();
  world.isProbed = true;
  world.waitingSince = world.now;
  world.pass(ACK_MS_MAX + PONG_MS_MAX - 1000);
  world.waitingSince = null;
  world.pass(ACK_MS_MAX);
  assert.deepEqual(world.said.map(([, said]) => said), ["ping"]);
});
