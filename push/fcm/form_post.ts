/**
 * One HTTP request to a token endpoint.
 *
 * @module
 */
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { abortable } from "./abortable.ts";
import { OriginAgent } from "./origin_agent.ts";
import type { Connect } from "./tls_connection.ts";

/** What a server answered. */
export interface FormReply {
  readonly status: number;
  /** Its `Retry-After`. */
  readonly retryAfter: string | undefined;
  readonly body: string;
}

/** What {@linkcode postForm} needs besides where and what. */
export interface FormPostOptions {
  readonly connect: Connect;
  /** Ends the request. */
  readonly signal: AbortSignal;
}

/** What is read of an answer, in bytes: tokens are at most a few KiB long. */
const BODY_BYTES_MAX = 64 * 1024;

/**
 * Posts a form, on a connection of its own: there is one such request an hour.
 *
 * @throws what the connection threw, or why the signal ended the request
 */
export async function postForm(
  url: URL,
  form: URLSearchParams,
  { connect, signal }: FormPostOptions,
): Promise<FormReply> {
  signal.throwIfAborted();
  const agent = new OriginAgent(url, connect, { keepAlive: false });
  try {
    return await abortable(exchange(url, form, agent), signal);
  } finally {
    await agent.end();
  }
}

async function exchange(url: URL, form: URLSearchParams, agent: OriginAgent): Promise<FormReply> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  const sent = request(url, { method: "POST", agent, headers }, resolve);
  // Stays for what may still go wrong when the answer has begun.
  sent.on("error", reject);
  sent.end(form.toString());
  const reply = await promise;
  return {
    status: reply.statusCode ?? 0,
    retryAfter: reply.headers["retry-after"],
    body: await readBody(reply),
  };
}

/** Reads a body to its end. @throws {Error} it is cut off, or too long */
async function readBody(reply: IncomingMessage): Promise<string> {
  const decoder = new TextDecoder();
  let [body, bytes] = ["", 0];
  for await (const chunk of reply) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) throw new Error("Cannot read the answer: it is too long");
    body += decoder.decode(chunk, { stream: true });
  }
  if (!reply.complete) throw new Error("Cannot read the answer: it is cut off");
  return body + decoder.decode();
}
