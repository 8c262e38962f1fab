/**
 * The end of a connection, whoever brings it about.
 *
 * @module
 */
import assert from "node:assert/strict";
import { CLOSE_REASON_BYTES_MAX, OUTGOING_BYTES_MAX } from "../../limits.ts";
import { CLOSE_MS_MAX } from "../transport.ts";
import type { ListenerTest, Owner } from "./listener_world.ts";
import { OPCODE } from "./raw_peer.ts";

/** More than the kernel takes for a peer that does not read: it grows its buffers to some MiB. */
const STUCK_BYTES = 32 * 1024 * 1024;

/** Sends to a peer that does not read until the kernel takes no more. */
function fill({ transport }: Owner): void {
  const frame = "x".repeat(256 * 1024);
  for (let sent = 0; sent < STUCK_BYTES; sent += frame.length) transport.send(frame);
}

/** The tests. */
export const closingTests: readonly ListenerTest[] = [
  {
    name: "closes with code and reason, and is over when the peer has answered",
    async run(world) {
      const { peer, owner } = await world.connect();
      owner.transport.close(4401, "Credential is not valid");
      owner.transport.close(4000, "A second close changes nothing");
      assert.deepEqual(await peer.readClose(), { code: 4401, reason: "Credential is not valid" });
      assert.deepEqual(owner.events, []);
      await peer.send({ opcode: OPCODE.close, payload: new Uint8Array([0x11, 0x31]) });
      assert.equal(await peer.read(), null);
      peer.close();
      await owner.isReleased();
      assert.deepEqual(owner.events, ["closed", "released"]);
    },
  },
  {
    name: "takes a reason of the longest length and cuts a longer one",
    async run(world) {
      const longest = "é".repeat((CLOSE_REASON_BYTES_MAX - 1) / 2) + "!";
      for (const reason of [longest, longest + "x"]) {
        const { peer, owner } = await world.connect();
        owner.transport.close(4000, reason);
        assert.deepEqual(await peer.readClose(), { code: 4000, reason: longest });
        peer.close();
        await owner.isReleased();
      }
    },
  },
  {
    name: "hears nothing after it has closed",
    async run(world) {
      const { peer, owner } = await world.connect();
      owner.transport.close(4000, "Enough");
      await peer.sendText("too late");
      await peer.readClose();
      peer.close();
      await owner.isReleased();
      assert.deepEqual(owner.events, ["closed", "released"]);
    },
  },
  {
    name: "answers the peer's close and is over",
    async run(world) {
      const { peer, owner } = await world.connect();
      await peer.send({ opcode: OPCODE.close, payload: new Uint8Array([0x03, 0xe8]) });
      assert.deepEqual(await peer.readClose(), { code: 1000, reason: "" });
      peer.close();
      await owner.isReleased();
      assert.deepEqual(owner.events, ["closed", "released"]);
      owner.transport.send("calls after the end do nothing");
      owner.transport.close(4000, "");
      owner.transport.terminate();
      assert.equal(owner.transport.bufferedBytes, 0);
      assert.deepEqual(owner.events, ["closed", "released"]);
    },
  },
  {
    name: "is over when the peer leaves without a word, or finishes its half",
    async run(world) {
      for (const leave of ["close", "finish"] as const) {
        const { peer, owner } = await world.connect();
        await peer.sendText("hello");
        await peer.read();
        await peer[leave]();
        await owner.isReleased();
        assert.deepEqual(owner.events, ["frame: hello", "closed", "released"]);
        peer.close();
      }
    },
  },
  {
    // The owner may be in the middle of something when it gives up.
    name: "tells of the end right after terminate(), though not inside it",
    async run(world) {
      const { peer, owner } = await world.connect();
      owner.transport.terminate();
      assert.deepEqual(owner.events, []);
      await Promise.resolve();
      assert.deepEqual(owner.events, ["closed"]);
      owner.transport.terminate();
      peer.close();
      await owner.isReleased();
      assert.deepEqual(owner.events, ["closed", "released"]);
    },
  },
  {
    name: "tells of the end at once where it is terminated while it closes",
    async run(world) {
      const { peer, owner } = await world.connect();
      owner.transport.close(4000, "Enough");
      owner.transport.terminate();
      await Promise.resolve();
      assert.deepEqual(owner.events, ["closed"]);
      peer.close();
      await owner.isReleased();
      assert.deepEqual(owner.events, ["closed", "released"]);
    },
  },
  {
    name: "gives up on peers that do not answer a close, or do not even read it",
    async run(world) {
      const guests = [await world.connect(), await world.connect()];
      for (const { owner } of guests.slice(1)) fill(owner);
      for (const { owner } of guests) owner.transport.close(4000, "Enough");
      // On the clock of the test or on the real one: `npm:ws` has its own.
      world.clock.advance(CLOSE_MS_MAX + 1000);
      for (const { peer, owner } of guests) {
        await owner.isClosed();
        peer.close();
        await owner.isReleased();
        assert.deepEqual(owner.events, ["closed", "released"]);
      }
    },
  },
  {
    // Without a bound, one peer that sleeps would hold whatever is sent to it.
    name: "shows what a peer leaves unread, and can give such a peer up",
    async run(world) {
      const { peer, owner } = await world.connect();
      assert.equal(owner.transport.bufferedBytes, 0);
      fill(owner);
      assert.ok(owner.transport.bufferedBytes > OUTGOING_BYTES_MAX);
      // What the kernel takes, it takes now; the rest stays.
      await (await fetch(world.url)).text();
      assert.ok(owner.transport.bufferedBytes > OUTGOING_BYTES_MAX);
      owner.transport.terminate();
      await Promise.resolve();
      assert.deepEqual(owner.events, ["closed"]);
      peer.close();
      await owner.isReleased();
      assert.deepEqual(owner.events, ["closed", "released"]);
      assert.equal(world.listener.lingering, 0);
    },
  },
  {
    name: "shows nothing unread of a peer that reads",
    async run(world) {
      const { peer, owner } = await world.connect();
      for (let i = 0; i < 20; i++) owner.transport.send("x".repeat(64 * 1024));
      for (let i = 0; i < 20; i++) assert.equal((await peer.read())?.text.length, 64 * 1024);
      assert.equal(owner.transport.bufferedBytes, 0);
      peer.close();
    },
  },
];
