/**
 * Answers to HTTP requests.
 *
 * @module
 */

/** Seconds after which a client that found the server crowded should come back. */
const CROWDED_RETRY_SECONDS = 10;

/** Seconds after which somebody else may be there. */
const DRAINING_RETRY_SECONDS = 2;

/** The public key for a page of whatever origin; it is no secret. A page must not keep an old one. */
export function publicKey(key: string | undefined): Response {
  const headers = { "access-control-allow-origin": "*", "cache-control": "no-cache" };
  if (key !== undefined) return new Response(key, { headers });
  const text = "Web Push is not configured: no browser can be woken\n";
  return new Response(text, { status: 404, headers });
}

/** There are as many clients as there may be. */
export function crowded(): Response {
  const headers = { "retry-after": String(CROWDED_RETRY_SECONDS) };
  return new Response("Too many connections\n", { status: 503, headers });
}

/** Another server, or the next life of this one, takes whoever comes back. */
export function draining(): Response {
  const headers = { "retry-after": String(DRAINING_RETRY_SECONDS) };
  return new Response("Server is stopping\n", { status: 503, headers });
}

/** The server has more to do than it can; another one may have less. */
export function overloaded(): Response {
  const headers = { "retry-after": String(CROWDED_RETRY_SECONDS) };
  return new Response("Too much to do\n", { status: 503, headers });
}

/** The path has no such method. */
export function notAllowed(allow: string): Response {
  return new Response("Method not allowed\n", { status: 405, headers: { allow } });
}

/** A short text. */
export function plain(status: number, text: string): Response {
  return new Response(text, { status });
}

/** A frame, or what is like one. */
export function json(status: number, body: string, headers: Record<string, string> = {}): Response {
  const type = { "content-type": "application/json" };
  return new Response(body, { status, headers: { ...type, ...headers } });
}
