/**
 * The connections under `node:https`.
 *
 * @module
 */
import { Agent, type AgentOptions } from "node:https";
import type { Socket } from "node:net";
import type { Connect } from "./tls_connection.ts";

/** Opens connections to one origin, whatever the requests say, and can end them. */
export class OriginAgent extends Agent {
  readonly #origin: URL;
  readonly #connect: Connect;
  readonly #sockets = new Set<Socket>();
  #hasEnded = false;

  /** @param origin where all connections lead to */
  constructor(origin: URL, connect: Connect, options: AgentOptions) {
    super(options);
    this.#origin = origin;
    this.#connect = connect;
  }

  /** Whether it was told to end. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Opens a connection. */
  override createConnection(): Socket {
    const { hostname, port } = this.#origin;
    // Sockets take addresses of IPv6 without the brackets that they have in a URL.
    const socket = this.#connect(hostname.replace(/^\[(.*)\]$/, "$1"), Number(port || 443));
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    return socket;
  }

  /** Ends all connections, whatever goes over them. */
  async end(): Promise<void> {
    this.#hasEnded = true;
    this.destroy();
    const closed = [...this.#sockets].map((socket) =>
      new Promise((resolve) => socket.once("close", resolve).destroy())
    );
    await Promise.all(closed);
  }
}
