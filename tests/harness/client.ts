/**
 * A client over a real WebSocket that does what a test tells it, and notes all that it hears.
 *
 * @module
 */
import { confide } from "./secrecy.ts";
import { Changes, within } from "./wait_for.ts";

/** One message of a `msg.recv`. */
export interface ReceivedMessage {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly time: string;
  readonly message: string;
  readonly redelivered?: number;
}

/** One `msg.recv`. */
export interface Delivery {
  /** The id of the request, to answer it by. */
  readonly id: string | number;
  readonly messages: readonly ReceivedMessage[];
}

/** One `msg.receipt`. */
export interface ReceivedReceipt {
  readonly id: string;
  readonly to: string;
  readonly state: string;
  readonly time: string;
}

/** What the answer to a sign-in in the object form holds. */
export interface SignedIn {
  readonly user: string;
  readonly device: string;
  readonly pending: number;
  readonly window: number;
  readonly limits: Readonly<Record<string, number>>;
  readonly heartbeat: number;
  readonly epoch: string;
}

/** What a `msg.send` by name answers. */
export interface SendReport {
  readonly accepted: readonly {
    readonly index: number;
    readonly id: string;
    readonly time: string;
    readonly cid?: string;
    readonly duplicate?: true;
  }[];
  readonly rejected: readonly {
    readonly index: number;
    readonly code: number;
    readonly message: string;
    readonly retryable: boolean;
    readonly retryAfter?: number;
  }[];
}

/** How to connect. */
export interface ClientOptions {
  /** Signs in with `auth.jwt` as soon as the connection is open. */
  readonly token?: string;
  readonly device?: string;
  readonly window?: number;
  readonly receipts?: boolean;
  readonly start?: "oldest" | "newest";
  /** Whether to acknowledge every `msg.recv` when it comes. @default {true} */
  readonly acknowledge?: boolean;
  /** Whether to answer a `ping` of the server. @default {true} */
  readonly pong?: boolean;
  /** Subprotocols of the upgrade request. */
  readonly protocols?: readonly string[];
  /** Headers of the upgrade request. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** An error that the server answered. */
export class AnsweredError extends Error {
  override readonly name = "AnsweredError";
  readonly code: number;
  readonly data: Readonly<Record<string, unknown>>;

  constructor(error: { code: number; message: string; data?: Record<string, unknown> }) {
    super(error.message);
    this.code = error.code;
    this.data = error.data ?? {};
  }
}

/** How a connection ended. */
export interface Closed {
  readonly code: number;
  readonly reason: string;
}

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** One connection of one device. Disposing of it closes it. */
export class TestClient implements AsyncDisposable {
  /** Every `msg.recv`, in order. */
  readonly deliveries: Delivery[] = [];
  /** Every message, as often as it came, in order. */
  readonly messages: ReceivedMessage[] = [];
  readonly receipts: ReceivedReceipt[] = [];
  /** `queue.empty` notifications. */
  empties = 0;
  /** Answers that belong to no request, such as errors with the id null. */
  readonly strays: unknown[] = [];
  /** Resolves when the connection is over. */
  readonly closed: Promise<Closed>;
  /** What the sign-in answered, where there was one. */
  welcome: SignedIn | undefined;
  readonly #socket: WebSocket;
  readonly #options: ClientOptions;
  readonly #waiting = new Map<number, Waiting>();
  readonly #changes = new Changes();
  #requests = 0;

  private constructor(socket: WebSocket, options: ClientOptions) {
    this.#socket = socket;
    this.#options = options;
    socket.addEventListener("message", ({ data }) => this.#frame(data));
    const { promise, resolve } = Promise.withResolvers<Closed>();
    this.closed = promise;
    socket.addEventListener("close", ({ code, reason }) => {
      const error = new Error(`the connection is closed (${code} ${reason})`);
      for (const waiting of this.#waiting.values()) waiting.reject(error);
      this.#waiting.clear();
      this.#changes.end(error);
      resolve({ code, reason });
    });
  }

  /**
   * Connects, and signs in where there is a token.
   *
   * @param url of the server, `http:` or `ws:`
   * @throws {AnsweredError} the sign-in was refused.
   */
  static async connect(url: string, options: ClientOptions = {}): Promise<TestClient> {
    const { token, protocols = [], headers } = options;
    const socket = new WebSocket(url.replace(/^http/, "ws"), {
      protocols: [...protocols],
      ...(headers === undefined ? {} : { headers: { ...headers } }),
    });
    const client = new TestClient(socket, options);
    try {
      await client.#opened();
      if (token !== undefined) await client.signIn(token);
      return client;
    } catch (error) {
      await client.close();
      throw error;
    }
  }

  /** Whether frames can still go. */
  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  /** The subprotocol that the server confirmed. */
  get protocol(): string {
    return this.#socket.protocol;
  }

  /** Calls a method and answers its result. @throws {AnsweredError} */
  async request(method: string, params?: unknown): Promise<unknown> {
    const id = ++this.#requests;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#waiting.set(id, { resolve, reject });
    this.send({ jsonrpc: "2.0", method, params, id });
    return await within(promise, 30_000, `the answer to ${method}`);
  }

  /** Calls a method and wants no answer. */
  notify(method: string, params?: unknown): void {
    this.send({ jsonrpc: "2.0", method, params });
  }

  /** Signs in in the object form, with what the options of the client say. */
  async signIn(token: string): Promise<SignedIn> {
    const { device, window, receipts = true, start } = this.#options;
    const params = { token, device, window, receipts, start };
    const welcome = await this.request("auth.jwt", params) as SignedIn;
    this.welcome = welcome;
    return welcome;
  }

  /** Sends one message by name, and answers its id. @throws {AnsweredError} it was refused. */
  async sendMessage(to: string, message: string, options: { cid?: string; ttl?: number } = {}) {
    const { accepted, rejected } = await this.sendMessages([{ to, message, ...options }]);
    const [refusal] = rejected;
    if (refusal !== undefined) throw new AnsweredError(refusal);
    const [entry] = accepted;
    if (entry === undefined) throw new Error("Server answered neither way");
    return entry.id;
  }

  /** Sends messages by name. */
  async sendMessages(messages: readonly object[]): Promise<SendReport> {
    return await this.request("msg.send", { messages }) as SendReport;
  }

  /** Sends a frame: text as it is, bytes as a binary frame, anything else as JSON. */
  send(frame: unknown): void {
    if (typeof frame === "string") this.#socket.send(frame);
    else if (frame instanceof Uint8Array) this.#socket.send(new Uint8Array(frame));
    else this.#socket.send(JSON.stringify(confide(frame)));
  }

  /** Acknowledges a `msg.recv`: all of it, or some ids. */
  acknowledge({ id }: Delivery, ids?: readonly string[]): void {
    this.send({ jsonrpc: "2.0", result: ids === undefined ? "ACK" : { ack: ids }, id });
  }

  /** Refuses a `msg.recv`. */
  refuse({ id }: Delivery): void {
    this.send({ jsonrpc: "2.0", error: { code: 1, message: "Refused by the test" }, id });
  }

  /** Waits until messages have come, counted from the start of the connection. */
  async received(count: number): Promise<readonly ReceivedMessage[]> {
    const { messages } = this;
    const enough = () => messages.length >= count ? messages : undefined;
    const state = () => `${messages.length} came`;
    return await this.#changes.until(enough, `${count} messages`, { state });
  }

  /** Waits until something is true of this client; looked at whenever a frame has come. */
  async until<T>(condition: () => T | undefined, what: string, ms = 10_000): Promise<T> {
    return await this.#changes.until(condition, what, { ms });
  }

  /** Waits for a receipt of one message. */
  async receiptOf(id: string): Promise<ReceivedReceipt> {
    return await this.until(
      () => this.receipts.find((receipt) => receipt.id === id),
      `the receipt of ${id}`,
    );
  }

  /** Closes the connection and waits for its end. */
  async close(): Promise<Closed> {
    this.#socket.close();
    return await within(this.closed, 10_000, "the end of the connection");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #opened(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#socket.addEventListener("open", () => resolve());
    this.#socket.addEventListener("error", (event) => {
      reject(new Error(event instanceof ErrorEvent ? event.message : "Connection failed"));
    });
    await within(promise, 10_000, "the connection");
  }

  #frame(data: unknown): void {
    const parsed = JSON.parse(String(data));
    for (const frame of Array.isArray(parsed) ? parsed : [parsed]) this.#take(frame);
    this.#changes.note();
  }

  // deno-lint-ignore no-explicit-any -- whatever the server says is looked at by the test
  #take(frame: any): void {
    if (frame.method !== undefined) return this.#called(frame);
    const waiting = this.#waiting.get(frame.id);
    if (waiting === undefined) {
      this.strays.push(frame);
      return;
    }
    this.#waiting.delete(frame.id);
    if (frame.error === undefined) waiting.resolve(frame.result);
    else waiting.reject(new AnsweredError(frame.error));
  }

  // deno-lint-ignore no-explicit-any -- as above
  #called({ method, params, id }: any): void {
    const { acknowledge = true, pong = true } = this.#options;
    if (method === "msg.recv") {
      const delivery = { id, messages: params };
      this.deliveries.push(delivery);
      this.messages.push(...params);
      if (acknowledge) this.acknowledge(delivery);
    } else if (method === "msg.receipt") this.receipts.push(params);
    else if (method === "queue.empty") this.empties++;
    else if (method === "ping" && pong) this.send({ jsonrpc: "2.0", result: "pong", id });
  }
}
