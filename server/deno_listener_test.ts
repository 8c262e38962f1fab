import assert from "node:assert/strict";
import { ListenerWorld } from "./contract/listener_world.ts";
import { OPCODE } from "./contract/raw_peer.ts";
import { listenDeno } from "./deno_listener.ts";
import { testListener } from "./listener_contract.ts";

testListener("listenDeno()", {
  listen: listenDeno,
  skip: new Map([[
    "ends a connection on a frame that is not masked (§5.1)",
    "Deno takes it as it is; masks protect proxies, not servers",
  ]]),
});

// Deno has timers of its own for this, so the test takes two seconds.
Deno.test("listenDeno() pings a silent peer and ends one that does not answer", async () => {
  await using world = await ListenerWorld.open(listenDeno, 1);
  const [lively, dead] = [await world.connect(), await world.connect()];
  const read = async () => {
    assert.equal((await lively.peer.read())?.opcode, OPCODE.ping);
    await lively.peer.send({ opcode: OPCODE.pong });
  };
  const reading = read();
  assert.equal((await dead.peer.read())?.opcode, OPCODE.ping);
  assert.equal((await dead.peer.readClose())?.code, 1001);
  await dead.owner.isClosed();
  await reading;
  assert.deepEqual(lively.owner.events, []);
  lively.peer.close();
  dead.peer.close();
});

// The place of such a peer is not free: its socket, and what was queued to it, are still there.
Deno.test("listenDeno() counts a stuck peer as lingering until it goes", async () => {
  await using world = await ListenerWorld.open(listenDeno);
  const { peer, owner } = await world.connect();
  for (let i = 0; i < 128; i++) owner.transport.send("x".repeat(256 * 1024));
  owner.transport.terminate();
  await owner.isClosed();
  assert.equal(world.listener.lingering, 1);
  // A frame makes Deno say that the socket is closed, which it is not.
  await peer.sendText("I am still here");
  for (let i = 0; i < 3; i++) await (await fetch(world.url)).text();
  assert.equal(world.released, 0);
  peer.close();
  await owner.isReleased();
  assert.equal(world.listener.lingering, 0);
});
