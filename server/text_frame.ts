/**
 * Text frames as a WebSocket server sends them (RFC 6455 §5.2): final and not masked.
 *
 * @module
 */
import { Buffer } from "node:buffer";

/** FIN, and the opcode of text. */
const FINAL_TEXT = 0x81;

/** A text as one frame; its length is in the shortest form, as the RFC demands. */
export function encodeTextFrame(text: string): Buffer<ArrayBuffer> {
  const bytes = Buffer.byteLength(text);
  const start = bytes < 126 ? 2 : bytes < 65_536 ? 4 : 10;
  const frame = Buffer.allocUnsafe(start + bytes);
  frame[0] = FINAL_TEXT;
  if (start === 2) {
    frame[1] = bytes;
  } else if (start === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(bytes, 2);
  } else {
    frame[1] = 127;
    // No text has 4 GiB.
    frame.writeUInt32BE(0, 2);
    frame.writeUInt32BE(bytes, 6);
  }
  frame.write(text, start);
  return frame;
}
