import assert from "node:assert/strict";
import { HEARTBEAT_SECONDS } from "../limits.ts";
import { ListenerWorld } from "./contract/listener_world.ts";
import { OPCODE, type RawPeer } from "./contract/raw_peer.ts";
import { testListener } from "./listener_contract.ts";
import { listenWs } from "./ws_listener.ts";

const HEARTBEAT_MS = HEARTBEAT_SECONDS * 1000;

testListener("listenWs()", { listen: listenWs, skip: new Map() });

/** Waits until the listener has read what the peer sent before. */
async function roundTrip(peer: RawPeer): Promise<void> {
  await peer.sendText("round trip");
  assert.equal((await peer.read())?.text, "round trip");
}

Deno.test("listenWs() pings a silent peer once in a heartbeat", async () => {
  await using world = await ListenerWorld.open(listenWs);
  const { peer, owner } = await world.connect();
  for (let i = 0; i < 3; i++) {
    world.clock.advance(HEARTBEAT_MS);
    assert.equal((await peer.read())?.opcode, OPCODE.ping);
    await peer.send({ opcode: OPCODE.pong });
    await roundTrip(peer);
  }
  assert.deepEqual(owner.events, ["frame: round trip", "frame: round trip", "frame: round trip"]);
  peer.close();
});

Deno.test("listenWs() takes any frame for an answer to a ping", async () => {
  await using world = await ListenerWorld.open(listenWs);
  const { peer, owner } = await world.connect();
  world.clock.advance(HEARTBEAT_MS);
  assert.equal((await peer.read())?.opcode, OPCODE.ping);
  await roundTrip(peer);
  world.clock.advance(HEARTBEAT_MS);
  assert.equal((await peer.read())?.opcode, OPCODE.ping);
  assert.ok(!owner.events.includes("closed"));
  peer.close();
});

Deno.test("listenWs() ends a peer that does not answer a ping", async () => {
  await using world = await ListenerWorld.open(listenWs);
  const { peer, owner } = await world.connect();
  world.clock.advance(2 * HEARTBEAT_MS - 1000);
  assert.deepEqual(owner.events, []);
  world.clock.advance(1000);
  await owner.isReleased();
  assert.deepEqual(owner.events, ["closed", "released"]);
  assert.equal((await peer.read())?.opcode, OPCODE.ping);
  assert.equal(await peer.read(), null);
  peer.close();
});

Deno.test("listenWs() spreads the pings of those who came at different times", async () => {
  await using world = await ListenerWorld.open(listenWs);
  const early = await world.connect();
  world.clock.advance(10_000);
  const late = await world.connect();
  world.clock.advance(HEARTBEAT_MS - 10_000);
  assert.equal((await early.peer.read())?.opcode, OPCODE.ping);
  await roundTrip(late.peer);
  world.clock.advance(10_000);
  assert.equal((await late.peer.read())?.opcode, OPCODE.ping);
  early.peer.close();
  late.peer.close();
});

// Unlike Deno's, this socket can be cut, whatever is queued.
Deno.test("listenWs() is rid of a stuck peer at once", async () => {
  await using world = await ListenerWorld.open(listenWs);
  const { peer, owner } = await world.connect();
  for (let i = 0; i < 128; i++) owner.transport.send("x".repeat(256 * 1024));
  owner.transport.terminate();
  await owner.isReleased();
  assert.equal(world.listener.lingering, 0);
  peer.close();
});
