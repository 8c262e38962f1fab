/**
 * A WebSocket by hand: every byte that goes is the test's, and nothing is read until the test
 * wants it.
 *
 * @module
 */
import { within } from "./wait_for.ts";

/** How to open a connection. */
export interface RawSocketOptions {
  readonly path?: string;
  /** Headers beside those of the handshake, or in place of them. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** The answer to an upgrade request that was refused. */
export class RefusedUpgrade extends Error {
  override readonly name = "RefusedUpgrade";

  constructor(readonly status: number, readonly headers: Headers) {
    super(`Upgrade was refused with ${status}`);
  }
}

/** What came. */
export type Heard =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "close"; readonly code: number; readonly reason: string }
  /** The connection is over without a closing handshake. */
  | { readonly kind: "end" }
  | { readonly kind: "pong"; readonly text: string };

/** How a frame differs from an honest one. */
export interface FrameOptions {
  readonly final?: boolean;
  readonly masked?: boolean;
  /** Reserved bits, as in the first byte of a frame. */
  readonly reserved?: number;
  /** The length that the frame claims to have. */
  readonly claims?: number;
}

/** Opcodes (RFC 6455 §5.2). */
export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

const KEY = "dGhlIHNhbXBsZSBub25jZQ==";
const WAIT_MS = 10_000;

/** A connection by hand. Disposing of it cuts it. */
export class RawSocket implements AsyncDisposable {
  readonly #connection: Deno.TcpConn;
  #buffer = new Uint8Array(0);
  #sending: Promise<unknown> = Promise.resolve();
  #isOver = false;

  private constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
  }

  /** Connects without a handshake. */
  static async connect(url: string): Promise<RawSocket> {
    const { hostname, port } = new URL(url);
    return new RawSocket(await Deno.connect({ hostname, port: Number(port) }));
  }

  /** Connects and does the opening handshake. @throws {RefusedUpgrade} */
  static async open(url: string, options: RawSocketOptions = {}): Promise<RawSocket> {
    const socket = await RawSocket.connect(url);
    try {
      socket.bytes(handshake(options));
      const head = await socket.head();
      const [, status] = /^HTTP\/1\.1 (\d{3})/.exec(head) ?? [];
      if (status === "101") return socket;
      const headers = new Headers(
        head.split("\r\n").slice(1).filter((line) => line.includes(":"))
          .map((line): [string, string] => {
            const colon = line.indexOf(":");
            return [line.slice(0, colon), line.slice(colon + 1).trim()];
          }),
      );
      throw new RefusedUpgrade(Number(status), headers);
    } catch (error) {
      await socket[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Sends bytes as they are, behind those sent before. Nothing is thrown where the peer is gone. */
  bytes(data: Uint8Array | string): Promise<unknown> {
    const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
    return this.#sending = this.#sending.then(() => this.#write(bytes)).catch(() => {
      this.#isOver = true;
    });
  }

  /** Sends one frame. */
  frame(
    opcode: number,
    payload: Uint8Array | string,
    options: FrameOptions = {},
  ): Promise<unknown> {
    return this.bytes(encodeFrame(opcode, payload, options));
  }

  /** Sends a text frame: text as it is, anything else as JSON. */
  text(value: unknown): Promise<unknown> {
    return this.frame(OPCODE.text, typeof value === "string" ? value : JSON.stringify(value));
  }

  /** Whether bytes can still go, as far as was noticed. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** What comes next. Pings are answered on the way. */
  async next(ms = WAIT_MS): Promise<Heard> {
    return await within(this.#next(), ms, "the next frame");
  }

  /** The next text, read. */
  // deno-lint-ignore no-explicit-any -- whatever the server says is looked at by the test
  async json(ms?: number): Promise<any> {
    const heard = await this.next(ms);
    if (heard.kind === "text") return JSON.parse(heard.text);
    throw new Error(`Expected a text frame, but heard ${JSON.stringify(heard)}`);
  }

  /** Reads until the connection is over; answers the close frame, or 1006 where there was none. */
  async closed(ms = WAIT_MS): Promise<{ code: number; reason: string }> {
    const end = async () => {
      for (;;) {
        const heard = await this.#next();
        if (heard.kind === "close") return { code: heard.code, reason: heard.reason };
        if (heard.kind === "end") return { code: 1006, reason: "" };
      }
    };
    return await within(end(), ms, "the end of the connection");
  }

  /** Reads the head of an HTTP answer. */
  async head(): Promise<string> {
    const read = async () => {
      for (;;) {
        const text = new TextDecoder().decode(this.#buffer);
        const end = text.indexOf("\r\n\r\n");
        if (end >= 0) {
          this.#buffer = this.#buffer.slice(end + 4);
          return text.slice(0, end);
        }
        if (!await this.#fill()) throw new Error("Connection ended before an answer came");
      }
    };
    return await within(read(), WAIT_MS, "the head of the answer");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    try {
      this.#connection.close();
    } catch {
      // It was closed before.
    }
    await this.#sending;
  }

  async #write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) at += await this.#connection.write(bytes.subarray(at));
  }

  async #next(): Promise<Heard> {
    for (;;) {
      if (!await this.#need(2)) return { kind: "end" };
      const opcode = (this.#buffer[0] ?? 0) & 15;
      const short = (this.#buffer[1] ?? 0) & 127;
      const head = short === 127 ? 10 : short === 126 ? 4 : 2;
      if (!await this.#need(head)) return { kind: "end" };
      const view = new DataView(this.#buffer.buffer, this.#buffer.byteOffset);
      const length = short === 127
        ? Number(view.getBigUint64(2))
        : short === 126
        ? view.getUint16(2)
        : short;
      if (!await this.#need(head + length)) return { kind: "end" };
      const payload = this.#buffer.slice(head, head + length);
      this.#buffer = this.#buffer.slice(head + length);
      const text = new TextDecoder().decode(payload);
      if (opcode === OPCODE.text) return { kind: "text", text };
      if (opcode === OPCODE.pong) return { kind: "pong", text };
      if (opcode === OPCODE.ping) await this.frame(OPCODE.pong, payload);
      if (opcode !== OPCODE.close) continue;
      const code = length < 2 ? 1005 : ((payload[0] ?? 0) << 8) | (payload[1] ?? 0);
      await this.frame(OPCODE.close, payload.slice(0, 2));
      return { kind: "close", code, reason: new TextDecoder().decode(payload.slice(2)) };
    }
  }

  async #need(bytes: number): Promise<boolean> {
    while (this.#buffer.length < bytes) if (!await this.#fill()) return false;
    return true;
  }

  async #fill(): Promise<boolean> {
    const chunk = new Uint8Array(64 * 1024);
    const read = await this.#connection.read(chunk).catch(() => null);
    if (read === null) return false;
    const joined = new Uint8Array(this.#buffer.length + read);
    joined.set(this.#buffer);
    joined.set(chunk.subarray(0, read), this.#buffer.length);
    this.#buffer = joined;
    return true;
  }
}

/** The opening handshake (RFC 6455 §4.1). A header that is empty is left out. */
export function handshake({ path = "/", headers = {} }: RawSocketOptions = {}): string {
  const all = {
    host: "titan.example",
    upgrade: "websocket",
    connection: "Upgrade",
    "sec-websocket-key": KEY,
    "sec-websocket-version": "13",
    ...headers,
  };
  const lines = Object.entries(all).filter(([, value]) => value !== "")
    .map(([name, value]) => `${name}: ${value}`);
  return `GET ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`;
}

/** One frame (RFC 6455 §5.2), masked with a mask that a test can read through. */
export function encodeFrame(
  opcode: number,
  payload: Uint8Array | string,
  { final = true, masked = true, reserved = 0, claims }: FrameOptions = {},
): Uint8Array {
  const data = typeof payload === "string" ? new TextEncoder().encode(payload) : payload;
  const length = claims ?? data.length;
  const extra = length > 0xffff ? 8 : length > 125 ? 2 : 0;
  const frame = new Uint8Array(2 + extra + (masked ? 4 : 0) + data.length);
  const view = new DataView(frame.buffer);
  frame[0] = (final ? 0x80 : 0) | reserved | opcode;
  frame[1] = (masked ? 0x80 : 0) | (extra === 8 ? 127 : extra === 2 ? 126 : length);
  if (extra === 8) view.setBigUint64(2, BigInt(length));
  if (extra === 2) view.setUint16(2, length);
  // The mask is 0, 0, 0, 0.
  frame.set(data, frame.length - data.length);
  return frame;
}
