/**
 * Frames in both directions, and those that are not acceptable.
 *
 * @module
 */
import assert from "node:assert/strict";
import { FRAME_BYTES_MAX } from "../../limits.ts";
import type { ListenerTest } from "./listener_world.ts";
import { OPCODE } from "./raw_peer.ts";

const encoder = new TextEncoder();

/** Texts of exactly the limit, in characters of each size in UTF-8. */
const LONGEST = ["a", "é", "€", "😀"].map((unit) => {
  const bytes = encoder.encode(unit).length;
  return unit.repeat(Math.floor(FRAME_BYTES_MAX / bytes)) + "a".repeat(FRAME_BYTES_MAX % bytes);
});

/** The tests. */
export const framesTests: readonly ListenerTest[] = [
  {
    name: "carries text unchanged in both directions",
    async run(world) {
      const { peer, owner } = await world.connect();
      const texts = [
        "hello",
        "",
        "\ufeffé€😀\u0000\u2028",
        '{"jsonrpc":"2.0"}',
        "x".repeat(70_000),
      ];
      for (const text of texts) {
        await peer.sendText(text);
        const frame = await peer.read();
        assert.equal(frame?.opcode, OPCODE.text);
        assert.equal(frame?.text, text);
      }
      assert.deepEqual(owner.frames, texts);
      peer.close();
    },
  },
  {
    // What a real client makes of the handshake and of the frames.
    name: "serves the WebSocket of browsers",
    async run(world) {
      world.decide = () => world.acceptance("titan");
      const socket = new WebSocket(world.url.replace("http", "ws"), ["titan", "bearer.abc"]);
      const closed = new Promise<CloseEvent>((resolve) => socket.onclose = resolve);
      const echoed = new Promise<string>((resolve) =>
        socket.onmessage = ({ data }) => resolve(data)
      );
      socket.onopen = () => socket.send("grüß 😀");
      assert.equal(await echoed, "grüß 😀");
      assert.equal(socket.protocol, "titan");
      world.owners[0]?.transport.close(4409, "Replaced by a newer connection");
      const { code, reason } = await closed;
      assert.deepEqual([code, reason], [4409, "Replaced by a newer connection"]);
      await world.owners[0]?.isReleased();
    },
  },
  {
    name: "takes a text of exactly the longest length, in fragments as well",
    async run(world) {
      const { peer, owner } = await world.connect();
      owner.onFrame = (text) => owner.transport.send(`${encoder.encode(text).length}`);
      for (const text of LONGEST) {
        await peer.sendText(text);
        assert.equal((await peer.read())?.text, `${FRAME_BYTES_MAX}`);
      }
      const half = new Uint8Array(FRAME_BYTES_MAX / 2).fill(0x61);
      await peer.send({ opcode: OPCODE.text, payload: half, fin: false });
      await peer.send({ opcode: OPCODE.continuation, payload: half });
      assert.equal((await peer.read())?.text, `${FRAME_BYTES_MAX}`);
      assert.deepEqual(owner.frames.slice(0, -1), LONGEST);
      peer.close();
    },
  },
  {
    name: "refuses a text one byte past the longest and closes 1009",
    async run(world) {
      for (const text of LONGEST) {
        const { peer, owner } = await world.connect();
        await peer.sendText(text + "a");
        await peer.sendText("later");
        assert.equal((await peer.readClose())?.code, 1009);
        peer.close();
        await owner.isReleased();
        assert.deepEqual(owner.events, ["refused: too_long", "closed", "released"]);
      }
    },
  },
  {
    name: "refuses a message whose fragments together are too long",
    async run(world) {
      const { peer, owner } = await world.connect();
      const part = new Uint8Array(150 * 1024).fill(0x61);
      await peer.send({ opcode: OPCODE.text, payload: part, fin: false });
      await peer.send({ opcode: OPCODE.continuation, payload: part });
      assert.equal((await peer.readClose())?.code, 1009);
      peer.close();
      await owner.isReleased();
      assert.deepEqual(owner.events, ["refused: too_long", "closed", "released"]);
    },
  },
  {
    name: "refuses a binary frame, and hears nothing after it",
    async run(world) {
      const { peer, owner } = await world.connect();
      await peer.send({ opcode: OPCODE.binary, payload: new Uint8Array([1, 2, 3]) });
      await peer.sendText("later");
      assert.equal((await peer.readClose())?.code, 1003);
      peer.close();
      await owner.isReleased();
      assert.deepEqual(owner.events, ["refused: binary", "closed", "released"]);
    },
  },
  {
    name: "keeps many frames of one turn, and of many turns, in order",
    async run(world) {
      const { peer, owner } = await world.connect();
      owner.onFrame = async () => {
        for (let i = 0; i < 500; i++) owner.transport.send(`${i}`);
        await Promise.resolve();
        for (let i = 500; i < 1000; i++) owner.transport.send(`${i}`);
      };
      await peer.sendText("go");
      for (let i = 0; i < 1000; i++) assert.equal((await peer.read())?.text, `${i}`);
      peer.close();
    },
  },
  {
    name: "sends everything before the close that follows it",
    async run(world) {
      const { peer, owner } = await world.connect();
      owner.onFrame = () => {
        for (let i = 0; i < 10; i++) owner.transport.send(`${i}`);
        owner.transport.close(4000, "Enough");
        owner.transport.send("after the close");
      };
      await peer.sendText("go");
      for (let i = 0; i < 10; i++) assert.equal((await peer.read())?.text, `${i}`);
      const end = await peer.read();
      assert.deepEqual([end?.opcode, end?.code, end?.text], [OPCODE.close, 4000, "Enough"]);
      peer.close();
      await owner.isReleased();
    },
  },
  {
    name: "answers a ping with its payload",
    async run(world) {
      const { peer, owner } = await world.connect();
      await peer.send({ opcode: OPCODE.ping, payload: "are you there" });
      const pong = await peer.read();
      assert.deepEqual([pong?.opcode, pong?.text], [OPCODE.pong, "are you there"]);
      assert.deepEqual(owner.events, []);
      peer.close();
    },
  },
  {
    name: "closes 4003 where the owner throws, tells the fault, and nobody else notices",
    async run(world) {
      const other = await world.connect();
      for (const payload of ["text", new Uint8Array([1])]) {
        const { peer, owner } = await world.connect();
        const throws = () => {
          throw new Error("Secret text");
        };
        [owner.onFrame, owner.onRefused] = [throws, throws];
        const opcode = typeof payload === "string" ? OPCODE.text : OPCODE.binary;
        await peer.send({ opcode, payload });
        const end = await peer.readClose();
        assert.equal(end?.code, 4003);
        assert.ok(!end?.reason.includes("Secret"));
        peer.close();
        await owner.isReleased();
        assert.deepEqual(owner.events.slice(-2), ["closed", "released"]);
      }
      assert.equal(world.faults.length, 2);
      await other.peer.sendText("still here");
      assert.equal((await other.peer.read())?.text, "still here");
      other.peer.close();
    },
  },
];
