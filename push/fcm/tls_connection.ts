/**
 * How connections to Google are opened.
 *
 * @module
 */
import { isIP, type Socket } from "node:net";
import { connect } from "node:tls";

/** Opens a connection to a host. What goes wrong is told by the socket's `error`. */
export type Connect = (host: string, port: number) => Socket;

/**
 * Opens a TLS connection by Deno's certificate settings: its own roots or the system's
 * (`DENO_TLS_CA_STORE`), and those of `DENO_CERT`.
 *
 * It is not left to `node:https`, since that wants to read the machine's certificates by itself
 * where `NODE_EXTRA_CA_CERTS` is set, for which the server has no permission.
 *
 * @param ca to be trusted in place of these, in PEM
 */
export function connectTls(host: string, port: number, ca?: string): Socket {
  return connect({
    host,
    port,
    // A name only: RFC 6066 §3 has no addresses in SNI.
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(ca === undefined ? {} : { ca: [ca] }),
    ALPNProtocols: ["http/1.1"],
  });
}
