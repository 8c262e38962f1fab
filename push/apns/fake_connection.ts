/**
 * One connection of a client to a local HTTP/2 server, frame by frame (RFC 9113).
 *
 * @module
 */
import { type Field, HeaderReader, writeHeaders } from "./fake_hpack.ts";

/** RFC 9113 §6. */
const FRAME = {
  data: 0,
  headers: 1,
  reset: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
} as const;

const END_STREAM = 0x1;
const ACK = 0x1;
const END_HEADERS = 0x4;
const PADDED = 0x8;
const PRIORITY = 0x20;

/** RFC 9113 §6.5.2. */
const MAX_CONCURRENT_STREAMS = 0x3;

/** RFC 9113 §7. */
const REFUSED_STREAM = 0x7;

/** "PRI * HTTP/2.0..." (RFC 9113 §3.4). */
const PREFACE_BYTES = 24;

const FRAME_HEAD_BYTES = 9;

/** What a client may send before it is told that there may be more (RFC 9113 §6.9.2). */
const WINDOW_BYTES = 65_535;

/** What is sent in one answer at the most, in bytes: what a client takes without being asked. */
const BODY_BYTES_MAX = 60_000;

/** A request, and how it is answered. */
export class FakeStream {
  readonly connection: FakeConnection;
  readonly id: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly chunks: Uint8Array<ArrayBuffer>[] = [];

  constructor(connection: FakeConnection, id: number, headers: ReadonlyMap<string, string>) {
    this.connection = connection;
    this.id = id;
    this.headers = headers;
  }

  /** The body, once it is there. */
  get body(): Promise<string> {
    return new Blob(this.chunks).text();
  }

  /** Whether it may still be answered. */
  get isOpen(): boolean {
    return this.connection.streams.get(this.id) === this;
  }

  /** Answers; where `whole` is false the answer goes on. */
  respond(status: number, fields: readonly Field[], body: string, whole = true): void {
    if (!this.isOpen) return;
    const bytes = new TextEncoder().encode(body).subarray(0, BODY_BYTES_MAX);
    const block = writeHeaders([[":status", `${status}`], ...fields]);
    const end = whole ? END_STREAM : 0;
    const isBare = bytes.length === 0;
    this.connection.write(FRAME.headers, END_HEADERS | (isBare ? end : 0), this.id, block);
    // RFC 9113 §4.2: frames of 16 KiB are taken by everybody.
    for (let start = 0; start < bytes.length; start += 16_384) {
      const part = bytes.subarray(start, start + 16_384);
      const flags = start + part.length === bytes.length ? end : 0;
      this.connection.write(FRAME.data, flags, this.id, part);
    }
    if (whole) this.connection.forget(this);
  }

  /** Ends it without an answer. */
  reset(code: number): void {
    if (!this.isOpen) return;
    this.connection.write(FRAME.reset, 0, this.id, uint32(code));
    this.connection.forget(this);
  }

  /** Ends it as if an answer had been there: against the protocol (RFC 9113 §8.1). */
  endWithoutStatus(): void {
    if (!this.isOpen) return;
    this.connection.write(FRAME.data, END_STREAM, this.id, new Uint8Array());
    this.connection.forget(this);
  }
}

/** What a server does with what it reads. */
export interface FakeHttp2Handler {
  /** A request is there, with its body. */
  request(stream: FakeStream): void;
  /** A connection came or went, or a request was given up. */
  changed(): void;
}

/** One connection of a client. */
export class FakeConnection {
  readonly #socket: Deno.TlsConn;
  readonly #handler: FakeHttp2Handler;
  readonly #reader = new HeaderReader();
  /** Requests that are not answered yet, by their id. */
  readonly streams = new Map<number, FakeStream>();
  #streamsMax: number;
  #outgoing: Uint8Array<ArrayBuffer>[] = [];
  #isWriting = false;
  #unacknowledged = 0;
  /** Requests that came although there were as many as there may be. */
  refused = 0;

  constructor(socket: Deno.TlsConn, handler: FakeHttp2Handler, streamsMax: number) {
    this.#socket = socket;
    this.#handler = handler;
    this.#streamsMax = streamsMax;
  }

  /** How many streams there may be. */
  get streamsMax(): number {
    return this.#streamsMax;
  }

  /** Serves until the connection is over, however it ends. */
  async serve(): Promise<void> {
    try {
      await this.#socket.handshake();
      this.limit(this.#streamsMax);
      await this.#readAll();
    } catch {
      // The client has left, or does not trust the server.
    }
    this.cut();
    this.streams.clear();
  }

  /** Says how many streams there may be. */
  limit(streamsMax: number): void {
    this.#streamsMax = streamsMax;
    const payload = Uint8Array.of(0, MAX_CONCURRENT_STREAMS, ...uint32(streamsMax));
    this.write(FRAME.settings, 0, 0, payload);
  }

  /** Says that nothing is taken any more after a stream (RFC 9113 §6.8). */
  goAway(lastId: number): void {
    this.write(FRAME.goaway, 0, 0, Uint8Array.of(...uint32(lastId), ...uint32(0)));
  }

  /** Ends the connection at once. */
  cut(): void {
    try {
      this.#socket.close();
    } catch {
      // It is over already.
    }
  }

  /** What is written before is sent, then the connection is cut. */
  cutWhenWritten(): void {
    this.#outgoing.push(new Uint8Array());
    void this.#flush(true);
  }

  /** A stream is over. */
  forget(stream: FakeStream): void {
    if (this.streams.delete(stream.id)) this.#handler.changed();
  }

  /** Sends a frame. */
  write(type: number, flags: number, id: number, payload: Uint8Array<ArrayBuffer>): void {
    const frame = new Uint8Array(FRAME_HEAD_BYTES + payload.length);
    frame.set([...uint32(payload.length).subarray(1), type, flags, ...uint32(id)]);
    frame.set(payload, FRAME_HEAD_BYTES);
    this.#outgoing.push(frame);
    void this.#flush(false);
  }

  async #flush(cut: boolean): Promise<void> {
    if (this.#isWriting && !cut) return;
    this.#isWriting = true;
    try {
      // What one turn writes goes out together.
      await null;
      while (this.#outgoing.length > 0) {
        const bytes = new Uint8Array(await new Blob(this.#outgoing.splice(0)).arrayBuffer());
        for (let sent = 0; sent < bytes.length;) {
          sent += await this.#socket.write(bytes.subarray(sent));
        }
      }
    } catch {
      // The client has left.
    }
    this.#isWriting = false;
    if (cut) this.cut();
  }

  async #readAll(): Promise<void> {
    let pending = new Uint8Array();
    let isGreeted = false;
    const chunk = new Uint8Array(65_536);
    for (;;) {
      const count = await this.#socket.read(chunk);
      if (count === null) return;
      const bytes = new Uint8Array(pending.length + count);
      bytes.set(pending);
      bytes.set(chunk.subarray(0, count), pending.length);
      let offset = 0;
      if (!isGreeted && bytes.length >= PREFACE_BYTES) [isGreeted, offset] = [true, PREFACE_BYTES];
      if (isGreeted) offset += this.#readFrames(bytes.subarray(offset));
      pending = bytes.slice(offset);
    }
  }

  /** Reads what is there as a whole, and answers how many bytes that was. */
  #readFrames(bytes: Uint8Array<ArrayBuffer>): number {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let offset = 0;
    while (bytes.length - offset >= FRAME_HEAD_BYTES) {
      const end = offset + FRAME_HEAD_BYTES + (view.getUint32(offset) >>> 8);
      if (end > bytes.length) break;
      const [type, flags] = [view.getUint8(offset + 3), view.getUint8(offset + 4)];
      const id = view.getUint32(offset + 5);
      this.#take(type, flags, id, bytes.slice(offset + FRAME_HEAD_BYTES, end));
      offset = end;
    }
    return offset;
  }

  #take(type: number, flags: number, id: number, payload: Uint8Array<ArrayBuffer>): void {
    if (type === FRAME.headers) this.#open(id, flags, payload);
    if (type === FRAME.data) this.#fill(id, flags, payload);
    if (type === FRAME.settings && (flags & ACK) === 0) {
      this.write(FRAME.settings, ACK, 0, new Uint8Array());
    }
    if (type === FRAME.ping && (flags & ACK) === 0) this.write(FRAME.ping, ACK, 0, payload);
    const stream = this.streams.get(id);
    if (type === FRAME.reset && stream !== undefined) this.forget(stream);
  }

  #open(id: number, flags: number, payload: Uint8Array<ArrayBuffer>): void {
    const start = (flags & PADDED ? 1 : 0) + (flags & PRIORITY ? 5 : 0);
    const end = payload.length - (flags & PADDED ? payload[0] ?? 0 : 0);
    const stream = new FakeStream(this, id, this.#reader.read(payload.subarray(start, end)));
    const isFull = this.streams.size >= this.#streamsMax;
    this.streams.set(id, stream);
    if (isFull) this.#refuse(stream);
    else if ((flags & END_STREAM) !== 0) this.#handler.request(stream);
  }

  #refuse(stream: FakeStream): void {
    this.refused++;
    stream.reset(REFUSED_STREAM);
  }

  #fill(id: number, flags: number, payload: Uint8Array<ArrayBuffer>): void {
    // As much as was read may be sent again (RFC 9113 §6.9). Not at once: a small write of its own
    // would have the answer wait until the client's kernel has acknowledged it.
    this.#unacknowledged += payload.length;
    if (this.#unacknowledged > WINDOW_BYTES / 2) {
      this.write(FRAME.windowUpdate, 0, 0, uint32(this.#unacknowledged));
      this.#unacknowledged = 0;
    }
    const stream = this.streams.get(id);
    if (stream === undefined) return;
    stream.chunks.push(payload);
    if ((flags & END_STREAM) !== 0) this.#handler.request(stream);
  }
}

function uint32(value: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}
