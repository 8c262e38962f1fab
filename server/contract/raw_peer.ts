/**
 * The other end of a connection, byte by byte: a peer that can do what no client library does.
 *
 * @module
 */

/** Opcodes (RFC 6455 §5.2). */
export const OPCODE = {
  continuation: 0x0,
  text: 0x1,
  binary: 0x2,
  close: 0x8,
  ping: 0x9,
  pong: 0xa,
} as const;

/** A frame to send. What is left out is as it should be. */
export interface RawFrame {
  readonly opcode: number;
  readonly payload?: Uint8Array<ArrayBuffer> | string;
  readonly fin?: boolean;
  readonly masked?: boolean;
  /** The three reserved bits, as a number. */
  readonly reserved?: number;
}

/** A frame that came. */
export interface ReceivedFrame {
  readonly opcode: number;
  readonly text: string;
  /** The code of a close frame; 0 for other frames. */
  readonly code: number;
}

/** The answer to an HTTP request. */
export interface RawResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/** What a handshake is made of. A header that is null is left out. */
export interface Handshake {
  readonly method?: string;
  readonly target?: string;
  readonly headers?: Readonly<Record<string, string | null>>;
}

const HANDSHAKE_HEADERS: Readonly<Record<string, string>> = {
  "Host": "titan.test",
  "Connection": "Upgrade",
  "Upgrade": "websocket",
  "Sec-WebSocket-Version": "13",
  "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
};

/** What the server must make of that key (RFC 6455 §1.3). */
const ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** One TCP connection to a listener. */
export class RawPeer implements Disposable {
  readonly #connection: Deno.TcpConn;
  #buffer: Uint8Array<ArrayBuffer> = new Uint8Array();
  #isClosed = false;

  private constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
  }

  /** Connects, and says nothing. */
  static async connect(port: number): Promise<RawPeer> {
    return new RawPeer(await Deno.connect({ hostname: "127.0.0.1", port }));
  }

  /** Connects and becomes a WebSocket. @throws {Error} the server refuses. */
  static async open(port: number, handshake: Handshake = {}): Promise<RawPeer> {
    const peer = await RawPeer.connect(port);
    const { status, headers } = await peer.shake(handshake);
    const accept = headers.get("sec-websocket-accept");
    if (status === 101 && accept === ACCEPT) return peer;
    peer.close();
    throw new Error(`Handshake failed: ${status}, ${accept}`);
  }

  /** Asks to become a WebSocket, and answers what the server says. */
  async shake(handshake: Handshake = {}): Promise<RawResponse> {
    await this.write(handshakeText(handshake));
    return await this.readResponse();
  }

  /** Writes as it is. */
  async write(data: Uint8Array<ArrayBuffer> | string): Promise<void> {
    const bytes = typeof data === "string" ? encoder.encode(data) : data;
    for (let done = 0; done < bytes.length;) {
      done += await this.#connection.write(bytes.subarray(done));
    }
  }

  /** Sends one frame. */
  async send(frame: RawFrame): Promise<void> {
    await this.write(encodeFrame(frame));
  }

  /** Sends a text as one frame. */
  async sendText(text: string): Promise<void> {
    await this.send({ opcode: OPCODE.text, payload: text });
  }

  /** Reads one frame; null where the connection has ended, one way or the other. */
  async read(): Promise<ReceivedFrame | null> {
    const head = await this.#take(2);
    if (head === null) return null;
    const lengthBytes = [126, 127].indexOf(head[1] ?? 0);
    const extended = lengthBytes < 0 ? null : await this.#take(lengthBytes === 0 ? 2 : 8);
    const length = extended === null
      ? head[1] ?? 0
      : extended.reduce((sum, byte) => sum * 256 + byte, 0);
    const payload = await this.#take(length);
    if (payload === null) return null;
    const opcode = (head[0] ?? 0) & 0xf;
    const isClose = opcode === OPCODE.close && length >= 2;
    const code = isClose ? (payload[0] ?? 0) * 256 + (payload[1] ?? 0) : 0;
    return { opcode, code, text: decoder.decode(isClose ? payload.subarray(2) : payload) };
  }

  /** Reads frames up to the close frame, or to the end of a connection that ends without. */
  async readClose(): Promise<{ readonly code: number; readonly reason: string } | null> {
    for (let frame = await this.read(); frame !== null; frame = await this.read()) {
      if (frame.opcode === OPCODE.close) return { code: frame.code, reason: frame.text };
    }
    return null;
  }

  /** Reads the answer to a request. Its body must have a length. */
  async readResponse(): Promise<RawResponse> {
    let text = "";
    while (!text.endsWith("\r\n\r\n")) {
      const byte = await this.#take(1);
      if (byte === null) throw new Error(`Response ended early: ${text}`);
      text += decoder.decode(byte);
    }
    const [start = "", ...lines] = text.trimEnd().split("\r\n");
    const headers = new Headers(lines.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 1).trim()] as [string, string];
    }));
    const body = await this.#take(Number(headers.get("content-length") ?? 0));
    return {
      status: Number(start.split(" ")[1]),
      headers,
      body: decoder.decode(body ?? undefined),
    };
  }

  /** Ends our half of the connection. */
  async finish(): Promise<void> {
    await this.#connection.closeWrite();
  }

  /** Leaves without a word. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#connection.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #take(length: number): Promise<Uint8Array<ArrayBuffer> | null> {
    while (this.#buffer.length < length) {
      const chunk = new Uint8Array(64 * 1024);
      // A reset is an end as well.
      const read = await this.#connection.read(chunk).catch(() => null);
      if (read === null) return null;
      const grown = new Uint8Array(this.#buffer.length + read);
      grown.set(this.#buffer);
      grown.set(chunk.subarray(0, read), this.#buffer.length);
      this.#buffer = grown;
    }
    const taken = this.#buffer.slice(0, length);
    this.#buffer = this.#buffer.slice(length);
    return taken;
  }
}

/** The request that asks to become a WebSocket. */
export function handshakeText({ method = "GET", target = "/", headers = {} }: Handshake): string {
  const lines = Object.entries({ ...HANDSHAKE_HEADERS, ...headers })
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${target} HTTP/1.1\r\n${lines.join("")}\r\n`;
}

/** A frame as bytes, masked with zeros where it is masked. */
export function encodeFrame(frame: RawFrame): Uint8Array<ArrayBuffer> {
  const { opcode, payload = "", fin = true, masked = true, reserved = 0 } = frame;
  const data = typeof payload === "string" ? encoder.encode(payload) : payload;
  const head = [(fin ? 0x80 : 0) | (reserved << 4) | opcode];
  const mask = masked ? 0x80 : 0;
  const { length } = data;
  if (length < 126) head.push(mask | length);
  else if (length < 65_536) head.push(mask | 126, length >> 8, length & 255);
  else {head.push(
      mask | 127,
      0,
      0,
      0,
      0,
      length >>> 24,
      length >> 16 & 255,
      length >> 8 & 255,
      length & 255,
    );}
  if (masked) head.push(0, 0, 0, 0);
  const bytes = new Uint8Array(head.length + length);
  bytes.set(head);
  bytes.set(data, head.length);
  return bytes;
}
