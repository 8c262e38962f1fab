/**
 * JSON-RPC 2.0 over one WebSocket, from the client's side.
 *
 * @module
 */
import { z } from "zod";
import type { Clock } from "../../clock.ts";
import type { End } from "./reconnect.ts";

/** How long a server may take to open a connection, and to answer a probe, in milliseconds. */
const ANSWER_MS_MAX = 10_000;

/** How long a server may take to close a connection, in milliseconds. */
const CLOSE_MS_MAX = 1000;

/** The code of a connection that broke without a word (RFC 6455 §7.1.5). */
const BROKEN = 1006;

/** What this end says of a server that it cannot go on with (RFC 6455 §7.4.1). */
const NOT_TITAN: End = { code: 1002, reason: "Server does not speak as Titan does" };
const SILENT: End = { code: BROKEN, reason: "Server is silent" };

const frameSchema = z.object({
  id: z.union([z.string(), z.number(), z.null()]).optional(),
  method: z.string().optional(),
  params: z.unknown().optional(),
  result: z.unknown().optional(),
  error: z.object({
    message: z.string(),
    data: z.object({ retryable: z.boolean(), retryAfter: z.number() }).partial().optional(),
  }).optional(),
});

/** The server cannot be reached, or does not want this connection. */
export class ConnectError extends Error {
  override readonly name = "ConnectError";
  /** The HTTP status, where the server answered with one. */
  readonly status: number | undefined;

  /** @param message what Deno says of it */
  constructor(message: string) {
    super(message.replace(/^NetworkError: failed to connect to WebSocket: /, ""));
    const [, status] = /status code: (\d+)/.exec(message) ?? [];
    this.status = status === undefined ? undefined : Number(status);
  }
}

/** The server answered a request with an error. */
export class AnswerError extends Error {
  override readonly name = "AnswerError";
  /** Whether the same request can succeed later. */
  readonly retryable: boolean;
  /** Seconds after which it can. */
  readonly retryAfter: number;

  constructor(message: string, retryable: boolean, retryAfter: number) {
    super(message);
    this.retryable = retryable;
    this.retryAfter = retryAfter;
  }
}

/** The connection ended before the answer. */
export class EndedError extends Error {
  override readonly name = "EndedError";
}

/** Whoever a connection serves. */
export interface RpcPeer {
  /** Answers a request of the server; what it throws becomes an error. */
  answer(method: string, params: unknown): Promise<unknown>;
  /** Hears a notification of the server. */
  notified(method: string, params: unknown): void;
}

/** A connection, as a chat uses it. */
export interface RpcConnection {
  /** Resolves when the connection is over. */
  readonly ended: Promise<End>;
  /** Whether the connection is over. */
  readonly isEnded: boolean;
  /** Calls a method. @throws {AnswerError} @throws {EndedError} */
  call(method: string, params: unknown): Promise<unknown>;
  /** From now on, asks a server that is silent for so long whether it lives. */
  probeAfter(ms: number): void;
  /** Leaves, and waits until all that was sent is out. */
  close(): Promise<void>;
}

/** How to connect. */
export interface RpcSocketOptions {
  readonly url: string;
  readonly protocols: readonly string[];
  readonly clock: Clock;
  readonly peer: RpcPeer;
}

/** A connection over a WebSocket. */
export class RpcSocket implements RpcConnection {
  readonly ended: Promise<End>;
  readonly #socket: WebSocket;
  readonly #clock: Clock;
  readonly #peer: RpcPeer;
  readonly #end: (end: End) => void;
  readonly #calls = new Map<number, PromiseWithResolvers<unknown>>();
  /** Requests of the server are answered one after the other. */
  #answering: Promise<void> = Promise.resolve();
  #callCount = 0;
  #isClosing = false;
  #isEnded = false;
  #cancelProbe: (() => void) | null = null;
  #probeMs = 0;

  private constructor(socket: WebSocket, { clock, peer }: RpcSocketOptions) {
    const { promise, resolve } = Promise.withResolvers<End>();
    this.ended = promise;
    this.#end = resolve;
    this.#socket = socket;
    this.#clock = clock;
    this.#peer = peer;
    socket.onmessage = ({ data }) => this.#heard(data);
    socket.onclose = ({ code, reason }) => this.#over({ code: code || BROKEN, reason });
  }

  /** Connects. @throws {ConnectError} */
  static async open(options: RpcSocketOptions): Promise<RpcSocket> {
    const socket = new WebSocket(options.url, [...options.protocols]);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const cancel = options.clock.after(ANSWER_MS_MAX, () => {
      reject(new ConnectError("No answer"));
      socket.close();
    });
    socket.onopen = () => resolve();
    socket.onerror = (event) => {
      reject(new ConnectError(event instanceof ErrorEvent ? event.message : "Connection failed"));
    };
    const rpc = new RpcSocket(socket, options);
    try {
      await promise;
      return rpc;
    } finally {
      cancel();
    }
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  async call(method: string, params: unknown): Promise<unknown> {
    if (this.#isEnded) throw new EndedError("Connection is over");
    const id = ++this.#callCount;
    const call = Promise.withResolvers<unknown>();
    this.#calls.set(id, call);
    this.#send({ method, params, id });
    return await call.promise;
  }

  probeAfter(ms: number): void {
    this.#probeMs = ms;
    this.#probeLater();
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    const cancel = this.#clock.after(CLOSE_MS_MAX, () => this.#fail(SILENT));
    // What is being shown is acknowledged, so that it does not come again.
    await Promise.race([this.#answering, this.ended]);
    this.#socket.close();
    await this.ended;
    cancel();
  }

  #heard(data: unknown): void {
    this.#probeLater();
    let parsed: unknown;
    try {
      parsed = JSON.parse(String(data));
    } catch {
      return this.#fail(NOT_TITAN);
    }
    for (const frame of Array.isArray(parsed) ? parsed : [parsed]) {
      const read = frameSchema.safeParse(frame);
      if (!read.success) return this.#fail(NOT_TITAN);
      this.#take(read.data);
    }
  }

  #take({ id, method, params, result, error }: z.output<typeof frameSchema>): void {
    if (method !== undefined) {
      if (id === undefined) this.#peer.notified(method, params);
      else if (!this.#isClosing) {
        this.#answering = this.#answering.then(() => this.#answer(id, method, params));
      }
      return;
    }
    const call = typeof id === "number" ? this.#calls.get(id) : undefined;
    if (call === undefined || typeof id !== "number") return;
    this.#calls.delete(id);
    if (error === undefined) return call.resolve(result);
    const { retryable = false, retryAfter = 1 } = error.data ?? {};
    call.reject(new AnswerError(error.message, retryable, retryAfter));
  }

  async #answer(id: string | number | null, method: string, params: unknown): Promise<void> {
    try {
      this.#send({ result: await this.#peer.answer(method, params), id });
    } catch {
      this.#send({ error: { code: -32603, message: "Internal error" }, id });
    }
  }

  #send(frame: object): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    this.#socket.send(JSON.stringify({ jsonrpc: "2.0", ...frame }));
  }

  #probeLater(): void {
    this.#cancelProbe?.();
    if (this.#isEnded || this.#probeMs === 0) return;
    this.#cancelProbe = this.#clock.after(this.#probeMs, () => {
      this.#send({ method: "ping", id: "probe" });
      this.#cancelProbe = this.#clock.after(ANSWER_MS_MAX, () => this.#fail(SILENT));
    });
  }

  /** Ends a connection without waiting for the server. */
  #fail(end: End): void {
    this.#socket.close();
    this.#over(end);
  }

  #over(end: End): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#cancelProbe?.();
    for (const { reject } of this.#calls.values()) reject(new EndedError("Connection is over"));
    this.#calls.clear();
    this.#end(end);
  }
}
