/**
 * Text frames as a WebSocket server sends them (RFC 6455 §5.2): final and not masked.
 *
 * @module
 */
import { Buffer } from "node:buffer";

/** FIN, and the opcode of text. */
const FINAL_TEXT = 0x81;

/** From so many bytes of payload on, its length takes two bytes more, and then eight more. */
const MEDIUM_BYTES = 126;
const LONG_BYTES = 65_536;

/** Bytes of UTF-8 that a character of a JavaScript string takes, at most. */
const CHAR_BYTES_MAX = 3;

const SCRATCH_BYTES = 64 * 1024;

/** Bytes of a text as a frame. */
export function textFrameBytes(text: string): number {
  const bytes = Buffer.byteLength(text);
  return headBytes(bytes) + bytes;
}

/** Encodes frames. It encodes into memory of its own, so that nothing has to be measured first. */
export class TextFrameEncoder {
  readonly #encoder = new TextEncoder();
  readonly #scratch = new Uint8Array(SCRATCH_BYTES);

  /** Texts as frames, one behind another; each length is in the shortest form, as the RFC demands. */
  encode(texts: readonly string[]): Uint8Array {
    const pieces: Uint8Array[] = [];
    let used = 0;
    for (const text of texts) {
      const most = headBytes(text.length * CHAR_BYTES_MAX) + text.length * CHAR_BYTES_MAX;
      if (used + most > SCRATCH_BYTES) {
        pieces.push(this.#taken(used));
        used = 0;
      }
      if (most > SCRATCH_BYTES) pieces.push(encodeLong(text));
      else used += this.#encodeAt(used, text);
    }
    if (pieces.length === 0) return this.#taken(used);
    return Buffer.concat([...pieces, this.#scratch.subarray(0, used)]);
  }

  #encodeAt(start: number, text: string): number {
    const scratch = this.#scratch;
    // Nearly always the number of characters tells how long the head is.
    const head = headBytes(text.length);
    const { written } = this.#encoder.encodeInto(text, scratch.subarray(start + head));
    const shift = headBytes(written) - head;
    if (shift > 0) {
      scratch.copyWithin(start + head + shift, start + head, start + head + written);
    }
    writeHead(scratch, start, written);
    return head + shift + written;
  }

  /** A copy: the socket may keep it for long. */
  #taken(bytes: number): Uint8Array {
    return Buffer.from(this.#scratch.subarray(0, bytes));
  }
}

function encodeLong(text: string): Uint8Array {
  const bytes = Buffer.byteLength(text);
  const frame = Buffer.allocUnsafe(headBytes(bytes) + bytes);
  writeHead(frame, 0, bytes);
  frame.write(text, headBytes(bytes));
  return frame;
}

function headBytes(bytes: number): number {
  return bytes < MEDIUM_BYTES ? 2 : bytes < LONG_BYTES ? 4 : 10;
}

function writeHead(target: Uint8Array, start: number, bytes: number): void {
  target[start] = FINAL_TEXT;
  if (bytes < MEDIUM_BYTES) {
    target[start + 1] = bytes;
    return;
  }
  const view = new DataView(target.buffer, target.byteOffset + start + 1);
  if (bytes < LONG_BYTES) {
    view.setUint8(0, 126);
    view.setUint16(1, bytes);
  } else {
    view.setUint8(0, 127);
    view.setBigUint64(1, BigInt(bytes));
  }
}
