/**
 * The certificates of the services that Titan reaches.
 *
 * @module
 */
import { isIP } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import type { Clock } from "../../clock.ts";
import { type Finding, ok, skipped, warn, wrong } from "./finding.ts";

/** How long a handshake may take, in milliseconds. */
const HANDSHAKE_MS_MAX = 5000;

/** A certificate is renewed weeks before its end: whose is not may have been forgotten. */
const LEFT_MS_MIN = 7 * 24 * 3600 * 1000;

/** Codes that say that the other side is not whom its certificate should make it. */
const TRUST = /CERT|SIGNATURE|ISSUER|TLS|SSL/;

/** Codes of errors are words in capitals. */
const CODE = /^[A-Z][A-Z0-9_]{2,60}$/;

/** Shows the certificate of a host to whoever wants to trust it, and says when it ends. */
export async function checkCertificate(url: URL, clock: Clock): Promise<Finding> {
  const check = `certificate of ${url.host}`;
  const socket = open(url);
  try {
    const until = await expiryOf(socket, clock);
    const end = new Date(until).toISOString().slice(0, 10);
    if (until - clock.now() > LEFT_MS_MIN) return ok(check, `Trusted, valid until ${end}`);
    return warn(check, `It ends on ${end}`, "Whoever runs that host should renew it");
  } catch (error) {
    const code = codeOf(error);
    if (!TRUST.test(code)) return skipped(check, `No answer came: ${code}`);
    const advice = "Look at the clock, and at what stands between; DENO_CERT names a CA to trust";
    return wrong(check, `It is not trusted: ${code}`, advice);
  } finally {
    socket.destroy();
  }
}

function open({ hostname, port }: URL): TLSSocket {
  const host = hostname.replace(/^\[|\]$/g, "");
  return connect({
    host,
    port: port === "" ? 443 : Number(port),
    ALPNProtocols: ["h2", "http/1.1"],
    // No name may be an address (RFC 6066 §3).
    ...(isIP(host) === 0 ? { servername: host } : {}),
  });
}

/** When the certificate ends, in milliseconds since 1970. @throws {Error} the handshake failed */
async function expiryOf(socket: TLSSocket, clock: Clock): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const late = Object.assign(new Error("Handshake takes too long"), { code: "ETIMEDOUT" });
  const cancel = clock.after(HANDSHAKE_MS_MAX, () => reject(late));
  try {
    socket.once("secureConnect", () => resolve());
    // It stays: what comes after the handshake is of no interest.
    socket.on("error", reject);
    await promise;
    return Date.parse(socket.getPeerCertificate().valid_to);
  } finally {
    cancel();
  }
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return CODE.test(code) ? code : "unknown fault";
}
