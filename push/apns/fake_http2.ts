/**
 * An HTTP/2 server over TLS that a test holds in its hand frame by frame: it can answer in part,
 * reset, and go away in the middle, which no server of a library lets one do. `node:http2` of Deno
 * 2.9 is no choice either: the process crashes once a connection ends that had many streams.
 *
 * @module
 */
import { TEST_CERTIFICATE, TEST_KEY } from "../contract/test_certificate.ts";
import { FakeConnection, type FakeHttp2Handler } from "./fake_connection.ts";

export type { FakeHttp2Handler, FakeStream } from "./fake_connection.ts";

/** A server on a free port of 127.0.0.1. */
export class FakeHttp2Server implements AsyncDisposable {
  readonly #listener: Deno.TlsListener;
  readonly #handler: FakeHttp2Handler;
  readonly #ends: Promise<void>;
  readonly connections = new Set<FakeConnection>();
  /** How many streams a new connection may have. */
  readonly #streamsMax: number;
  #isDisposed = false;
  #refused = 0;
  /** How many connections there have been. */
  opened = 0;

  constructor(handler: FakeHttp2Handler, streamsMax: number) {
    this.#handler = handler;
    this.#streamsMax = streamsMax;
    this.#listener = Deno.listenTls({
      hostname: "127.0.0.1",
      port: 0,
      cert: TEST_CERTIFICATE,
      key: TEST_KEY,
      alpnProtocols: ["h2"],
    });
    this.#ends = this.#acceptAll();
  }

  /** Requests that came although their connection had as many as it may have. */
  get refused(): number {
    return Array.from(this.connections).reduce((sum, { refused }) => sum + refused, this.#refused);
  }

  get url(): string {
    return `https://127.0.0.1:${this.#listener.addr.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isDisposed) this.#listener.close();
    this.#isDisposed = true;
    for (const connection of this.connections) connection.cut();
    await this.#ends;
  }

  async #acceptAll(): Promise<void> {
    const ends = new Set<Promise<void>>();
    for await (const socket of this.#listener) {
      this.opened++;
      const connection = new FakeConnection(socket, this.#handler, this.#streamsMax);
      this.connections.add(connection);
      const end = connection.serve().then(() => {
        this.#refused += connection.refused;
        this.connections.delete(connection);
        ends.delete(end);
        this.#handler.changed();
      });
      ends.add(end);
      this.#handler.changed();
    }
    await Promise.all(ends);
  }
}
