/**
 * Requests to push services, over connections of HTTP/1.1 that are kept.
 *
 * Deno's `fetch` resolves the name of a host by itself, after whoever looked at its addresses has
 * done so: a name that then leads elsewhere (DNS rebinding) goes unseen. Here each new connection is
 * made to the very addresses that were looked at, so nothing is left between.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { ClientRequest, IncomingMessage } from "node:http";
import { Agent, request } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import type { Duplex } from "node:stream";
import { connect, type ConnectionOptions } from "node:tls";
import type { Endpoint } from "./endpoint.ts";

/**
 * Answers all addresses of a host, as text.
 *
 * @throws where there are none, with the code of the error where it has one
 */
export type ResolveHost = (host: string) => Promise<readonly string[]>;

/** How connections are made. */
export interface ConnectOptions {
  /** Answers where a host may be connected to. */
  readonly resolve: ResolveHost;
  /** Whom to trust in place of what Deno trusts: certificates in PEM. */
  readonly ca?: string | undefined;
  /** How many connections are kept for what comes next. */
  readonly idleMax: number;
}

/** What is sent. */
export interface PostRequest {
  readonly headers: Readonly<Record<string, string | number>>;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** What came back. */
export interface PostAnswer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  /** The beginning of the body. It is not ours: nothing of it may be told. */
  readonly text: string;
}

/** How much of an answer is read; its connection ends with it. */
const ANSWER_BYTES_MAX = 16 * 1024;

/** How much of it is looked at. */
const TEXT_BYTES_MAX = 1024;

/** How long a connection waits for its next request, in milliseconds. */
const IDLE_MS_MAX = 60_000;

/** Connections to one host. To destroy it ends them, those in use too. */
export class HostAgent extends Agent {
  readonly #secure: ConnectionOptions;

  /** Makes none yet. */
  constructor({ resolve, ca, idleMax }: ConnectOptions) {
    super({ keepAlive: true, maxFreeSockets: idleMax, timeout: IDLE_MS_MAX });
    const trust = ca === undefined ? {} : { ca };
    this.#secure = { ...trust, lookup: lookupBy(resolve), ALPNProtocols: ["http/1.1"] };
  }

  /**
   * Makes a connection. What it takes the place of asks for the permission `--allow-sys`, and does
   * not trust what `DENO_CERT` names.
   */
  override createConnection(options: ConnectionOptions): ReturnType<typeof connect> {
    return connect({ ...options, ...this.#secure });
  }

  /**
   * Gives a request a connection that was kept. Deno sends a request anew, by itself, whose kept
   * connection ends before the answer, be it that we ended it (denoland/deno#36786): a device would
   * get a push twice, and one that was given up would go out again.
   */
  override reuseSocket(socket: Duplex, outgoing: ClientRequest): void {
    super.reuseSocket(socket, outgoing);
    outgoing.reusedSocket = false;
  }
}

/**
 * Sends one request. A redirect is an answer like others: nobody follows it.
 *
 * @throws the reason of the signal where that was aborted before the answer came; else what ended
 *   the connection
 */
export function post(
  endpoint: Endpoint,
  { headers, body }: PostRequest,
  { agent, signal }: { readonly agent: HostAgent; readonly signal: AbortSignal },
): Promise<PostAnswer> {
  signal.throwIfAborted();
  const { host, port, path } = endpoint;
  const { promise, resolve, reject } = Promise.withResolvers<PostAnswer>();
  const outgoing = request({ agent, method: "POST", host, port, path, headers });
  const stop = () => outgoing.destroy(new Error("Request was stopped"));
  signal.addEventListener("abort", stop, { once: true });
  let read: (() => PostAnswer) | undefined;
  let failure: unknown = new Error("Connection ended without an answer");
  outgoing.once("response", (incoming) => read = readAnswer(incoming));
  outgoing.on("error", (error) => failure = error);
  // Only then is the connection free for the next request, or gone.
  outgoing.once("close", () => {
    signal.removeEventListener("abort", stop);
    if (read !== undefined) resolve(read());
    else reject(signal.aborted ? signal.reason : failure);
  });
  outgoing.end(body);
  return promise;
}

/** Reads an answer; what it answers tells what has come of it. Its status is all that counts. */
function readAnswer(incoming: IncomingMessage): () => PostAnswer {
  const chunks: Buffer[] = [];
  let bytes = 0;
  incoming.on("data", (chunk: Buffer) => {
    if (bytes < TEXT_BYTES_MAX) chunks.push(chunk.subarray(0, TEXT_BYTES_MAX - bytes));
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES_MAX) incoming.destroy();
  });
  // Where the body ends early its status has come all the same.
  incoming.on("error", () => {});
  const { statusCode = 0, headers } = incoming;
  return () => ({
    status: statusCode,
    retryAfter: headers["retry-after"],
    text: Buffer.concat(chunks).toString("latin1"),
  });
}

/** A lookup as connections have it, of addresses that somebody else answers. */
function lookupBy(resolve: ResolveHost): LookupFunction {
  return (host, { all }, callback) => {
    const answer = (addresses: readonly string[]) => {
      const found = addresses.map((address) => ({ address, family: isIP(address) }))
        .filter(({ family }) => family !== 0);
      const [first] = found;
      if (first === undefined) callback(notFound(), []);
      else if (all) callback(null, found);
      else callback(null, first.address, first.family);
    };
    resolve(host).then(answer, (error) => callback(error, []));
  };
}

/** What DNS has for a host without addresses. */
function notFound(): Error {
  return Object.assign(new Error("Host has no address"), { code: "ENOTFOUND" });
}
