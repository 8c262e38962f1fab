import assert from "node:assert/strict";
import {
  connectPacket,
  joined,
  PACKET,
  publishPacket,
  readPublish,
  splitPackets,
  subscribePacket,
  text,
} from "./mqtt_packet.ts";

Deno.test("connectPacket() writes what MQTT 3.1.1 §3.1 says", () => {
  assert.deepEqual(
    [...connectPacket("ab")],
    [0x10, 14, 0, 4, ...new TextEncoder().encode("MQTT"), 4, 0, 0, 0, 0, 2, 97, 98],
  );
});

Deno.test("subscribePacket() asks for QoS 1", () => {
  assert.deepEqual([...subscribePacket(258, "t")], [0x82, 6, 1, 2, 0, 1, 116, 1]);
});

Deno.test("splitPackets() finds whole packets and leaves the rest", () => {
  const payload = new Uint8Array(300).fill(7);
  const first = publishPacket(513, text("inbox/a"), payload);
  const both = joined([first, first.subarray(0, -1)]);
  const { packets, end } = splitPackets(both);
  assert.equal(end, first.length);
  assert.equal(packets.length, 1);
  const [packet] = packets;
  assert.ok(packet);
  assert.equal(packet.type, PACKET.publish);
  assert.deepEqual(readPublish(packet.body), { id: 513, payload });
});

Deno.test("splitPackets() waits for a length that has not come whole", () => {
  assert.deepEqual(splitPackets(Uint8Array.of(0x30, 0x80)), { packets: [], end: 0 });
  assert.deepEqual(splitPackets(new Uint8Array()), { packets: [], end: 0 });
});
