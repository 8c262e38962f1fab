/**
 * The request side of the opening handshake (RFC 6455 §4.2.1), for both listeners: they take and
 * refuse the same requests.
 *
 * @module
 */

/** 16 bytes in Base64. */
const KEY = /^[A-Za-z0-9+/]{22}==$/;

/** RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** What the headers of a request are read by. */
export type HeaderReader = Pick<Headers, "get">;

/**
 * Whether a request asks to become a WebSocket, well-formed or not. One that asks for something
 * else, such as `h2c`, is plain HTTP (RFC 9110 §7.8).
 */
export function wantsWebSocket(headers: HeaderReader): boolean {
  const protocol = headers.get("upgrade");
  if (protocol === null) return false;
  return lists(protocol, "websocket") && lists(headers.get("connection") ?? "", "upgrade");
}

/** The answer to a request that asks for a WebSocket but must not get one; null where it may. */
export function refuseMalformed(method: string, headers: HeaderReader): Response | null {
  if (headers.get("sec-websocket-version") !== "13") {
    const version = { "sec-websocket-version": "13" };
    return new Response("WebSocket version is not 13\n", { status: 426, headers: version });
  }
  if (method !== "GET") return malformed("method is not GET");
  if (!KEY.test(headers.get("sec-websocket-key") ?? "")) return malformed("key is not valid");
  const names = headers.get("sec-websocket-protocol")?.split(",").map((name) => name.trim()) ?? [];
  if (!names.every((name) => TOKEN.test(name)) || new Set(names).size < names.length) {
    return malformed("subprotocols are not valid");
  }
  return null;
}

function malformed(why: string): Response {
  return new Response(`WebSocket handshake is malformed: ${why}\n`, { status: 400 });
}

function lists(header: string, word: string): boolean {
  return header.toLowerCase().split(",").some((part) => part.trim() === word);
}

/**
 * Makes sure that a subprotocol may be confirmed: a client fails the connection otherwise.
 *
 * @throws {TypeError} the client did not offer it
 */
export function assertOffered(headers: HeaderReader, protocol: string): void {
  const offered = headers.get("sec-websocket-protocol") ?? "";
  if (offered.split(",").some((name) => name.trim() === protocol)) return;
  throw new TypeError(`Cannot confirm subprotocol "${protocol}": the client did not offer it`);
}
