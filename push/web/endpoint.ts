/**
 * The endpoint of a Web Push subscription: a URL that a client gave, to which the server then sends
 * requests. So it is a way to make the server speak to machines that only the server reaches
 * (server-side request forgery), and is looked at before anything is sent.
 *
 * @module
 */
import { isIP } from "node:net";
import { isPublicAddress } from "./public_address.ts";

/** Where requests go. */
export interface Endpoint {
  /** Scheme, host and port (RFC 6454): what a VAPID token is for. */
  readonly origin: string;
  /** The host as a connection wants it: a name, or an address without brackets. */
  readonly host: string;
  readonly port: number;
  /** Path and query. */
  readonly path: string;
  /** Whether the origin is allowed by its name, wherever that leads. */
  readonly isAllowed: boolean;
}

/** An endpoint to which nothing is sent. Its message may be told: it holds nothing of the endpoint. */
export class EndpointError extends Error {
  override readonly name = "EndpointError";
}

const HTTPS_PORT = 443;

/**
 * Reads an endpoint. The parser of URLs has the one form of an address for all the ways to write it
 * (`127.1`, `0x7f000001`), so none passes in disguise.
 *
 * @param text what the client gave
 * @param allowOrigins origins that need not be public, as `URL.origin` has them
 * @throws {EndpointError} it is no https URL, holds a user or password, or has an address for its
 *   host that is not public
 */
export function readEndpoint(text: string, allowOrigins: ReadonlySet<string>): Endpoint {
  const url = URL.parse(text);
  if (url?.protocol !== "https:") throw new EndpointError("Endpoint must be an https URL");
  if (url.username !== "" || url.password !== "") {
    throw new EndpointError("Endpoint must not hold a user or password");
  }
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const isAllowed = allowOrigins.has(url.origin);
  if (!isAllowed && isIP(host) !== 0) assertPublic([host]);
  return {
    origin: url.origin,
    host,
    port: url.port === "" ? HTTPS_PORT : Number(url.port),
    path: `${url.pathname}${url.search}`,
    isAllowed,
  };
}

/**
 * Refuses a host of which a single address is not public: whichever of them were taken, the name
 * leads where it must not.
 *
 * @throws {EndpointError} one of them is not public
 */
export function assertPublic(addresses: readonly string[]): void {
  if (addresses.every(isPublicAddress)) return;
  throw new EndpointError("Endpoint must have a public host: an address of it is not");
}
