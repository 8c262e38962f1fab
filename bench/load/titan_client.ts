/**
 * A chat client of Titan: JSON-RPC over the runtime's own WebSocket, in the shortest forms that the
 * protocol has.
 *
 * @module
 */
import type { ChatClient, ChatHandler, Connect } from "./chat_client.ts";

const SIGN_IN = "sign-in";

/** What the server says, as far as this client looks at it. */
interface Frame {
  readonly id?: string;
  readonly method?: string;
  readonly params?: readonly { readonly message: string }[];
  readonly error?: { readonly code: number; readonly message: string };
}

/**
 * Clients of one server.
 *
 * @param address `host:port`
 * @param sign makes a token for a user
 */
export function connectTitan(address: string, sign: (user: string) => Promise<string>): Connect {
  return async (user, handler) => {
    const client = new TitanClient(new WebSocket(`ws://${address}/`), handler);
    await client.signIn(await sign(user));
    return client;
  };
}

class TitanClient implements ChatClient {
  readonly #socket: WebSocket;
  readonly #handler: ChatHandler;
  readonly #opened = Promise.withResolvers<void>();
  readonly #signedIn = Promise.withResolvers<void>();
  #sent = 0;
  #isClosing = false;

  constructor(socket: WebSocket, handler: ChatHandler) {
    this.#socket = socket;
    this.#handler = handler;
    socket.onopen = () => this.#opened.resolve();
    socket.onmessage = ({ data }) => this.#take(JSON.parse(data));
    socket.onclose = ({ code, reason }) => this.#closed(code, reason);
  }

  async signIn(token: string): Promise<void> {
    await this.#opened.promise;
    const request = { jsonrpc: "2.0", id: SIGN_IN, method: "auth.jwt", params: { token } };
    this.#socket.send(JSON.stringify(request));
    await this.#signedIn.promise;
  }

  send(to: string, message: string): void {
    const id = `s${++this.#sent}`;
    const request = { jsonrpc: "2.0", id, method: "msg.send", params: [{ to, message }] };
    this.#socket.send(JSON.stringify(request));
  }

  close(): void {
    this.#isClosing = true;
    this.#socket.close();
  }

  #take({ id, method, params = [], error }: Frame): void {
    if (error !== undefined) this.#fail(`Server answered ${error.code}: ${error.message}`);
    else if (method === "msg.recv") {
      this.#socket.send(JSON.stringify({ jsonrpc: "2.0", id, result: "ACK" }));
      for (const { message } of params) this.#handler.received(message);
    } else if (method === "ping") {
      this.#socket.send(JSON.stringify({ jsonrpc: "2.0", id, result: "pong" }));
    } else if (id === SIGN_IN) this.#signedIn.resolve();
    else if (id !== undefined) this.#handler.acknowledged();
  }

  #closed(code: number, reason: string): void {
    if (!this.#isClosing) this.#fail(`Connection closed: ${code} ${reason}`);
  }

  #fail(message: string): void {
    const error = new Error(message);
    this.#opened.reject(error);
    this.#signedIn.reject(error);
    this.#handler.failed(error);
  }
}
