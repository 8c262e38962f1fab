/**
 * The envelope: JSON-RPC 2.0 in both directions, read from text and written to text. Nothing here
 * knows a method.
 *
 * Where the ancestors' clients are looser than the specification, so is this: `jsonrpc` may be
 * missing, and a `null` for `params` or `error` counts as missing.
 *
 * @module
 */
import { BATCH_REQUESTS_MAX, JSON_DEPTH_MAX, REQUEST_ID_CHARS_MAX } from "../limits.ts";
import { RpcError } from "./rpc_error.ts";

/** The id of a request (JSON-RPC 2.0 §4). */
export type RequestId = string | number | null;

/** A call that wants an answer (JSON-RPC 2.0 §4). */
export interface Request {
  readonly kind: "request";
  readonly id: RequestId;
  readonly method: string;
  /** An array, an object, or undefined. */
  readonly params: unknown;
}

/** A call that wants none, whatever becomes of it (JSON-RPC 2.0 §4.1). */
export interface Notification {
  readonly kind: "notification";
  readonly method: string;
  /** An array, an object, or undefined. */
  readonly params: unknown;
}

/** What the peer made of a request of ours. */
export type Reply = { readonly result: unknown } | { readonly error: unknown };

/** The peer's answer to a request of ours (JSON-RPC 2.0 §5). */
export type Response = Reply & {
  readonly kind: "response";
  /** Null where the peer could not tell which request it is about. */
  readonly id: RequestId;
};

/** Something that is none of these, and the error that answers it. */
export interface Invalid {
  readonly kind: "invalid";
  /** Null where no id could be made out (JSON-RPC 2.0 §5). */
  readonly id: RequestId;
  readonly error: RpcError;
}

/** One thing a peer says. */
export type Message = Request | Notification | Response | Invalid;

/** Several at once (JSON-RPC 2.0 §6): at least one, at most `BATCH_REQUESTS_MAX`. */
export interface Batch {
  readonly kind: "batch";
  readonly messages: readonly Message[];
}

/** What one frame says. */
export type Frame = Message | Batch;

/**
 * Reads a frame. It never throws: what cannot be read is an {@linkcode Invalid}.
 *
 * @param text a frame of at most `FRAME_BYTES_MAX`
 * @returns what it says
 */
export function parseFrame(text: string): Frame {
  return parseAck(text) ?? parseAny(text);
}

const ACK_HEAD = '{"jsonrpc":"2.0","id":"';
const ACK_TAIL = '","result":"ACK"}';

/** Every delivery is answered by this text, so it is told from others without the parser. */
function parseAck(text: string): Response | undefined {
  if (!text.endsWith(ACK_TAIL) || !text.startsWith(ACK_HEAD)) return undefined;
  const id = text.slice(ACK_HEAD.length, -ACK_TAIL.length);
  return PLAIN_ID.test(id) ? { kind: "response", id, result: "ACK" } : undefined;
}

/** An id of ours, or one like it; there is nothing in it to unescape. */
const PLAIN_ID = /^[a-z0-9]{1,16}$/;

function parseAny(text: string): Frame {
  if (isTooDeep(text)) {
    const detail = `JSON is nested deeper than ${JSON_DEPTH_MAX} levels`;
    return invalid(null, new RpcError("too_large", { detail, limit: JSON_DEPTH_MAX }));
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // JSON-RPC 2.0 §5: the id is null where it could not be detected.
    return invalid(null, new RpcError("parse_error"));
  }
  return Array.isArray(value) ? parseBatch(value) : parseMessage(value);
}

function parseBatch(values: readonly unknown[]): Frame {
  // JSON-RPC 2.0 §6: an empty array is answered by one error, not by an array.
  if (values.length === 0) return invalidRequest(null, "A batch must hold at least one request");
  if (values.length > BATCH_REQUESTS_MAX) {
    const detail = `A batch holds at most ${BATCH_REQUESTS_MAX} requests`;
    return invalid(null, new RpcError("too_large", { detail, limit: BATCH_REQUESTS_MAX }));
  }
  return { kind: "batch", messages: values.map(parseMessage) };
}

function parseMessage(value: unknown): Message {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return invalidRequest(null, "A request must be an object");
  }
  // JSON.parse gives own members only, `__proto__` included, so nothing but what the peer wrote
  // can be read under these names.
  const { jsonrpc, id, method, params, result, error } = value as Readonly<Record<string, unknown>>;
  if (id !== undefined && !isRequestId(id)) {
    return invalidRequest(null, ID_ALLOWED);
  }
  if (jsonrpc !== undefined && jsonrpc !== "2.0") {
    return invalidRequest(id, 'The member "jsonrpc" must be "2.0"');
  }
  if (method === undefined && id !== undefined) {
    // An error wins over a result beside it: the safe reading leaves a message unacknowledged.
    if (error !== undefined && error !== null) return { kind: "response", id, error };
    if (result !== undefined) return { kind: "response", id, result };
  }
  if (typeof method !== "string") return invalidRequest(id, "The method must be a string");
  // JSON-RPC 2.0 §4.2: params must be structured.
  if (typeof params !== "object" && params !== undefined) {
    return invalidRequest(id, "The params must be an array or an object");
  }
  const given = params ?? undefined;
  if (id === undefined) return { kind: "notification", method, params: given };
  return { kind: "request", id, method, params: given };
}

const ID_ALLOWED = `The id must be a string of at most ${REQUEST_ID_CHARS_MAX} characters, ` +
  `a number from ${Number.MIN_SAFE_INTEGER} to ${Number.MAX_SAFE_INTEGER}, or null`;

function isRequestId(id: unknown): id is RequestId {
  if (typeof id === "string") return id.length <= REQUEST_ID_CHARS_MAX;
  // A number that does not survive reading and writing would be answered under another id.
  if (typeof id === "number") return Math.abs(id) <= Number.MAX_SAFE_INTEGER;
  return id === null;
}

function invalidRequest(id: RequestId | undefined, reason: string): Invalid {
  return invalid(id ?? null, new RpcError("invalid_request", { reason }));
}

function invalid(id: RequestId, error: RpcError): Invalid {
  return { kind: "invalid", id, error };
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** Brackets and braces differ in this bit alone, so that with it set two comparisons find all. */
const BRACE_BIT = 0x20;
const OPENER = 0x7b;
const CLOSER = 0x7d;

/** A deep frame of 256 KiB keeps the parser busy for 18 ms; an honest one is told by its brackets. */
function isTooDeep(text: string): boolean {
  return hasManyOpeners(text) && depthOf(text) > JSON_DEPTH_MAX;
}

/** Whether there are more opening brackets than may be nested: 60 ns for a message of 200 bytes. */
function hasManyOpeners(text: string): boolean {
  let room = JSON_DEPTH_MAX;
  for (const opener of ["[", "{"]) {
    for (let at = text.indexOf(opener); at >= 0; at = text.indexOf(opener, at + 1)) {
      if (--room < 0) return true;
    }
  }
  return false;
}

/** The deepest nesting of brackets outside strings; exact for every text that is JSON. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (char === QUOTE) quoted = !quoted;
    else if (quoted) at += char === BACKSLASH ? 1 : 0;
    else if ((char | BRACE_BIT) === OPENER) deepest = Math.max(deepest, ++depth);
    else if ((char | BRACE_BIT) === CLOSER) depth--;
  }
  return deepest;
}

/**
 * Writes the answer to a request that succeeded.
 *
 * @param id the id of the request
 * @param result the result as JSON text, so that what is text already is not written twice
 */
export function resultFrame(id: RequestId, result: string): string {
  return `{"jsonrpc":"2.0","id":${idText(id)},"result":${result}}`;
}

/**
 * Writes the answer to a request that failed.
 *
 * @param id the id of the request, null where it could not be made out
 * @param error what went wrong
 */
export function errorFrame(id: RequestId, error: RpcError): string {
  return `{"jsonrpc":"2.0","id":${idText(id)},"error":${JSON.stringify(error)}}`;
}

/**
 * Writes a request of ours, or a notification where there is no id.
 *
 * @param method the name of a method, which needs no escaping
 * @param params the params as JSON text, where there are any
 * @param id the id, which needs no escaping
 */
export function callFrame(method: string, params?: string, id?: string): string {
  const head = id === undefined ? '{"jsonrpc":"2.0"' : `{"jsonrpc":"2.0","id":"${id}"`;
  const tail = params === undefined ? "}" : `,"params":${params}}`;
  return `${head},"method":"${method}"${tail}`;
}

function idText(id: RequestId): string {
  return typeof id === "string" ? JSON.stringify(id) : String(id);
}
