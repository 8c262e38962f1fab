/**
 * What breaks RFC 6455 ends the connection it came on, and no other.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { ListenerTest } from "./listener_world.ts";
import { encodeFrame, OPCODE } from "./raw_peer.ts";

/** The head of a text frame that says it has so many bytes. */
function headOf(length: bigint): Uint8Array<ArrayBuffer> {
  const head = new Uint8Array(14);
  head.set([0x81, 0xff]);
  new DataView(head.buffer).setBigUint64(2, length);
  return head;
}

const INVALID_UTF8 = new Uint8Array([0x68, 0xff, 0xfe]);

/** What no peer may send, and the section of the RFC that forbids it. */
const MALFORMED: readonly (readonly [what: string, bytes: Uint8Array<ArrayBuffer>])[] = [
  ["text that is not UTF-8 (§8.1)", encodeFrame({ opcode: OPCODE.text, payload: INVALID_UTF8 })],
  ["the first reserved bit (§5.2)", encodeFrame({ opcode: OPCODE.text, reserved: 4 })],
  ["the last reserved bit (§5.2)", encodeFrame({ opcode: OPCODE.text, reserved: 1 })],
  ["a reserved opcode (§5.2)", encodeFrame({ opcode: 0x3 })],
  ["a reserved control opcode (§5.2)", encodeFrame({ opcode: 0xb })],
  ["a ping of 126 bytes (§5.5)", encodeFrame({ opcode: OPCODE.ping, payload: "x".repeat(126) })],
  ["a ping in fragments (§5.5)", encodeFrame({ opcode: OPCODE.ping, fin: false })],
  ["a continuation of nothing (§5.4)", encodeFrame({ opcode: OPCODE.continuation })],
  ["a close of one byte (§5.5.1)", encodeFrame({ opcode: OPCODE.close, payload: "x" })],
  [
    "a close whose reason is not UTF-8 (§5.5.1)",
    encodeFrame({ opcode: OPCODE.close, payload: new Uint8Array([3, 232, 0xff]) }),
  ],
  ["a length with its highest bit set (§5.2)", headOf(2n ** 63n)],
  ["a length that no memory holds", headOf(2n ** 62n)],
];

/** The tests. */
export const malformedTests: readonly ListenerTest[] = [
  ...MALFORMED.map(([what, bytes]): ListenerTest => ({
    name: `ends a connection on ${what}, and no other`,
    async run(world) {
      const other = await world.connect();
      const { peer, owner } = await world.connect();
      await peer.write(bytes);
      await peer.readClose();
      assert.equal(await peer.read(), null);
      peer.close();
      await owner.isReleased();
      assert.deepEqual(owner.events.slice(-2), ["closed", "released"]);
      assert.deepEqual(owner.frames, []);
      await other.peer.sendText("still here");
      assert.equal((await other.peer.read())?.text, "still here");
      other.peer.close();
      assert.deepEqual(world.faults, []);
    },
  })),
  {
    name: "ends a connection on a text within the fragments of another (§5.4), and no other",
    async run(world) {
      const { peer, owner } = await world.connect();
      await peer.send({ opcode: OPCODE.text, payload: "a", fin: false });
      await peer.send({ opcode: OPCODE.text, payload: "b" });
      await peer.readClose();
      peer.close();
      await owner.isReleased();
      assert.deepEqual(owner.events, ["closed", "released"]);
    },
  },
  {
    name: "ends a connection on a frame that is not masked (§5.1)",
    async run(world) {
      const { peer, owner } = await world.connect();
      await peer.send({ opcode: OPCODE.text, payload: "hello", masked: false });
      await peer.readClose();
      peer.close();
      await owner.isReleased();
      assert.deepEqual(owner.events, ["closed", "released"]);
    },
  },
  {
    name: "lives through bytes that mean nothing",
    async run(world) {
      const { peer, owner } = await world.connect();
      // A linear congruential generator: the same bytes in every run.
      let state = 12_345;
      const noise = Uint8Array.from({ length: 4096 }, () => {
        state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
        return state >> 16;
      });
      await peer.write(noise);
      peer.close();
      await owner.isReleased();
      assert.deepEqual(owner.events.slice(-2), ["closed", "released"]);
      const after = await world.connect();
      await after.peer.sendText("still here");
      assert.equal((await after.peer.read())?.text, "still here");
      after.peer.close();
    },
  },
];
