/**
 * The few packets of MQTT 3.1.1 that the chat load speaks (OASIS Standard, 29 October 2014).
 *
 * @module
 */

/** The first four bits of a packet (§2.2.1). */
export const PACKET = {
  connack: 2,
  publish: 3,
  puback: 4,
  suback: 9,
} as const;

/** One packet as it came. */
export interface Packet {
  readonly type: number;
  /** What follows the fixed header. */
  readonly body: Uint8Array;
}

/** The quality of service with which everything is sent: at least once. */
const QOS = 1;

/** CONNECT with QoS 1 sessions in mind: `clean session` is off, keep-alive is off (§3.1). */
export function connectPacket(client: string): Uint8Array {
  return packet(0x10, [text("MQTT"), Uint8Array.of(4, 0, 0, 0), text(client)]);
}

/** SUBSCRIBE to one topic (§3.8). */
export function subscribePacket(id: number, topic: string): Uint8Array {
  return packet(0x82, [number16(id), text(topic), Uint8Array.of(QOS)]);
}

/** PUBLISH (§3.3). @param topic as {@linkcode text} made it */
export function publishPacket(id: number, topic: Uint8Array, payload: Uint8Array): Uint8Array {
  return packet(0x30 | QOS << 1, [topic, number16(id), payload]);
}

/** PUBACK (§3.4). */
export function pubackPacket(id: number): Uint8Array {
  return Uint8Array.of(0x40, 2, id >> 8, id & 0xff);
}

/** The id and the payload of a PUBLISH with QoS 1. */
export function readPublish(body: Uint8Array): { id: number; payload: Uint8Array } {
  const topicEnd = 2 + at16(body, 0);
  return { id: at16(body, topicEnd), payload: body.subarray(topicEnd + 2) };
}

/** The whole packets at the start of a buffer, and where they end. */
export function splitPackets(buffer: Uint8Array): { packets: readonly Packet[]; end: number } {
  const packets: Packet[] = [];
  let end = 0;
  for (;;) {
    const length = remainingLength(buffer, end + 1);
    if (length === null || length.from + length.value > buffer.length) return { packets, end };
    const type = (buffer[end] ?? 0) >> 4;
    end = length.from + length.value;
    packets.push({ type, body: buffer.subarray(length.from, end) });
  }
}

/** A string with its length before it (§1.5.3). */
export function text(value: string): Uint8Array {
  const bytes = new TextEncoder().encode(value);
  return joined([number16(bytes.length), bytes]);
}

/** Joins byte arrays. */
export function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function packet(first: number, parts: readonly Uint8Array[]): Uint8Array {
  const header = [first];
  let length = parts.reduce((sum, part) => sum + part.length, 0);
  // Seven bits a byte, least significant first; the top bit says that more follow (§2.2.3).
  for (; length > 0x7f; length >>= 7) header.push(length & 0x7f | 0x80);
  header.push(length);
  return joined([Uint8Array.from(header), ...parts]);
}

/** Null where the length has not come whole. */
function remainingLength(buffer: Uint8Array, from: number): { value: number; from: number } | null {
  let value = 0;
  for (let shift = 0; shift < 28; shift += 7) {
    const byte = buffer[from++];
    if (byte === undefined) return null;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return { value, from };
  }
  throw new Error("Cannot read the packet: its length has more than four bytes");
}

function number16(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value & 0xff);
}

function at16(bytes: Uint8Array, index: number): number {
  return (bytes[index] ?? 0) << 8 | (bytes[index + 1] ?? 0);
}
