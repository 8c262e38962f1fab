/**
 * What the server says of itself by HTTP, to whoever runs it.
 *
 * @module
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { debugVars } from "./debug_vars.ts";
import type { Health } from "./health.ts";
import type { MetricSources } from "./metrics.ts";
import { Prometheus } from "./prometheus.ts";

/** Seconds after which whoever asked may ask again. */
const RETRY_SECONDS = 5;

/** Pages that everybody may see, and those that say more. */
const OPEN: ReadonlySet<string> = new Set(["/healthz", "/readyz"]);
const CLOSED: ReadonlySet<string> = new Set(["/metrics", "/debug/vars"]);

/** What {@linkcode StatusPages} are made of. */
export interface StatusParts {
  /** What `/readyz` asks. */
  readonly health: Health;
  /** What figures are read from. */
  readonly sources: MetricSources;
  /** What opens the closed pages to strangers; undefined: nothing does. */
  readonly token?: string | undefined;
}

/** Who asks: by the listener for operators, or from outside with what their request brought. */
export type Asker = "operator" | Headers;

/** Answers questions about the server. */
export class StatusPages {
  readonly #parts: StatusParts;
  readonly #prometheus: Prometheus;

  /** Answers from what others know. */
  constructor(parts: StatusParts) {
    this.#parts = parts;
    this.#prometheus = new Prometheus(parts.sources);
  }

  /** Whether a path is one of a page that this asker may know of. */
  has(path: string, asker: Asker): boolean {
    if (OPEN.has(path)) return true;
    return CLOSED.has(path) && (asker === "operator" || this.#parts.token !== undefined);
  }

  /** Answers a `GET` or `HEAD` of a page. */
  async answer(path: string, asker: Asker): Promise<Response> {
    if (path === "/healthz") return page(200, "ok\n");
    if (path === "/readyz") return await this.#readiness();
    if (asker !== "operator" && !this.#opens(asker)) return unauthorized();
    if (path === "/debug/vars") {
      const text = JSON.stringify(debugVars(this.#parts.sources), null, 1);
      return page(200, `${text}\n`, "application/json");
    }
    const { text, type } = await this.#prometheus.read();
    return page(200, text, type);
  }

  async #readiness(): Promise<Response> {
    const reason = await this.#parts.health.unready();
    if (reason === null) return page(200, "ready\n");
    const response = page(503, `not ready: ${reason}\n`);
    response.headers.set("retry-after", `${RETRY_SECONDS}`);
    return response;
  }

  /** Compares in a time that does not depend on how much is right (RFC 6750 §2.1). */
  #opens(headers: Headers): boolean {
    const [, token = ""] = /^Bearer +(\S+) *$/i.exec(headers.get("authorization") ?? "") ?? [];
    return timingSafeEqual(digest(token), digest(this.#parts.token ?? ""));
  }
}

/** Of equal length, whatever was given. */
function digest(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}

/** Whoever asks wants to know how it is now. */
function page(status: number, text: string, type = "text/plain;charset=UTF-8"): Response {
  const headers = { "cache-control": "no-store", "content-type": type };
  return new Response(text, { status, headers });
}

function unauthorized(): Response {
  const headers = { "www-authenticate": "Bearer", "cache-control": "no-store" };
  return new Response("Token is not valid\n", { status: 401, headers });
}
