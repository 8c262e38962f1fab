/**
 * A local server of HTTP/1.1 over TLS.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { connect } from "node:tls";
import { TEST_CA, TEST_CERTIFICATE, TEST_KEY } from "../../contract/test_certificate.ts";

/** A request, read to its end. */
export interface LocalRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** Answers a request. */
export type LocalHandler = (request: LocalRequest, response: ServerResponse) => unknown;

/** Listens on a free port of 127.0.0.1. */
export class LocalHttps implements AsyncDisposable {
  readonly #server: Server = createServer({ cert: TEST_CERTIFICATE, key: TEST_KEY });
  readonly #sockets = new Set<Socket>();
  readonly #changed: () => void;
  #closed: Promise<void> | undefined;

  private constructor(handle: LocalHandler, changed: () => void) {
    this.#changed = changed;
    this.#server.on("connection", (socket: Socket) => this.#enter(socket));
    this.#server.on("request", async (request: IncomingMessage, response: ServerResponse) => {
      const { method = "", url = "", headers } = request;
      const body = await readText(request);
      if (body !== null) await handle({ method, path: url, headers, body }, response);
    });
  }

  /** @param changed is called when a connection opens or ends */
  static async open(handle: LocalHandler, changed: () => void = () => {}): Promise<LocalHttps> {
    const local = new LocalHttps(handle, changed);
    const { promise, resolve } = Promise.withResolvers<void>();
    local.#server.listen(0, "127.0.0.1", resolve);
    await promise;
    return local;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get origin(): URL {
    return new URL(`https://127.0.0.1:${this.port}`);
  }

  /** Connections that are open. */
  get connections(): number {
    return this.#sockets.size;
  }

  /** Connects here, whatever host is meant; the certificate must be of that host. */
  connect(host: string): Socket {
    const { port } = this;
    const name = /^[\d.]+$/.test(host) ? {} : { servername: host };
    return connect({ host: "127.0.0.1", port, ...name, ca: [TEST_CA] });
  }

  /** Cuts all connections. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    this.cut();
    await promise;
  }

  #enter(socket: Socket): void {
    this.#sockets.add(socket);
    this.#changed();
    socket.on("error", () => {});
    socket.once("close", () => {
      this.#sockets.delete(socket);
      this.#changed();
    });
  }
}

/** The body of a request; null where it was cut off. */
async function readText(request: IncomingMessage): Promise<string | null> {
  const decoder = new TextDecoder();
  let text = "";
  try {
    for await (const chunk of request) text += decoder.decode(chunk, { stream: true });
  } catch {
    return null;
  }
  return text + decoder.decode();
}
