/**
 * Requests and responses of `node:http` as those of the web, so that one handler serves both
 * listeners.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from "node:http";

/** RFC 9110 §7.2 and RFC 3986 §3.2.2, without user information: what a URL may hold as its host. */
const HOST = /^[A-Za-z0-9._~!$&'()*+,;=%-]+(:\d{1,5})?$|^\[[0-9A-Fa-f:.]+\](:\d{1,5})?$/;

/** What a message says before its body. */
export interface RequestHead {
  /** Whole, with the host that the client named. */
  readonly url: URL;
  /** Those that came more than once are joined. */
  readonly headers: Headers;
}

/** Reads what a message says before its body; null where it makes no URL or no headers. */
export function readHead(message: IncomingMessage): RequestHead | null {
  const url = readUrl(message);
  if (url === null) return null;
  const headers = new Headers();
  const { rawHeaders } = message;
  try {
    for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
      headers.append(rawHeaders[i] ?? "", rawHeaders[i + 1] ?? "");
    }
  } catch {
    return null;
  }
  return { url, headers };
}

/**
 * Makes the request of a message, with its body as a stream that is read no faster than asked.
 *
 * @param message the message; nothing else may read it
 * @param head what it says before its body
 * @param signal aborted when the client has left
 * @returns null where no request may have this method
 */
export function toRequest(
  message: IncomingMessage,
  { url, headers }: RequestHead,
  signal: AbortSignal,
): Request | null {
  const method = message.method ?? "GET";
  const hasBody = method !== "GET" && method !== "HEAD" &&
    (headers.has("content-length") || headers.has("transfer-encoding"));
  try {
    const body = hasBody ? { body: bodyOf(message), duplex: "half" as const } : {};
    return new Request(url, { method, headers, signal, ...body });
  } catch {
    return null;
  }
}

/**
 * Sends a response, no faster than the client takes it. A client that leaves cancels the body.
 *
 * @throws whatever the body throws; the connection is cut then, for the status has gone
 */
export async function sendResponse(response: Response, outgoing: ServerResponse): Promise<void> {
  outgoing.statusCode = response.status;
  if (response.statusText !== "") outgoing.statusMessage = response.statusText;
  for (const [name, value] of response.headers) outgoing.appendHeader(name, value);
  const message = outgoing.req;
  // What is left of an unread body is not worth a further request on this connection.
  if (!message.complete) outgoing.shouldKeepAlive = false;
  if (response.body === null || message.method === "HEAD") {
    await response.body?.cancel();
    outgoing.end();
  } else {
    await sendBody(response.body, outgoing);
  }
  message.resume();
}

async function sendBody(
  body: ReadableStream<Uint8Array>,
  outgoing: ServerResponse,
): Promise<void> {
  const reader = body.getReader();
  const leave = () => {
    if (!outgoing.writableFinished) reader.cancel().catch(() => {});
  };
  outgoing.once("close", leave);
  if (outgoing.destroyed) leave();
  try {
    // One chunk is held back: a body of one chunk goes with its length.
    let { value: held } = await reader.read();
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      if (!outgoing.write(held)) await drained(outgoing);
      held = next.value;
    }
    outgoing.end(held);
  } catch (error) {
    outgoing.destroy();
    throw error;
  }
}

/** Resolves when more can be written, or nothing can any more. */
function drained(outgoing: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      outgoing.off("drain", done);
      outgoing.off("close", done);
      resolve();
    };
    outgoing.once("drain", done);
    outgoing.once("close", done);
    if (outgoing.destroyed) done();
  });
}

function bodyOf(message: IncomingMessage): ReadableStream<Uint8Array> {
  let isCancelled = false;
  return new ReadableStream<Uint8Array>({
    start(controller) {
      message.on("data", (chunk: Uint8Array) => {
        if (isCancelled) return;
        controller.enqueue(chunk);
        if ((controller.desiredSize ?? 0) <= 0) message.pause();
      });
      message.once("end", () => isCancelled || controller.close());
      message.once("error", (error) => isCancelled || controller.error(error));
      message.pause();
    },
    pull() {
      message.resume();
    },
    cancel() {
      isCancelled = true;
      message.resume();
    },
  });
}

/** The URL of a request (RFC 9112 §3.2), or null where its target or host is not valid. */
function readUrl(message: IncomingMessage): URL | null {
  const target = message.url ?? "";
  if (/^https?:\/\//i.test(target)) return URL.parse(target);
  if (target !== "*" && !target.startsWith("/")) return null;
  const host = message.headers.host ?? message.socket.localAddress ?? "";
  if (!HOST.test(host)) return null;
  return URL.parse(`http://${host}${target === "*" ? "/*" : target}`);
}
